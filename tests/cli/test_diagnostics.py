"""The forms of diagnostics: colours, JSON lines, SARIF."""

import json
import os
import pty
import unittest

import cli

ESCAPE = "\x1b["


class Colors(cli.CliTest):
    def setUp(self):
        super().setUp()
        self.put("broken.flow", cli.BROKEN)

    def on_terminal(self, *arguments, **environment):
        """What a terminal shows."""
        leader, follower = pty.openpty()
        try:
            pid = os.posix_spawn(cli.COMPILER, [str(cli.COMPILER), *arguments, str(self.folder / "broken.flow")],
                                 {"TERM": "xterm", **cli.sanitizer_settings(), **environment},
                                 file_actions=[(os.POSIX_SPAWN_DUP2, follower, 2)])
            os.close(follower)
            follower = -1
            text = b""
            while True:
                try:
                    piece = os.read(leader, 65536)
                except OSError:  # the other side is closed
                    break
                if not piece:
                    break
                text += piece
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 1)
            return text.decode()
        finally:
            os.close(leader)
            if follower >= 0:
                os.close(follower)

    def test_a_terminal_has_colors(self):
        self.assertIn(ESCAPE, self.on_terminal("--check"))

    def test_no_color_is_respected(self):
        self.assertNotIn(ESCAPE, self.on_terminal("--check", NO_COLOR="1"))
        self.assertIn(ESCAPE, self.on_terminal("--check", NO_COLOR=""))

    def test_a_dumb_terminal_has_none(self):
        self.assertNotIn(ESCAPE, self.on_terminal("--check", TERM="dumb"))

    def test_the_option_wins(self):
        self.assertNotIn(ESCAPE, self.on_terminal("--check", "--color=never"))
        self.assertIn(ESCAPE, self.on_terminal("--check", "--color=always", NO_COLOR="1"))

    def test_a_pipe_has_none_unless_asked_for(self):
        self.assertNotIn(ESCAPE, self.run_compiler("--check", "broken.flow").err)
        self.assertIn(ESCAPE, self.run_compiler("--check", "--color=always", "broken.flow").err)

    def test_machines_get_none(self):
        for form in ["json", "sarif"]:
            result = self.run_compiler("--check", "--color=always", f"--diagnostics={form}", "broken.flow")
            self.assertNotIn(ESCAPE, result.err)


class Json(cli.CliTest):
    def test_each_line_is_an_object_with_place_and_code(self):
        self.put("broken.flow", cli.BROKEN)
        result = self.run_compiler("--check", "--diagnostics=json", "broken.flow")
        self.assertEqual(result.status, 1)
        entries = [json.loads(line) for line in result.err.splitlines()]
        self.assertTrue(entries)
        for entry in entries:
            self.assertLessEqual({"code", "severity", "family", "message", "file", "begin", "end"}, set(entry))
            self.assertEqual(entry["file"], "broken.flow")
            self.assertEqual((entry["severity"], entry["family"]), ("error", "syntax"))
            self.assertLessEqual({"line", "column", "offset"}, set(entry["begin"]))

    def test_clean_input_gives_no_line(self):
        self.put("hello.flow", cli.HELLO)
        self.compile_ok("--check", "--diagnostics=json", "hello.flow")

    def test_failures_of_the_environment_are_objects_too(self):
        result = self.run_compiler("--diagnostics=json", "nowhere.flow")
        self.assertEqual(result.status, 2)
        entry = json.loads(result.err)
        self.assertEqual((entry["code"], entry["family"]), ("unreadable-file", "driver"))
        self.assertNotIn("file", entry)


class Sarif(cli.CliTest):
    def log(self, *arguments, status):
        result = self.run_compiler("--diagnostics=sarif", *arguments)
        self.assertEqual(result.status, status)
        return json.loads(result.err)

    def test_a_log_has_what_the_standard_requires(self):
        self.put("broken.flow", cli.BROKEN)
        log = self.log("--check", "broken.flow", status=1)
        self.assertEqual(log["version"], "2.1.0")
        self.assertIn("sarif", log["$schema"])
        (run,) = log["runs"]
        driver = run["tool"]["driver"]
        self.assertEqual(driver["name"], "zerver-compile")
        rules = [rule["id"] for rule in driver["rules"]]
        self.assertEqual(len(rules), len(set(rules)))
        self.assertTrue(run["results"])
        for entry in run["results"]:
            self.assertIn(entry["ruleId"], rules)
            self.assertEqual(rules[entry["ruleIndex"]], entry["ruleId"])
            self.assertEqual(entry["level"], "error")
            self.assertTrue(entry["message"]["text"])
            place = entry["locations"][0]["physicalLocation"]
            self.assertEqual(place["artifactLocation"]["uri"], "broken.flow")
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            self.assertGreaterEqual(place["region"]["startColumn"], 1)

    def test_clean_input_gives_a_log_without_results(self):
        self.put("hello.flow", cli.HELLO)
        log = self.log("--check", "hello.flow", status=0)
        self.assertEqual(log["runs"][0]["results"], [])

    def test_a_failed_write_is_in_the_same_log(self):
        self.put("hello.flow", cli.HELLO)
        log = self.log("hello.flow", "--depfile", "/dev/full", "-o", "out", status=2)
        (entry,) = log["runs"][0]["results"]
        self.assertEqual(entry["ruleId"], "unwritable-file")


if __name__ == "__main__":
    unittest.main()
