"""Files that are written, left alone, or removed again."""

import os
import pathlib
import resource
import shutil
import subprocess
import unittest

import cli


class Outputs(cli.CliTest):
    def setUp(self):
        super().setUp()
        self.put("hello.flow", cli.HELLO)

    def test_a_header_and_a_source_are_written(self):
        self.compile_ok("hello.flow", "-o", "out/deep")
        self.assertEqual(self.listing("out"), ["out/deep/hello.flow.cc", "out/deep/hello.flow.h"])

    def test_the_working_folder_is_the_default(self):
        self.compile_ok("hello.flow")
        self.assertEqual(self.listing(), ["hello.flow", "hello.flow.cc", "hello.flow.h"])

    def test_check_writes_nothing(self):
        self.compile_ok("--check", "hello.flow", "-o", "out", "--depfile", "hello.d", "--emit=cpp,main")
        self.assertEqual(self.listing(), ["hello.flow"])

    def test_a_main_serves_all_files(self):
        self.put("second.flow", cli.HELLO.replace("hello", "second"))
        self.compile_ok("hello.flow", "second.flow", "--emit=cpp,main", "-o", "out")
        self.assertEqual(self.listing("out"), ["out/hello.flow.cc", "out/hello.flow.h", "out/second.flow.cc",
                                               "out/second.flow.h", "out/zerver_main.cc"])

    def test_graphs_and_json_are_written(self):
        self.compile_ok("hello.flow", "--emit=dot,json,svg", "-o", "out")
        self.assertEqual(self.listing("out"), ["out/hello.flow.dot", "out/hello.flow.json",
                                               "out/hello.flow.svg", "out/hello.slots.dot"])

    def test_a_path_below_an_include_folder_is_kept(self):
        self.put("src/shop/cart.flow", cli.HELLO.replace("hello", "cart"))
        self.compile_ok("src/shop/cart.flow", "-I", "src", "-o", "out")
        self.assertEqual(self.listing("out"), ["out/shop/cart.flow.cc", "out/shop/cart.flow.h"])

    def test_two_files_may_not_generate_the_same_output(self):
        self.put("a/api.flow", cli.HELLO.replace("hello", "one"))
        self.put("b/api.flow", cli.HELLO.replace("hello", "two"))
        result = self.run_compiler("a/api.flow", "b/api.flow", "-o", "out")
        self.assertEqual(result.status, 2)
        self.assertIn("error[output-collision]: `a/api.flow` and `b/api.flow` would both generate `out/api.flow.h`",
                      result.err)
        self.assertFalse((self.folder / "out").exists())
        self.compile_ok("a/api.flow", "b/api.flow", "-I.", "-o", "out")

    def test_the_same_input_gives_the_same_bytes(self):
        self.compile_ok("hello.flow", "-o", "one", "--emit=cpp,main,dot,json")
        self.compile_ok("hello.flow", "-o", "two", "--emit=cpp,main,dot,json", "-j1")
        for name in self.listing("one"):
            self.assertEqual((self.folder / name).read_bytes(),
                             (self.folder / name.replace("one", "two", 1)).read_bytes(), name)

    def test_an_unchanged_file_is_not_touched(self):
        self.compile_ok("hello.flow", "-o", "out", "--depfile", "out/x.stamp.d")
        paths = [self.folder / name for name in self.listing("out")]
        for path in paths:
            os.utime(path, ns=(1, 1))
        self.compile_ok("hello.flow", "-o", "out", "--depfile", "out/x.stamp.d")
        self.assertEqual({path.stat().st_mtime_ns for path in paths}, {1})
        self.put("hello.flow", cli.HELLO.replace("Hello!", "Good day!"))
        self.compile_ok("hello.flow", "-o", "out", "--depfile", "out/x.stamp.d")
        self.assertEqual((self.folder / "out/hello.flow.h").stat().st_mtime_ns, 1)
        self.assertNotEqual((self.folder / "out/hello.flow.cc").stat().st_mtime_ns, 1)

    def test_errors_leave_the_files_of_the_last_run(self):
        self.compile_ok("hello.flow", "-o", "out")
        before = (self.folder / "out/hello.flow.h").read_bytes()
        self.put("hello.flow", cli.BROKEN)
        self.assertEqual(self.run_compiler("hello.flow", "-o", "out").status, 1)
        self.assertEqual((self.folder / "out/hello.flow.h").read_bytes(), before)

    def test_templates_are_replaced_and_watched(self):
        source = pathlib.Path(__file__).resolve().parents[2] / "templates"
        template = max(source.rglob("header.mustache"), key=lambda path: path.stat().st_size)
        replaced = self.folder / "mine" / template.relative_to(source)
        replaced.parent.mkdir(parents=True)
        replaced.write_text("// Mine.\n" + template.read_text())
        self.compile_ok("hello.flow", "--templates", "mine", "-o", "out", "--depfile", "out/x.stamp.d")
        self.assertTrue((self.folder / "out/hello.flow.h").read_text().startswith("// Mine.\n"))
        self.assertIn(f"mine/{template.relative_to(source)}", (self.folder / "out/x.stamp.d").read_text())

    def test_a_broken_template_is_a_matter_of_the_environment(self):
        self.put("mine/cpp/no_such_template.mustache", "text")
        result = self.run_compiler("hello.flow", "--templates", "mine", "-o", "out")
        self.assertEqual(result.status, 2)
        self.assertIn("error[invalid-template]: cannot use the templates: ", result.err)
        self.assertFalse((self.folder / "out").exists())


