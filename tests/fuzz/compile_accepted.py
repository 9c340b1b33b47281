#!/usr/bin/env python3
"""Compiles what zerver-compile generates for files that the fuzzer found acceptable.

usage: compile_accepted.py --compiler FILE [--cxx g++] [--count N] FOLDER...

Takes N of the .flow files below the folders, evenly spread, generates C++ for those without errors, and runs the
compiler over header and source with all warnings as errors (-fsyntax-only). Prints how many; exit 1 when one does not
compile, and its path.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
STD = ROOT / "runtime" / "std"


def check(path, arguments):
    """None: not accepted; else the output of the C++ compiler, empty when it is satisfied."""
    with tempfile.TemporaryDirectory() as out:
        text = pathlib.Path(out) / "fuzz.flow"
        text.write_bytes(path.read_bytes())
        (pathlib.Path(out) / "schema.sql").write_bytes((pathlib.Path(__file__).parent / "schema.sql").read_bytes())
        made = subprocess.run([arguments.compiler, "--std-dir", STD, "-o", out, text], capture_output=True, check=False)
        if made.returncode != 0:
            return None
        includes = [f"-I{folder}" for folder in sorted((ROOT / "runtime").glob("*/include"))]
        std = subprocess.run([arguments.compiler, "--std-dir", STD, "-I", STD, "-o", out, STD / "zerver.flow",
                              *sorted((STD / "zerver").glob("*.flow"))], capture_output=True, check=False)
        if std.returncode != 0:
            return std.stderr.decode()
        done = subprocess.run([arguments.cxx, "-std=c++20", *WARNINGS, "-Wno-restrict", "-fsyntax-only", f"-I{out}",
                               *includes, pathlib.Path(out) / "fuzz.flow.cc"], capture_output=True, text=True, check=False)
        return done.stderr if done.returncode != 0 else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", type=pathlib.Path, required=True)
    parser.add_argument("--cxx", default="g++")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.compiler = arguments.compiler.resolve()
    found = sorted(path for folder in arguments.folders for path in folder.rglob("*") if path.is_file())
    chosen = found[:: max(1, len(found) // arguments.count)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda path: check(path, arguments), chosen))
    failed = 0
    for path, result in zip(chosen, results):
        if result:
            failed += 1
            print(f"FAILED {path}\n{result[:2000]}")
    accepted = sum(result is not None for result in results)
    print(f"{len(chosen)} files, {accepted} accepted, {failed} do not compile")
    return 1 if failed or not accepted else 0


if __name__ == "__main__":
    sys.exit(main())
