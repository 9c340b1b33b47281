#!/usr/bin/env python3
"""Fails when a registered diagnostic is shown by no golden, or docs/diagnostics.md is not what the registry says."""

import argparse
import pathlib
import re
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = TESTS.parent / "docs" / "diagnostics.md"

HEADING = re.compile(r"^### `([a-z0-9-]+)`$", re.MULTILINE)
SHOWN = re.compile(r"(?:error|warning|note)\[([a-z0-9-]+)\]")


def shown_codes():
    """Those in rendered diagnostics of the goldens, and in what the tests of the command line expect."""
    codes = set()
    for path in [*TESTS.glob("golden/**/*.expected"), *TESTS.glob("cli/*.py")]:
        codes.update(SHOWN.findall(path.read_text(errors="replace")))
    return codes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", required=True)
    arguments = parser.parse_args()
    document = subprocess.run([arguments.compiler, "--explain", "all"], capture_output=True, text=True,
                              check=True).stdout
    codes = HEADING.findall(document)
    problems = [f"no golden shows `{code}`" for code in codes if code not in shown_codes()]
    problems += [f"a golden shows `{code}`, which is not registered" for code in sorted(shown_codes() - set(codes))]
    if not DOCUMENT.is_file() or DOCUMENT.read_text() != document:
        problems.append("docs/diagnostics.md is not current: tools/update_goldens")
    print("\n".join(problems) or f"all {len(codes)} codes are shown")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