class Depfile(cli.CliTest):
    def test_every_file_read_is_named(self):
        self.put("lib/b.flow", "package b;\nimport c;\nscalar Id: i64;\nstruct B { c: c.C; }\n")
        self.put("lib/c.flow", "package c;\nscalar C: i64;\n")
        self.put("a.flow", "package a;\nimport b;\nstruct A { id: b.Id; }\n")
        self.compile_ok("a.flow", "-I", "lib", "-o", "out", "--depfile", "out/a.stamp.d")
        rule = (self.folder / "out/a.stamp.d").read_text()
        target, inputs = rule.split(":", 1)
        self.assertEqual(target, "out/a.stamp")
        names = inputs.replace("\\\n", " ").split()
        self.assertEqual(pathlib.Path(names[0]).name, "zerver.flow")
        self.assertEqual(names[1:], ["a.flow", "lib/b.flow", "lib/c.flow"])

    def test_without_the_ending_the_outputs_are_the_targets(self):
        self.put("hello.flow", cli.HELLO)
        self.compile_ok("hello.flow", "-o", "out", "--depfile", "deps")
        self.assertTrue((self.folder / "deps").read_text().startswith("out/hello.flow.cc out/hello.flow.h: \\\n"))

    def test_standard_input_is_not_named(self):
        self.compile_ok("-", "-o", "out", "--depfile", "x.d", stdin=cli.HELLO)
        self.assertNotIn("stdin", (self.folder / "x.d").read_text().replace("out/stdin.flow", ""))

    def test_odd_names_survive_make(self):
        name = "a $b#c:d.flow"
        self.put(name, cli.HELLO)
        self.compile_ok(name, "-o", "out", "--depfile", "out/x.stamp.d")
        (self.folder / "Makefile").write_text("out/x.stamp:\n\t@echo out of date\n\ninclude out/x.stamp.d\n")
        (self.folder / "out/x.stamp").touch()

        def make():
            return subprocess.run(["make", "out/x.stamp"], cwd=self.folder, capture_output=True, text=True,
                                  check=True).stdout

        if shutil.which("make") is None:
            self.skipTest("there is no make")
        self.assertIn("up to date", make())
        os.utime(self.folder / "out/x.stamp", (1, 1))
        self.assertEqual(make(), "out of date\n")


