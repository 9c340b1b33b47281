"""`--fix`: repairs in place."""

import os
import stat
import unittest

import cli

TYPO = """\
package shop;

slots { name: string; }
step read_name -> name = request.path.name;

flow show on GET "/{name}" public {
  read_nam;
  return 200 nam as text
}
"""


class Fix(cli.CliTest):
    def test_repairs_in_rounds_until_nothing_is_left(self):
        path = self.put("shop.flow", TYPO)
        result = self.run_compiler("--fix", "shop.flow")
        self.assertEqual((result.status, result.err), (0, ""))
        # The missing `;` is repaired first: names are resolved only in a file that parses.
        self.assertEqual(sorted(result.out.splitlines()), [
            "shop.flow:7:3: fixed: write `read_name` [unknown-step]",
            "shop.flow:8:14: fixed: write `name` [unknown-slot]",
            "shop.flow:8:25: fixed: insert `;` [missing-token]",
        ])
        self.assertEqual(path.read_text(), TYPO.replace("read_nam;", "read_name;").replace("nam as text", "name as text;"))
        self.assertEqual(self.listing(), ["shop.flow"])

    def test_a_clean_file_is_not_touched(self):
        path = self.put("hello.flow", cli.HELLO)
        os.utime(path, (1, 1))
        result = self.run_compiler("--fix", "hello.flow")
        self.assertEqual((result.status, result.out, result.err), (0, "", ""))
        self.assertEqual(path.stat().st_mtime, 1)

    def test_what_no_fix_repairs_is_reported(self):
        self.put("shop.flow", TYPO.replace("request.path.name", "request.path.name + 1"))
        result = self.run_compiler("--fix", "shop.flow")
        self.assertEqual(result.status, 1)
        self.assertIn("fixed: write `read_name`", result.out)
        self.assertIn("error[", result.err)
        self.assertNotIn("unknown-step", result.err)

    def test_an_imported_file_is_left_alone(self):
        text = TYPO.replace("package shop", "package parts")
        imported = self.put("parts.flow", text)
        self.put("main.flow", "package main;\nimport parts;\n" + cli.HELLO.split("\n", 1)[1])
        result = self.run_compiler("--fix", "-I.", "main.flow")
        self.assertEqual(result.status, 1)
        self.assertIn("parts.flow:7:3", result.err)
        self.assertEqual(imported.read_text(), text)

    def test_permissions_and_links_are_kept(self):
        path = self.put("real/shop.flow", TYPO)
        path.chmod(0o640)
        link = self.folder / "shop.flow"
        link.symlink_to("real/shop.flow")
        self.assertEqual(self.run_compiler("--fix", "shop.flow").status, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
        self.assertIn("read_name;", path.read_text())

    def test_line_ends_and_a_byte_order_mark_are_kept(self):
        path = self.folder / "shop.flow"
        path.write_bytes(b"\xef\xbb\xbf" + TYPO.replace("\n", "\r\n").encode())
        self.assertEqual(self.run_compiler("--fix", "shop.flow").status, 0)
        text = path.read_bytes()
        self.assertTrue(text.startswith(b"\xef\xbb\xbfpackage"))
        self.assertEqual(text.count(b"\r\n"), text.count(b"\n"))
        self.assertIn(b"name as text;\r\n", text)

    def test_a_fix_of_a_warning_is_applied(self):
        path = self.put("hello.flow", "// zerver: allow(unused-slot): no longer\n" + cli.HELLO)
        self.assertEqual(self.run_compiler("--fix", "hello.flow").status, 0)
        self.assertNotIn("allow", path.read_text())

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_folder_that_cannot_be_written(self):
        path = self.put("locked/shop.flow", TYPO)
        path.parent.chmod(0o555)
        self.addCleanup(path.parent.chmod, 0o755)
        result = self.run_compiler("--fix", "locked/shop.flow")
        self.assertEqual(result.status, 2)
        self.assertIn("error[unwritable-file]", result.err)
        self.assertEqual(path.read_text(), TYPO)

    def test_standard_input_and_dumps_cannot_be_fixed(self):
        result = self.run_compiler("--fix", "-", stdin=TYPO)
        self.assertEqual(result.status, 2)
        self.assertIn("only a file can be repaired", result.err)
        self.put("hello.flow", cli.HELLO)
        self.assertEqual(self.run_compiler("--fix", "--dump=cfg", "hello.flow").status, 2)


if __name__ == "__main__":
    unittest.main()
