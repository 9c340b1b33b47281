#!/usr/bin/env python3
"""Compiles C++ steps that break their declarations: each must fail, and the message must name step and slot.

usage: run.py --compiler ZERVER_COMPILE --std-dir DIR --include DIR... [--cxx CXX...]

A case is a file in cases/. Its first lines say what every compiler's output must contain, `// expect: TEXT`, or that it
`// compiles`. Compilers that are not installed are left out; at least one must be there.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def expectations(case):
    lines = case.read_text().splitlines()
    texts = [line.removeprefix("// expect: ") for line in lines if line.startswith("// expect: ")]
    return texts, "// compiles" in lines


def run_case(cxx, includes, case):
    """Returns what is wrong with the outcome, or nothing."""
    result = subprocess.run([cxx, *FLAGS, *(f"-I{path}" for path in includes), case], capture_output=True, text=True)
    texts, compiles = expectations(case)
    if compiles:
        return result.stderr if result.returncode != 0 else None
    if not texts:
        return "the case expects nothing"
    if result.returncode == 0:
        return "it compiles"
    missing = [text for text in texts if text not in result.stderr]
    return f"not in the message: {', '.join(missing)}\n{result.stderr}" if missing else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--std-dir", required=True)
    parser.add_argument("--include", nargs="+", required=True)
    parser.add_argument("--cxx", nargs="+", default=["g++", "clang++-19"])
    arguments = parser.parse_args()
    compilers = [cxx for cxx in arguments.cxx if shutil.which(cxx)]
    if not compilers:
        sys.exit("run.py: none of the compilers is installed")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for source in [HERE / "steps.flow", pathlib.Path(arguments.std_dir) / "zerver.flow"]:
            subprocess.run([arguments.compiler, f"--std-dir={arguments.std_dir}", "-o", folder, "--emit=cpp", source], check=True)
        for case in sorted((HERE / "cases").glob("*.cc")):
            for cxx in compilers:
                wrong = run_case(cxx, [folder, *arguments.include], case)
                print(f"{'FAILED' if wrong else 'ok'}: {case.name} with {cxx}")
                if wrong:
                    print(wrong)
                    failures += 1
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
