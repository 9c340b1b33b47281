#!/usr/bin/env python3
"""Compiles every .flow and C++ snippet of the documents.

usage: snippets_test.py --compiler ZERVER-COMPILE --cxx COMPILER [--include DIR ...] FILE.md...

What stands behind the fence's language says how:

  ```flow              a whole file; C++ is generated from it
  ```flow continue     goes on with the last whole file of the document: all of it so far must compile
  ```flow check        a whole file in which nothing is found, warnings included; not generated from
  ```flow fail=a,b     a whole file in which exactly these errors are found
  ```cpp               steps for the last whole file: compiled against its generated header
  ```cpp alone         a whole file of C++, compiled by itself
  ```cpp excerpt       shown, not compiled
  ```sql file=NAME     a file that stands beside the snippets below it
  ```flow file=NAME    and so on: left to tutorial_test.py

Lines keep their numbers, so a diagnostic points into the document.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fences import fences_of  # noqa: E402


class Failure(Exception):
    pass


class Document:
    """The snippets of one document, each compiled in a folder of its own."""

    def __init__(self, path, options, folder):
        self.path = path
        self.options = options
        self.folder = folder
        self.flow = {}      # line -> text of the current .flow file
        self.files = {}     # name -> text of what stands beside it
        self.generated = None
        self.failures = []
        self.count = 0

    def run(self):
        for fence in fences_of(self.path):
            if fence.info.startswith("file="):
                if fence.language == "sql":
                    self.files[fence.info.removeprefix("file=")] = "\n".join(fence.lines) + "\n"
                continue
            if fence.language == "flow":
                check = self.check_flow
            elif fence.language == "cpp" and fence.info != "excerpt":
                check = self.check_cpp
            else:
                continue
            self.count += 1
            try:
                check(fence)
            except Failure as failure:
                self.failures.append(str(failure))

    def place(self, fence):
        return f"{self.path}:{fence.line}"

    def check_flow(self, fence):
        lines = {fence.line + index: text for index, text in enumerate(fence.lines)}
        mode, _, wanted = fence.info.partition("=")
        if mode not in ("", "continue", "check", "fail"):
            raise Failure(f"{self.place(fence)}: `{fence.info}` is no way to check a flow snippet")
        if mode == "continue":
            self.flow |= lines
        elif mode == "":
            self.flow = dict(lines)
        text = self.numbered(lines if mode in ("check", "fail") else self.flow)
        folder = self.folder / f"line{fence.line}"
        folder.mkdir()
        for name, content in self.files.items():
            (folder / name).write_text(content, encoding="utf-8")
        source = folder / "snippet.flow"
        source.write_text(text, encoding="utf-8")
        arguments = ["--check"] if mode in ("check", "fail") else ["--emit=cpp", "-o", str(folder)]
        done = subprocess.run([self.options.compiler, *arguments, "--diagnostics=json", str(source)],
                              capture_output=True, text=True, timeout=60)
        found = self.findings_of(fence, done, errors_only=mode != "check")
        expected = sorted(wanted.split(",")) if mode == "fail" else []
        if sorted(found) != expected or done.returncode != (1 if expected else 0):
            raise Failure(f"{self.place(fence)}: exit status {done.returncode}, found {sorted(found)}, "
                          f"expected {expected}\n{done.stdout}{done.stderr}")
        if mode in ("", "continue"):
            self.generated = folder

    def findings_of(self, fence, done, errors_only):
        codes = []
        for line in (done.stdout + done.stderr).splitlines():
            try:
                diagnostic = json.loads(line)
            except json.JSONDecodeError as error:
                raise Failure(f"{self.place(fence)}: not a diagnostic: {line}") from error
            if diagnostic["severity"] == "error" or not errors_only:
                codes.append(diagnostic["code"])
        return codes

    def check_cpp(self, fence):
        folder = self.folder if fence.info == "alone" else self.generated
        if folder is None:
            raise Failure(f"{self.place(fence)}: no .flow file stands before this C++")
        source = folder / f"line{fence.line}.cc"
        text = self.numbered({fence.line + index: line for index, line in enumerate(fence.lines)})
        source.write_text(text, encoding="utf-8")
        # Whatever the document calls the file, its generated header is the snippet's.
        for line in fence.lines:
            if line.startswith('#include "') and line.endswith('.flow.h"'):
                (folder / line[10:-1]).write_text('#include "snippet.flow.h"\n', encoding="utf-8")
        done = subprocess.run([self.options.cxx, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                               *(f"-I{each}" for each in [folder, *self.options.include]), str(source)],
                              capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise Failure(f"{self.place(fence)}: does not compile\n{done.stderr}")

    @staticmethod
    def numbered(lines):
        """The lines, each at its number in the document."""
        return "\n".join(lines.get(number, "") for number in range(1, max(lines) + 1)) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--cxx", required=True)
    parser.add_argument("--include", action="append", default=[], metavar="DIR")
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE.md")
    options = parser.parse_args()
    failures = []
    count = 0
    for path in options.files:
        with tempfile.TemporaryDirectory() as folder:
            document = Document(path, options, pathlib.Path(folder))
            document.run()
            failures += document.failures
            count += document.count
    print("\n".join([*failures, f"{count} snippets, {len(failures)} failures"]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
