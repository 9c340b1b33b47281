#!/usr/bin/env python3
"""Checks that every promise of a document names tests that exist.

usage: semantics_test.py --tests DIR ... FILE.md...

A promise is a row of a table whose last column is headed `test`: that cell has one or more names `Suite.Name`, each of
which is a TEST in a source below one of the folders. Prints `file:line: reason` for each row that is wrong; exit 1 when
there is one, or no promise at all.
"""

import argparse
import pathlib
import re
import sys

TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.MULTILINE)
NAME = re.compile(r"`(\w+)\.(\w+)`")


def tests_below(folders):
    return {(suite, name) for folder in folders for path in sorted(folder.rglob("*_test.cc"))
            for suite, name in TEST.findall(path.read_text(encoding="utf-8"))}


def check(path, tests):
    """The rows that are wrong, and how many there are."""
    findings, count, in_table = [], 0, False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            in_table = False
        elif cells[-1] == "test":
            in_table = True
        elif in_table and not set(line) <= set("|- "):
            count += 1
            named = NAME.findall(cells[-1])
            if not named:
                findings.append(f"{path}:{number}: names no test")
            findings += [f"{path}:{number}: there is no TEST({suite}, {name})" for suite, name in named
                         if (suite, name) not in tests]
    return findings, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", nargs="+", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE.md")
    options = parser.parse_args()
    tests = tests_below(options.tests)
    failed = False
    for path in options.files:
        findings, count = check(path, tests)
        for finding in findings:
            print(finding)
        print(f"{path}: {count} promises, {len(findings)} findings")
        failed = failed or bool(findings) or count == 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
