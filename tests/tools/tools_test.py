#!/usr/bin/env python3
"""Tests of the scripts in tools/: each gets a small repository with something wrong in it and has to find that."""

import pathlib
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / "tools"


class Repository(unittest.TestCase):
    """A temporary repository and the tools that look at it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="zerver-tools-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("compiler", "runtime", "samples", "tools"):
            (self.root / name).mkdir()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def findings(self, tool):
        done = subprocess.run([TOOLS / tool, "--root", self.root], capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        lines = [line for line in done.stdout.splitlines() if not line.startswith((tool + ":", "note:"))]
        self.assertEqual(done.returncode, 1 if lines else 0)
        return lines

    def assert_one_finding(self, tool, *parts):
        lines = self.findings(tool)
        self.assertEqual(len(lines), 1, lines)
        for part in parts:
            self.assertIn(part, lines[0])


class CheckLayers(Repository):
    def test_an_include_may_point_down_over_several_folders(self):
        self.write("compiler/emit/a.cc", '#include "compiler/plan/p.h"\n#include "compiler/base/b.h"\n')
        self.write("runtime/server/src/a.cc", "#include <boost/asio.hpp>\n#include <zerver/core/arena.h>\n")
        self.assertEqual(self.findings("check_layers"), [])

    def test_an_include_may_not_point_up(self):
        self.write("compiler/base/a.cc", '#include <vector>\n#include "compiler/syntax/tree.h"\n')
        self.assert_one_finding("check_layers", "compiler/base/a.cc:2", "compiler/syntax")

    def test_an_include_may_not_point_sideways(self):
        self.write("runtime/http/src/a.cc", "#include <zerver/flow/step.h>\n")
        self.assert_one_finding("check_layers", "runtime/http/src/a.cc:1", "runtime/flow")

    def test_the_runtime_does_not_know_the_compiler(self):
        self.write("runtime/server/src/a.cc", '#include "compiler/base/span.h"\n')
        self.assert_one_finding("check_layers", "do not know each other")

    def test_a_sample_does_not_know_the_compiler(self):
        self.write("samples/hello/steps.cc", '#include "compiler/base/span.h"\n')
        self.assert_one_finding("check_layers", "a sample includes the compiler")

    def test_only_syntax_knows_antlr(self):
        self.write("compiler/syntax/a.cc", "#include <antlr4-runtime.h>\n")
        self.write("compiler/check/a.cc", "#include <antlr4-runtime.h>\n")
        self.assert_one_finding("check_layers", "compiler/check/a.cc:1", "ANTLR")

    def test_threads_and_queues_of_their_own_are_refused_outside_the_runtime(self):
        self.write("samples/hello/steps.cc", "#include <thread>\n")
        self.assert_one_finding("check_layers", "samples/hello/steps.cc:1", "threads")
        self.write("samples/hello/steps.cc", "#include <condition_variable>\n")
        self.assert_one_finding("check_layers", "samples/hello/steps.cc:1", "waiting for threads")
        self.write("samples/hello/steps.cc", "#include <mutex>\n")
        self.assertEqual(self.findings("check_layers"), [])

    def test_a_test_may_use_a_folder_above(self):
        self.write("runtime/http/src/a_test.cc", "#include <zerver/testing/fake.h>\n")
        self.assertEqual(self.findings("check_layers"), [])

    def test_a_light_header_may_not_reach_asio_over_another(self):
        self.write("runtime/flow/include/zerver/flow/step.h", "#include <zerver/core/arena.h>\n")
        self.write("runtime/core/include/zerver/core/arena.h", "#include <boost/asio.hpp>\n")
        lines = self.findings("check_layers")
        self.assertTrue([line for line in lines if "zerver/flow/step.h > zerver/core/arena.h" in line], lines)

    def test_private_headers_and_dots_are_refused(self):
        self.write("runtime/server/src/a.cc", '#include "runtime/http/src/parser.h"\n')
        self.write("runtime/server/src/b.cc", '#include "../../http/src/parser.h"\n')
        self.assertEqual(len(self.findings("check_layers")), 2)

    def test_a_folder_that_is_not_listed_is_named(self):
        self.write("compiler/sundries/a.cc", "")
        self.assert_one_finding("check_layers", "compiler/sundries")


class CheckDocs(Repository):
    def setUp(self):
        super().setUp()
        self.write("docs/there.md", "# A `name`, and more\n")

    def test_links_that_resolve_are_silent(self):
        self.write("README.md", "[a](docs/there.md#a-name-and-more) [b](https://example.org/x) [c](docs)\n")
        self.assertEqual(self.findings("check_docs"), [])

    def test_a_missing_file_is_found(self):
        self.write("README.md", "text\n\n[a](docs/gone.md)\n")
        self.assert_one_finding("check_docs", "README.md:3", "docs/gone.md")

    def test_a_missing_heading_is_found(self):
        self.write("README.md", "[a](docs/there.md#b)\n")
        self.assert_one_finding("check_docs", "there.md#b", "no such heading")

    def test_code_is_no_link(self):
        self.write("README.md", "`[a](gone)`\n\n```text\n[a](gone)\n```\n")
        self.assertEqual(self.findings("check_docs"), [])

    def test_a_missing_command_is_found(self):
        self.write("README.md", "```sh\ntools/gone --now\n```\n")
        self.assert_one_finding("check_docs", "README.md:2", "tools/gone")

    def test_a_fence_that_is_not_closed_is_found(self):
        self.write("README.md", "```sh\nls\n")
        self.assert_one_finding("check_docs", "README.md:1", "not closed")


class CheckStyle(Repository):
    def setUp(self):
        super().setUp()
        self.write(".clang-format", "BasedOnStyle: Google\n")

    def test_a_tidy_repository_is_silent(self):
        self.write("compiler/base/span.h", "// Spans.\n\n#pragma once\n\nint f();\n")
        self.assertEqual(self.findings("check_style"), [])

    def test_formatting_is_checked(self):
        self.write("compiler/base/span.cc", "int  f( );\n")
        self.assert_one_finding("check_style", "compiler/base/span.cc:1", "clang-format")

    def test_generated_text_is_left_alone(self):
        self.write("tests/golden/emit/a.flow.h", "int  f( );\n")
        self.assertEqual(self.findings("check_style"), [])

    def test_the_root_stays_tidy(self):
        self.write("notes.txt", "x\n")
        self.assert_one_finding("check_style", "notes.txt")

    def test_names_are_in_snake_case(self):
        self.write("compiler/base/SourceManager.cc", "int f();\n")
        self.assert_one_finding("check_style", "snake_case")

    def test_headers_have_a_guard(self):
        self.write("compiler/base/span.h", "int f();\n")
        self.assert_one_finding("check_style", "#pragma once")


class Scripts(unittest.TestCase):
    def test_every_tool_explains_itself(self):
        for tool in sorted(TOOLS.iterdir()):
            if tool.is_file() and tool.stat().st_mode & 0o100:
                with self.subTest(tool=tool.name):
                    done = subprocess.run([tool, "--help"], capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn(tool.name, done.stdout)

    def test_setup_lists_packages(self):
        listed = subprocess.run([TOOLS / "setup", "--list"], capture_output=True, text=True, check=True, timeout=60).stdout
        self.assertIn("antlr4", listed.split())


if __name__ == "__main__":
    unittest.main()
