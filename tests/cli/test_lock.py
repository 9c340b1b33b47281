"""The lock file: written, compared, accepted, and left alone."""

import os
import unittest

import cli

NOTES = """\
package notes;

struct Note { id: i64; title: string; }
slots { id: i64; note: Note; }
step read_id -> id = request.path.id;
step load(id) -> note;
flow show on GET "/notes/{id}" public { read_id; load; return 200 note; }
"""
SAFER = NOTES.replace("title: string;", "title: string; text: string?;")
MIGRATED = NOTES.replace("step load(id)", "step load_note(id)").replace("; load;", "; load_note;")
BROKEN = NOTES.replace("title: string;", "")


class Lock(cli.CliTest):
    def setUp(self):
        super().setUp()
        self.put("notes.flow", NOTES)
        self.put("old.flow", NOTES)
        self.run_compiler("old.flow", "--lock", "notes.lock")
        (self.folder / "old.flow").unlink()
        self.path = self.folder / "notes.lock"
        self.old = self.path.read_text()

    def lock(self, *arguments):
        return self.run_compiler("notes.flow", "--lock", "notes.lock", *arguments)

    def test_a_new_one_is_written_and_nothing_else(self):
        self.path.unlink()
        result = self.lock()
        self.assertEqual((result.status, result.out), (0, ""))
        self.assertIn("note[lock-updated]: wrote `notes.lock`: it is new", result.err)
        self.assertEqual(self.listing(), ["notes.flow", "notes.lock"])
        self.assertEqual(self.path.read_text(), self.old)

    def test_a_current_one_is_left_alone(self):
        before = self.path.stat().st_mtime_ns
        self.compile_ok("notes.flow", "--lock", "notes.lock")
        self.compile_ok("notes.flow", "--lock", "notes.lock", "--check")
        self.assertEqual(self.path.stat().st_mtime_ns, before)

    def test_a_safe_change_is_written_and_listed(self):
        self.put("notes.flow", SAFER)
        result = self.lock()
        self.assertEqual(result.status, 0)
        self.assertIn("safe: field `text` of `notes.Note` is new (answer-field-added)", result.err)
        self.assertIn("  field text type=string optional\n", self.path.read_text())

    def test_check_writes_nothing_and_asks_for_a_current_one(self):
        self.put("notes.flow", SAFER)
        result = self.lock("--check")
        self.assertEqual(result.status, 1)
        self.assertIn("error[outdated-lock]: the lock file `notes.lock` is not current", result.err)
        self.assertIn("answer-field-added", result.err)
        self.assertEqual(self.path.read_text(), self.old)
        self.path.unlink()
        result = self.lock("--check")
        self.assertEqual(result.status, 1)
        self.assertIn("error[outdated-lock]: the lock file `notes.lock` does not exist", result.err)
        self.assertFalse(self.path.exists())

    def test_other_changes_are_accepted_by_class(self):
        for text, least in [(MIGRATED, "migrate"), (BROKEN, "breaking")]:
            with self.subTest(least):
                self.path.write_text(self.old)
                self.put("notes.flow", text)
                for accepted in ["", "migrate", "breaking"]:
                    result = self.lock(*(["--lock-accept", accepted] if accepted else []))
                    is_written = result.status == 0
                    self.assertEqual(is_written, accepted >= least and accepted != "" if least == "migrate"
                                     else accepted == "breaking", result.err)
                    self.assertEqual(self.path.read_text() == self.old, not is_written)
                    if is_written:
                        self.assertIn(f"{least}: ", result.err)
                        break
                self.compile_ok("notes.flow", "--lock", "notes.lock", "--check")

    def test_code_is_generated_beside_it_when_asked(self):
        self.path.unlink()
        self.assertEqual(self.lock("--emit=cpp", "-o", "out").status, 0)
        self.assertEqual(self.listing(), ["notes.flow", "notes.lock", "out/notes.flow.cc", "out/notes.flow.h"])
        self.put("notes.flow", BROKEN)
        self.assertEqual(self.lock("--emit=cpp", "-o", "other").status, 1)
        self.assertFalse((self.folder / "other").exists())

    def test_a_mistake_in_the_program_comes_first(self):
        self.put("notes.flow", NOTES.replace("return 200 note;", "return 200 nothing;"))
        result = self.lock()
        self.assertEqual(result.status, 1)
        self.assertNotIn("lock", result.err)
        self.assertEqual(self.path.read_text(), self.old)

    def test_the_depfile_names_it(self):
        self.compile_ok("notes.flow", "--lock", "notes.lock", "--emit=cpp", "-o", "out", "--depfile", "notes.d")
        rule = (self.folder / "notes.d").read_text()
        self.assertIn("notes.lock", rule.split(": ", 1)[1])
        self.assertNotIn("notes.lock", rule.split(": ", 1)[0])

    def test_comments_and_line_ends_do_not_make_it_old(self):
        self.path.write_bytes(b"# ours\r\n" + self.old.replace("\n", "\r\n").encode())
        self.compile_ok("notes.flow", "--lock", "notes.lock", "--check")

    def test_a_merge_conflict_is_reported_with_its_line(self):
        self.path.write_text(self.old + "<<<<<<< ours\n")
        result = self.lock()
        self.assertEqual(result.status, 1)
        self.assertIn("error[bad-lock]: a merge conflict is left in the lock file", result.err)
        self.assertIn(f"notes.lock:{self.old.count(chr(10)) + 1}:1", result.err)

    def test_fix_writes_the_former_name(self):
        self.put("notes.flow", MIGRATED)
        result = self.lock("--fix")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn('@was("load") step load_note(id)', (self.folder / "notes.flow").read_text())
        self.assertEqual(self.path.read_text(), self.old)
        result = self.lock()
        self.assertIn("safe: step `notes.load_note` was `notes.load` (renamed)", result.err)
        self.compile_ok("notes.flow", "--lock", "notes.lock", "--check")

    def test_fix_replaces_an_older_former_name(self):
        self.put("notes.flow", MIGRATED.replace("step load_note", '@was("fetch") step load_note'))
        result = self.lock("--fix")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn('\n@was("load") step load_note(id)', (self.folder / "notes.flow").read_text())

    def test_what_cannot_be_read_or_written_is_no_verdict(self):
        self.path.unlink()
        self.path.mkdir()
        result = self.lock()
        self.assertEqual(result.status, 2)
        self.assertIn("error[unreadable-file]", result.err)
        if os.path.exists("/dev/full"):
            full = self.run_compiler("notes.flow", "--lock", "nowhere/notes.lock", "--depfile", "/dev/full")
            self.assertEqual(full.status, 2)
            self.assertFalse((self.folder / "nowhere").exists())

    def test_accepting_needs_a_lock_that_is_written(self):
        result = self.run_compiler("notes.flow", "--lock-accept=migrate")
        self.assertEqual(result.status, 2)
        self.assertIn("it belongs to `--lock FILE`", result.err)
        result = self.lock("--lock-accept=migrate", "--check")
        self.assertEqual(result.status, 2)
        self.assertIn("`--check` writes no file", result.err)
        self.assertEqual(self.lock("--lock-accept=all").status, 2)


if __name__ == "__main__":
    unittest.main()