class Failures(cli.CliTest):
    def setUp(self):
        super().setUp()
        self.put("hello.flow", cli.HELLO)

    def assert_one_clear_line(self, result, reason):
        self.assertEqual((result.status, result.out or ""), (2, ""))
        self.assertIn("error[unwritable-file]: cannot write ", result.err)
        self.assertIn(reason, result.err)

    def test_a_full_disk_leaves_nothing(self):
        result = self.run_compiler("hello.flow", "-o", "out", "--depfile", "/dev/full")
        self.assert_one_clear_line(result, "cannot write /dev/full: No space left on device")
        self.assertEqual(self.listing(), ["hello.flow"])
        self.assertFalse((self.folder / "out").exists())
        self.assertTrue(pathlib.Path("/dev/full").is_char_device())

    def test_a_disk_that_becomes_full_half_way_leaves_nothing(self):
        # What a full disk does to one file: the limit is smaller than the larger output.
        self.compile_ok("hello.flow", "-o", "whole")
        sizes = sorted(path.stat().st_size for path in (self.folder / "whole").iterdir())
        self.assertLess(sizes[0], sizes[1])

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (sizes[1] - 1, sizes[1] - 1))

        result = self.run_compiler("hello.flow", "-o", "out", preexec_fn=limit, restore_signals=False)
        self.assert_one_clear_line(result, "File too large")
        self.assertFalse((self.folder / "out").exists())

    def test_a_tiny_disk_keeps_the_files_of_the_last_run(self):
        script = """
            mount -t tmpfs -o size=64k tmpfs out || exit 77
            "$@" hello.flow -o out || exit 1
            cp out/hello.flow.cc before
            head -c 1000000 /dev/zero > out/filler 2> /dev/null
            sed -i s/Hello!/Good-day!/ hello.flow
            "$@" hello.flow -o out
            echo "status $?"
            cmp before out/hello.flow.cc && ls out
        """
        (self.folder / "out").mkdir()
        done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", cli.COMPILER],
                              cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode == 77 or "unshare" in done.stderr:
            self.skipTest("this machine does not let a test mount a file system")
        self.assertEqual(done.stdout, "status 2\nfiller\nhello.flow.cc\nhello.flow.h\n", done.stderr)
        self.assertIn("cannot write out/hello.flow.cc: No space left on device", done.stderr)

    def test_a_file_where_the_folder_should_be(self):
        self.put("out", "precious")
        self.assert_one_clear_line(self.run_compiler("hello.flow", "-o", "out"), "Not a directory")
        self.assertEqual((self.folder / "out").read_text(), "precious")

    def test_a_folder_where_the_file_should_be(self):
        (self.folder / "out/hello.flow.h").mkdir(parents=True)
        self.assert_one_clear_line(self.run_compiler("hello.flow", "-o", "out"), "Is a directory")
        self.assertEqual(self.listing("out"), [])

    @unittest.skipIf(os.geteuid() == 0, "the superuser may write everywhere")
    def test_a_read_only_folder(self):
        (self.folder / "out").mkdir(mode=0o555)
        self.assert_one_clear_line(self.run_compiler("hello.flow", "-o", "out"), "Permission denied")

    def test_a_full_standard_output(self):
        with open("/dev/full", "w") as full:
            result = self.run_compiler("--help", stdout=full)
        self.assertEqual(result.status, 2)
        self.assertEqual(result.err, "zerver-compile: cannot write standard output: No space left on device\n")


class Pipes(cli.CliTest):
    def test_a_reader_that_leaves_early_is_no_failure_worth_a_word(self):
        self.put("big.flow", "package big;\n" + "".join(f"struct S{i} {{ a: i32; }}\n" for i in range(20000)))
        command = [cli.COMPILER, "--dump=ast", "big.flow"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            complaint = process.stderr.read()
            process.wait(timeout=60)
        self.assertEqual(complaint, b"")
        self.assertNotEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
