#!/usr/bin/env python3
"""Compiles files that are right: nothing may be found in them.

usage: run.py --compiler ZERVER-COMPILE [--cxx COMPILER [--include DIR ...] [--most N]] [FILE...]

Each file begins with a sentence that says which edge it stands on. It is checked without a warning. With --cxx it is
also generated from, as far as its constructs can be generated, and N of these (0: all) are compiled.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
# What is right, but cannot be made into code yet, or not do everything that it says.
NOT_YET = {"not-generated-yet", "no-effect-yet"}


def run(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def compile_flow(options, path, *arguments):
    """(exit status, what is found, as (line, code))."""
    include = [f"-I{folder}" for folder in [path.parent / "imports"] if folder.is_dir()]
    done = run([options.compiler, *arguments, "--diagnostics=json", *include, str(path)])
    found = []
    for line in done.stderr.splitlines():
        entry = json.loads(line)
        found.append((entry["begin"]["line"], entry["code"]))
    return done.returncode, found


def check(options, path):
    """Problems of one file."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    if not (first.startswith("// ") and first.endswith(".")):
        return [f"{path}:1: does not say which edge it stands on"]
    status, found = compile_flow(options, path, "--check")
    if status != 0 or found:
        return [f"{path}:{line}: {code} is a false alarm" for line, code in found] or [f"{path}: exit status {status}"]
    return []


def generate(options, path, folder):
    """Problems of one file's C++, or None when it cannot be generated."""
    status, found = compile_flow(options, path, "--emit=cpp", "-o", str(folder))
    if found and {code for _, code in found} <= NOT_YET and status != 0:
        return None
    wrong = [(line, code) for line, code in found if code not in NOT_YET]
    if status != 0 or wrong:
        return [f"{path}: cannot be generated, exit status {status}, {wrong}"]
    problems = []
    for source in sorted(folder.rglob("*.cc")):
        done = run([options.cxx, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                    *(f"-I{include}" for include in [folder, *options.include]), str(source)])
        if done.returncode != 0:
            problems.append(f"{path}: the generated {source.name} does not compile\n{done.stderr}")
    return problems


def generate_headers(options, folder):
    """Makes the headers of what the files import: the standard library and the folders `imports`."""
    std = HERE.parent.parent / "runtime/std"
    sources = [(std, path) for path in sorted(std.rglob("*.flow"))]
    sources += [(path.parent, path) for path in sorted(HERE.glob("*/imports/*.flow"))]
    for include, path in sources:
        done = run([options.compiler, "--emit=cpp", "-o", str(folder), f"-I{include}", str(path)])
        if done.returncode != 0:
            sys.exit(f"{path}: {done.stderr}")
    options.include.append(str(folder))


def generate_some(options, paths, pool):
    """Problems and the number of files that were compiled; evenly spread over all that can be generated."""
    if options.most:
        paths = paths[::max(1, len(paths) // (2 * options.most))]
    with tempfile.TemporaryDirectory() as folder:
        folders = [pathlib.Path(folder) / str(index) for index in range(len(paths))]
        for each in folders:
            each.mkdir()
        generate_headers(options, pathlib.Path(folder) / "headers")
        results = [result for result in pool.map(lambda pair: generate(options, *pair), zip(paths, folders))
                   if result is not None]
    return sum(results, []), len(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--cxx")
    parser.add_argument("--include", action="append", default=[], metavar="DIR")
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    paths = options.files or sorted(HERE.glob("*/*.flow"))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        problems = sum(pool.map(lambda path: check(options, path), paths), [])
        generated = 0
        if options.cxx and not problems:
            problems, generated = generate_some(options, paths, pool)
    print("\n".join([*problems, f"{len(paths)} files, {generated} generated and compiled, {len(problems)} problems"]))
    return 1 if problems or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
