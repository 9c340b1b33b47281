#!/usr/bin/env python3
"""The C++ of the golden tests of `emit` compiles without a warning, each file by itself.

usage: warnings_test.py --compiler ZERVER_COMPILE --std-dir DIR --include DIR... --cxx CXX...

A CXX that is not installed is skipped, with a word about it; that none is there is a failure.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

GOLDENS = pathlib.Path(__file__).resolve().parents[1] / "golden" / "emit"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def compile_alone(cxx, source, includes):
    """Checks one file; a header as a file of a user would include it, a source down to machine code.

    Some warnings come only then, and some of these only without optimisation, which CMake does not ask for by itself.
    """
    command = [cxx, "-std=c++20", *WARNINGS, *(f"-I{path}" for path in [source.parent, *includes])]
    if source.suffix == ".h":
        return subprocess.run([*command, "-fsyntax-only", "-x", "c++", "-"], input=f'#include "{source.name}"\n',
                              capture_output=True, text=True, check=False)
    return subprocess.run([*command, "-O0", "-c", "-o", "/dev/null", source], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--std-dir", required=True)
    parser.add_argument("--include", nargs="+", required=True)
    parser.add_argument("--cxx", nargs="+", required=True)
    arguments = parser.parse_args()

    found = [cxx for cxx in arguments.cxx if shutil.which(cxx)]
    for cxx in arguments.cxx:
        if cxx not in found:
            print(f"skipped: {cxx} is not installed")
    sources = sorted(path for path in GOLDENS.rglob("*.out/**/*") if path.suffix in (".h", ".cc"))
    if not found or not sources:
        sys.exit("there is no compiler, or nothing to compile")

    with tempfile.TemporaryDirectory() as folder:
        prelude = pathlib.Path(arguments.std_dir) / "zerver.flow"
        subprocess.run([arguments.compiler, f"--std-dir={arguments.std_dir}", "-o", folder, "--emit=cpp", prelude],
                       check=True)
        runs = [(cxx, source) for cxx in found for source in sources]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            results = list(pool.map(lambda run: compile_alone(*run, [folder, *arguments.include]), runs))

    failed = [(run, result) for run, result in zip(runs, results) if result.returncode != 0]
    for (cxx, source), result in failed:
        print(f"FAILED {cxx}: {source.relative_to(GOLDENS)}\n{result.stderr}")
    print(f"{len(sources)} files with {', '.join(found)}: {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
