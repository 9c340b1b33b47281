#!/usr/bin/env python3
"""Proves the fixes of all golden tests: each one applied alone takes its diagnostic away, and `--fix` all of them."""

import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import run as golden


def findings(compiler, test, *more):
    """What is reported about a test, as objects of --diagnostics=json."""
    command = [str(compiler), "--check", "--diagnostics=json", *more]
    if (test.parent / "imports").is_dir():
        command.append("-Iimports")
    with tempfile.TemporaryDirectory() as out:
        words = [word for word in golden.options_of(test) if not word.startswith(("--emit", "--dump"))]
        done = subprocess.run([*command, "-o", out, *words, test.name], cwd=test.parent, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, check=False)
    text = done.stderr.decode("utf-8", errors="replace")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def repairs(found):
    """Findings with a repair that is no matter of choice."""
    return [entry for entry in found if len(entry.get("fixes", [])) == 1]


def count(found):
    return collections.Counter(entry["code"] for entry in found)


def apply(folder, edits):
    by_file = collections.defaultdict(list)
    for edit in edits:
        by_file[edit["file"]].append(edit)
    for name, of_file in by_file.items():
        path = folder / name
        text = path.read_bytes()
        for edit in sorted(of_file, key=lambda edit: edit["begin"]["offset"], reverse=True):
            text = (text[:edit["begin"]["offset"]] + edit["replacement"].encode()
                    + text[edit["end"]["offset"]:])
        path.write_bytes(text)


def check_test(compiler, test):
    before = findings(compiler, test)
    todo = repairs(before)
    problems = []
    if not todo:
        return 0, problems
    with tempfile.TemporaryDirectory() as holder:
        def copy(name):
            return pathlib.Path(shutil.copytree(test.parent, pathlib.Path(holder) / name))

        for number, entry in enumerate(todo):
            folder = copy(f"one{number}")
            apply(folder, entry["fixes"][0]["edits"])
            after = findings(compiler, folder / test.name)
            if count(after)[entry["code"]] >= count(before)[entry["code"]]:
                problems.append(f"line {entry['begin']['line']}: {entry['code']} is still there after "
                                f"`{entry['fixes'][0]['description']}`")
        folder = copy("all")
        findings(compiler, folder / test.name, "--fix")
        roots = {test.name} | {word for word in golden.options_of(test) if word.endswith(".flow")}
        left = [entry for entry in repairs(findings(compiler, folder / test.name))
                if all(edit["file"] in roots for edit in entry["fixes"][0]["edits"])]
        for entry in left:
            problems.append(f"--fix leaves {entry['code']} in line {entry['begin']['line']}")
    return len(todo), problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", type=pathlib.Path, required=True, help="the zerver-compile to test")
    parser.add_argument("paths", nargs="*", type=pathlib.Path, help="tests or folders, relative to tests/golden")
    arguments = parser.parse_args()
    compiler = arguments.compiler.resolve()
    tests = golden.tests_in([(golden.ROOT / path).resolve() for path in arguments.paths] or [golden.ROOT])
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda test: check_test(compiler, test), tests))
    failed = 0
    for test, (_, problems) in zip(tests, results):
        for problem in problems:
            failed += 1
            print(f"FAILED {test.relative_to(golden.ROOT)}: {problem}")
    total = sum(number for number, _ in results)
    print(f"{total} fixes, {failed} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
