"""Options end to end: what they print and which exit status they have."""

import pathlib
import re
import unittest

import cli

GOLDENS = pathlib.Path(__file__).parent / "goldens"
CODE = re.compile(r"^### `([a-z0-9-]+)`$", re.MULTILINE)


class Information(cli.CliTest):
    def test_help_is_the_golden(self):
        result = self.compile_ok("--help")
        self.assertEqual(result.out, (GOLDENS / "help.txt").read_text())
        self.assertEqual(self.compile_ok("-h").out, result.out)

    def test_version_is_one_line(self):
        self.assertRegex(self.compile_ok("--version").out, r"\Azerver-compile \d+\.\d+\.\d+\n\Z")

    def test_every_code_has_an_explanation(self):
        codes = CODE.findall(self.compile_ok("--explain", "all").out)
        self.assertGreater(len(codes), 20)
        self.assertEqual(len(codes), len(set(codes)))
        for code in codes:
            text = self.compile_ok(f"--explain={code}").out
            self.assertTrue(text.startswith(f"# `{code}`\n\n"), code)
            self.assertGreater(len(text.split()), 30, f"{code}: too short to explain anything")

    def test_an_unknown_code_is_corrected(self):
        result = self.run_compiler("--explain", "unexpected-tokn")
        self.assertEqual((result.status, result.out), (2, ""))
        self.assertIn("did you mean `unexpected-token`?", result.err)


class Usage(cli.CliTest):
    def assert_usage_error(self, arguments, *parts):
        result = self.run_compiler(*arguments)
        self.assertEqual((result.status, result.out), (2, ""))
        for part in parts:
            self.assertIn(part, result.err)

    def test_an_unknown_option(self):
        self.assert_usage_error(["--chek", "a.flow"], "error[unknown-option]: there is no option `--chek`",
                                "did you mean `--check`?")

    def test_an_invalid_value(self):
        self.assert_usage_error(["--emit=html", "a.flow"], "error[invalid-option-value]",
                                "it takes cpp, main, dot, json, svg, dataflow, alerts or proto")

    def test_a_missing_value(self):
        self.assert_usage_error(["a.flow", "-o"], "error[missing-option-value]: `--out-dir` needs a value: DIR")

    def test_no_file(self):
        self.assert_usage_error([], "error[missing-input]: no .flow file is given")

    def test_an_unknown_code(self):
        self.assert_usage_error(["-Werror=nonsense", "a.flow"], "error[unknown-code]")

    def test_nothing_is_written(self):
        self.put("hello.flow", cli.HELLO)
        self.run_compiler("hello.flow", "--nonsense")
        self.assertEqual(self.listing(), ["hello.flow"])


class Reading(cli.CliTest):
    def test_a_missing_file(self):
        result = self.run_compiler("nowhere.flow")
        self.assertEqual(result.status, 2)
        self.assertIn("error[unreadable-file]: cannot read nowhere.flow: No such file or directory", result.err)

    def test_a_folder(self):
        (self.folder / "src").mkdir()
        result = self.run_compiler("src")
        self.assertEqual(result.status, 2)
        self.assertIn("cannot read src: is a directory", result.err)

    def test_a_loop_of_links(self):
        (self.folder / "loop.flow").symlink_to("loop.flow")
        result = self.run_compiler("loop.flow")
        self.assertEqual(result.status, 2)
        self.assertIn("cannot read loop.flow: Too many levels of symbolic links", result.err)

    def test_other_files_are_not_checked_when_one_is_missing(self):
        self.put("broken.flow", cli.BROKEN)
        result = self.run_compiler("nowhere.flow", "broken.flow")
        self.assertEqual(result.status, 2)

    def test_standard_input(self):
        self.compile_ok("-", "-o", "out", stdin=cli.HELLO)
        self.assertEqual(self.listing(), ["out/stdin.flow.cc", "out/stdin.flow.h"])

    def test_errors_of_standard_input_have_a_name(self):
        result = self.run_compiler("-", stdin=cli.BROKEN)
        self.assertEqual(result.status, 1)
        self.assertIn("<stdin>:", result.err)

    def test_an_empty_standard_input(self):
        self.assertEqual(self.run_compiler("-").status, 1)

    def test_imports_come_from_the_include_path(self):
        self.put("lib/shapes/round.flow", "package shapes.round;\nscalar Radius: f64;\n")
        self.put("a.flow", "package a;\nimport shapes.round;\nstruct Circle { radius: round.Radius; }\n")
        self.compile_ok("a.flow", "--check", "-I", "lib")

    def test_a_missing_import_says_where_it_was_looked_for(self):
        self.put("sub/a.flow", "package a;\nimport b;\n")
        self.put("sub/b.flow", "package b;\n")
        result = self.run_compiler("sub/a.flow", "-Ilib")
        self.assertEqual(result.status, 1)
        self.assertIn("error[unknown-import]: no file `b.flow` on the include path", result.err)
        self.assertIn("looked in `lib`", result.err)
        self.assertIn("add `-I sub`", result.err)

    def test_a_missing_standard_library(self):
        self.put("hello.flow", cli.HELLO)
        result = self.run_compiler("hello.flow", "--std-dir", "none")
        self.assertEqual(result.status, 2)
        self.assertIn("error[missing-standard-library]: the standard library is not in `none`", result.err)


