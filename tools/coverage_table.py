#!/usr/bin/env python3
"""Prints gcovr's JSON summary by folder, and the files that are worst; fails when the whole is below a bound."""

import argparse
import collections
import json
import sys

SHOWN_FILES = 15


def percent(covered, total):
    return 100.0 * covered / total if total else 100.0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bound", type=float, required=True, help="percent of lines, for compiler and runtime together")
    parser.add_argument("summary", type=argparse.FileType("r", encoding="utf-8"))
    arguments = parser.parse_args()
    files = [(each["filename"], each["line_covered"], each["line_total"]) for each in json.load(arguments.summary)["files"]]
    if not files:
        sys.exit("coverage: there is nothing to report; was the preset `coverage` built and run?")

    folders = collections.defaultdict(lambda: [0, 0])
    for name, covered, total in files:
        folder = folders["/".join(name.split("/")[:2])]
        folder[0] += covered
        folder[1] += total
    for name, (covered, total) in sorted(folders.items()):
        print(f"{percent(covered, total):6.1f} %  {covered:6}/{total:<6} {name}")

    print("\nmost lines not covered:")
    for name, covered, total in sorted(files, key=lambda each: each[1] - each[2])[:SHOWN_FILES]:
        if covered < total:
            print(f"{percent(covered, total):6.1f} %  {total - covered:6} lines  {name}")

    covered = sum(each[1] for each in files)
    total = sum(each[2] for each in files)
    whole = percent(covered, total)
    print(f"\nline coverage of compiler/ and runtime/: {whole:.1f} % ({covered} of {total} lines), bound {arguments.bound:g} %")
    return 0 if whole >= arguments.bound else 1


if __name__ == "__main__":
    sys.exit(main())
