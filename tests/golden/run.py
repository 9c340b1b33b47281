#!/usr/bin/env python3
"""Runs the golden tests of zerver-compile, or rewrites their expectations. README.md describes the files."""

import argparse
import difflib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent

MARKER = re.compile(r"//\s*(\^*)\s*(error|warning):\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s*$")
OPTIONS = re.compile(r"//\s*options:\s*(.*?)\s*$")


@dataclass
class Run:
    """What the compiler did with one test."""

    status: int
    text: str  # standard output, then the diagnostics
    findings: list  # (file, line, severity, code), sorted
    written: dict = field(default_factory=dict)  # relative path -> bytes


@dataclass
class Outcome:
    test: pathlib.Path
    problems: list
    changed: bool = False


def markers(path, name):
    """The (file, line, severity, code) that the comments of a file ask for."""
    found = []
    lines = path.read_bytes().decode("utf-8", errors="replace").split("\n")
    for number, line in enumerate(lines, start=1):
        match = MARKER.search(line.rstrip("\r"))
        if not match:
            continue
        carets, severity, codes = match.groups()
        for code in re.split(r"\s*,\s*", codes):
            found.append((name, number - len(carets), severity, code))
    return found


def options_of(test):
    """The words of the `// options:` lines of the leading comment."""
    words = []
    for line in test.read_bytes().decode("utf-8", errors="replace").split("\n"):
        if not line.startswith("//"):
            break
        if match := OPTIONS.match(line):
            words += match.group(1).split()
    return words


def without_places(text, compiler, out):
    """Leaves out where this build and its output lie."""
    std = compiler.parent.parent / "share" / "zerver" / "std"
    return text.replace(str(out), "OUT").replace(str(std), "STD")


def run(compiler, test):
    options = options_of(test)
    folder = test.parent
    emits = any(word.startswith("--emit") for word in options)
    command = [str(compiler), "--color=never"]
    if not emits and not any(word.startswith("--dump") for word in options):
        command.append("--check")
    if (folder / "imports").is_dir():
        command.append("-Iimports")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryDirectory() as out:
        command += ["-o", out, *options, test.name]

        def invoke(*more):
            return subprocess.run(command[:1] + list(more) + command[1:], cwd=folder, env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)

        shown = invoke()
        text = without_places((shown.stdout + shown.stderr).decode("utf-8", errors="replace"), compiler, out)
        written = {str(path.relative_to(out)): path.read_bytes()
                   for path in sorted(pathlib.Path(out).rglob("*")) if path.is_file()} if emits else {}
        structured = invoke("--diagnostics=json")
    findings = []
    for line in structured.stderr.decode("utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            findings.append((entry["file"], entry["begin"]["line"], entry["severity"], entry["code"]))
        except (ValueError, KeyError):
            findings.append(("", 0, "error", line))
    return Run(shown.returncode, text, sorted(findings), written)


def wanted_findings(test, result):
    """Markers of the test and of every other file of its folder that is reported on or named in the options."""
    names = {test.name} | {finding[0] for finding in result.findings}
    names |= {word for word in options_of(test) if word.endswith(".flow")}
    wanted = []
    for name in sorted(names):
        path = test.parent / name
        if name and path.is_file():
            wanted += markers(path, name)
    return sorted(wanted)


def compare(name, wanted, got):
    diff = difflib.unified_diff(wanted.splitlines(), got.splitlines(), f"{name} (wanted)", f"{name} (got)",
                                lineterm="")
    return "\n".join(diff) or f"{name}: differs in white space at the end"


def store(path, text, outcome):
    """Makes `path` hold `text`, or be absent when that is empty."""
    old = path.read_bytes() if path.is_file() else b""
    if old == text:
        return
    outcome.changed = True
    if text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    else:
        path.unlink()


def check_names(test, result):
    """Rules 1 and 2 of the README: these are never rewritten."""
    problems = []
    if result.status not in (0, 1):
        problems.append(f"exit status {result.status}\n{result.text}")
    fails = test.name.startswith("fail_")
    if fails != (result.status == 1):
        problems.append("is named fail_ but compiles" if fails else f"has errors but is not named fail_\n{result.text}")
    wanted = wanted_findings(test, result)
    for finding in sorted(set(wanted) - set(result.findings)):
        problems.append("%s:%d: no %s %s is reported here" % finding)
    for finding in sorted(set(result.findings) - set(wanted)):
        problems.append("%s:%d: %s %s is reported and has no marker" % finding)
    return problems


def check_test(compiler, test, update):
    result = run(compiler, test)
    outcome = Outcome(test, check_names(test, result))
    expected = test.with_name(test.name + ".expected")
    files = {expected: result.text.encode()}
    out = test.with_name(test.name + ".out")
    for path, text in result.written.items():
        files[out / path] = text
    stale = {path for path in out.rglob("*") if path.is_file()} - set(files) if out.is_dir() else set()
    for path, text in {**files, **{path: b"" for path in stale}}.items():
        if update:
            store(path, text, outcome)
            continue
        old = path.read_bytes() if path.is_file() else b""
        if old != text:
            outcome.problems.append(compare(path.relative_to(ROOT), old.decode(errors="replace"),
                                            text.decode(errors="replace")))
    if update and out.is_dir() and not any(path.is_file() for path in out.rglob("*")):
        shutil.rmtree(out)
    return outcome


def tests_in(paths):
    """The tests among `paths`: files, or all of a folder. A file of a subfolder of a family is none of its own."""
    found = []
    for path in paths:
        if path.is_file():
            found.append(path)
        elif path == ROOT:
            found += sorted(ROOT.glob("*/*.flow"))
        elif path.is_dir():
            found += sorted(path.glob("*.flow"))
        else:
            sys.exit(f"{path}: no such test")
    return found


def orphans(paths):
    """Expectations whose test is gone."""
    for folder in {path for path in paths if path.is_dir()}:
        pattern = "*/*.flow.*" if folder == ROOT else "*.flow.*"
        for path in sorted(folder.glob(pattern)):
            if path.suffix in (".expected", ".out") and not path.with_suffix("").exists():
                yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", type=pathlib.Path, required=True, help="the zerver-compile to test")
    parser.add_argument("--update", action="store_true", help="rewrite the expectations")
    parser.add_argument("paths", nargs="*", type=pathlib.Path, help="tests or folders, relative to tests/golden")
    arguments = parser.parse_args()

    compiler = arguments.compiler.resolve()
    paths = [(ROOT / path if (ROOT / path).exists() else path).resolve() for path in arguments.paths] or [ROOT]
    tests = tests_in(paths)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda test: check_test(compiler, test, arguments.update), tests))

    failed = 0
    for outcome in outcomes:
        name = outcome.test.relative_to(ROOT) if outcome.test.is_relative_to(ROOT) else outcome.test
        if outcome.changed:
            print(f"updated {name}")
        if outcome.problems:
            failed += 1
            print(f"FAILED {name}")
            for problem in outcome.problems:
                print("  " + problem.replace("\n", "\n  "))
    for path in orphans(paths):
        if arguments.update:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            print(f"removed {path.relative_to(ROOT)}")
        else:
            failed += 1
            print(f"FAILED {path.relative_to(ROOT)}: its test is gone")
    print(f"{len(tests)} tests, {failed} failed")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