class Warnings(cli.CliTest):
    SOURCE = cli.HELLO + "\n// zerver: allow(dangling-doc-comment): there is none\n"

    def setUp(self):
        super().setUp()
        self.put("w.flow", self.SOURCE)

    def test_a_warning_leaves_the_exit_status_alone(self):
        result = self.run_compiler("--check", "w.flow")
        self.assertEqual(result.status, 0)
        self.assertIn("warning[unused-suppression]", result.err)

    def test_all_become_errors(self):
        self.assert_error("-Werror")

    def test_one_becomes_an_error(self):
        self.assert_error("-Werror=unused-suppression")

    def test_a_family_becomes_errors(self):
        self.assert_error("-Werror=syntax")

    def test_another_family_does_not(self):
        self.assertEqual(self.run_compiler("--check", "-Werror=routes", "w.flow").status, 0)

    def test_one_is_turned_off(self):
        self.compile_ok("--check", "-Wno-unused-suppression", "w.flow")

    def test_a_warning_that_is_an_error_prevents_output(self):
        self.run_compiler("-Werror", "-o", "out", "w.flow")
        self.assertEqual(self.listing(), ["w.flow"])

    def assert_error(self, option):
        result = self.run_compiler("--check", option, "w.flow")
        self.assertEqual(result.status, 1)
        self.assertIn("error[unused-suppression]", result.err)


class Dumps(cli.CliTest):
    def test_each_kind_prints_and_writes_nothing(self):
        self.put("hello.flow", cli.HELLO)
        for kind in ["tokens", "ast", "model", "cfg", "plan"]:
            result = self.compile_ok("--dump", kind, "hello.flow")
            self.assertIn("hello", result.out, kind)
        self.assertEqual(self.listing(), ["hello.flow"])

    def test_what_was_read_of_broken_input_is_shown_beside_the_errors(self):
        self.put("broken.flow", cli.BROKEN)
        for kind in ["tokens", "ast"]:
            result = self.run_compiler("--dump", kind, "broken.flow")
            self.assertEqual(result.status, 1)
            self.assertIn("broken", result.out)
            self.assertIn("error[", result.err)

    def test_the_plan_has_the_policies_that_are_in_force(self):
        self.put("calls.flow", """\
            package calls;

            target bare = kv();
            target held = kv("memory:x") { in_flight 8; queue 4; breaker 30% of 10 open 2s; retry_budget 5%; }
            policy patient { timeout 200ms; retry 2 backoff 20ms..80ms on Unavailable; hedge 1 after 50ms; }

            slots { one: string; two: string; }
            step first -> one = bare.get("a");
            step second -> two = held.get("b") with patient;

            flow both on GET "/both" public { first; second; return 200 { one, two }; }
            """)
        out = self.compile_ok("--dump=plan", "calls.flow").out
        self.assertIn("  attempts 1 of 1 s (the default), hedges none\n", out)
        self.assertIn("  attempts 3 of 200 ms, pauses of at most 20 ms + 40 ms, hedges 1 after 50 ms\n", out)
        self.assertIn("  in_flight 256, queue 0, breaker none, retry_budget unbounded\n", out)
        self.assertIn("  in_flight 8, queue 4, breaker 30% of 10 open 2 s, retry_budget 5%\n", out)

    def test_there_is_no_plan_of_broken_input(self):
        self.put("broken.flow", cli.BROKEN)
        result = self.run_compiler("--dump=plan", "broken.flow")
        self.assertEqual((result.status, result.out), (1, ""))


class Timing(cli.CliTest):
    def test_the_table_names_the_phases(self):
        self.put("hello.flow", cli.HELLO)
        result = self.run_compiler("--time-phases", "-o", "out", "hello.flow")
        self.assertEqual(result.status, 0)
        for phase in ["load", "lex", "parse", "names", "types", "steps", "flows", "slots", "emit", "write", "total", "input", "memory"]:
            self.assertRegex(result.err, rf"(?m)^{phase} ")


class Jobs(cli.CliTest):
    def test_the_number_of_threads_does_not_change_what_comes_out(self):
        names = []
        for number in range(12):
            names.append(f"f{number}.flow")
            self.put(names[-1], f"package f{number};\nstruct A {{ b: Nothing{number}; }}\nstruct {{\n")
        serial = self.run_compiler("--check", "-j1", *names)
        parallel = self.run_compiler("--check", "-j", "4", *names)
        self.assertEqual(serial.status, 1)
        self.assertEqual(serial, parallel)


if __name__ == "__main__":
    unittest.main()
