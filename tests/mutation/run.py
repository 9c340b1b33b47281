#!/usr/bin/env python3
"""Breaks files that are clean, in ways that are wrong by construction: the compiler has to see each of them.

usage: run.py --compiler ZERVER-COMPILE [--only OPERATOR] [--most N] [--files N] [--show]

The files are the samples, those of tests/valid and of `corpus`, and the goldens and snippets of the documents in which
nothing is found.
Each operator (a function in *_operators.py) changes them where its precondition holds. A mutant is killed when a
diagnostic of the operator's family stands on a line that the change made wrong. Prints a table of operators and exits 1
when a mutant survives, a file of the corpus is not clean, or an operator finds nothing to change.
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
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "docs")]

from fences import fences_of  # noqa: E402
from flow_text import File  # noqa: E402
import mutant as mutants  # noqa: E402
import proof_operators  # noqa: E402, F401
import shape_operators  # noqa: E402, F401
import slot_operators  # noqa: E402, F401


def families(root):
    """Code -> family, of the registry."""
    found = {}
    for path in sorted((root / "compiler/diagnostics/explain").glob("*/*.md")):
        found[path.stem] = path.parent.name
    return found


class Compiler:
    def __init__(self, program):
        self.program = program

    def check(self, text, include):
        """(line, code) of what is found, or None for a crash."""
        with tempfile.TemporaryDirectory() as folder:
            # Beside the original's neighbours: schemas are found relative to the file.
            for directory in include:
                for neighbour in pathlib.Path(directory).glob("*.sql"):
                    (pathlib.Path(folder) / neighbour.name).write_bytes(neighbour.read_bytes())
            path = pathlib.Path(folder) / "mutant.flow"
            path.write_text(text, encoding="utf-8")
            command = [self.program, "--check", "--diagnostics=json", *(f"-I{directory}" for directory in include),
                       str(path)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            if done.returncode not in (0, 1):
                return None
            found = []
            for line in done.stderr.splitlines():
                entry = json.loads(line)
                inside = entry["file"] == str(path)
                found.append((entry["begin"]["line"] if inside else 0, entry["code"]))
            return found


def snippets():
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        whole = []
        for fence in fences_of(path):
            mode = fence.info.partition("=")[0]
            if fence.language != "flow" or mode not in ("", "continue", "check"):
                continue
            whole = whole + fence.lines if mode == "continue" else list(fence.lines)
            yield f"{path.relative_to(ROOT)}:{fence.line}", "\n".join(whole) + "\n", [str(path.parent)]


def files():
    """(name, text, include path, whether it has to be clean)."""
    for path in sorted((ROOT / "samples").glob("*/*.flow")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), [str(path.parent)], True
    for path in sorted((HERE / "corpus").glob("*.flow")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), [str(path.parent)], True
    for path in sorted((ROOT / "tests/valid").glob("*/*.flow")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), \
            [str(path.parent / "imports"), str(path.parent)], True
    for path in sorted((ROOT / "tests/golden").glob("*/*.flow")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name.startswith("fail_") or "// options:" in text or path.with_name(path.name + ".expected").exists():
            continue
        yield str(path.relative_to(ROOT)), text, [str(path.parent / "imports"), str(path.parent)], False
    for name, text, include in snippets():
        yield name, text, include, False


def clean_files(compiler, pool):
    candidates = list(files())
    results = list(pool.map(lambda entry: compiler.check(entry[1], entry[2]), candidates))
    clean, problems = [], []
    for (name, text, include, has_to_be), found in zip(candidates, results):
        if not found and found is not None:
            clean.append(File(name, text, include))
        elif has_to_be:
            problems.append(f"{name} is not clean: {found}")
    return clean, problems


def is_killed(mutant, found, family_of):
    return found is not None and any(line in mutant.lines and family_of.get(code) in mutant.families
                                     for line, code in found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--only", help="one operator")
    parser.add_argument("--most", type=int, default=2, help="mutants of one file by one operator (2)")
    parser.add_argument("--files", type=int, default=0, help="change at most so many by one operator (0: all)")
    parser.add_argument("--show", action="store_true", help="print the mutants that survive as a whole")
    options = parser.parse_args()
    compiler = Compiler(options.compiler)
    family_of = families(ROOT)
    operators = [operator for operator in mutants.OPERATORS if options.only in (None, operator.name)]
    for operator in list(operators):
        if not set(operator.families) & set(family_of.values()):
            print(f"{operator.name:28} {'/'.join(operator.families):14} nothing is checked yet")
            operators.remove(operator)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        clean, problems = clean_files(compiler, pool)
        made = []
        for operator in operators:
            by_file = [some for some in (list(operator(file))[:options.most] for file in clean) if some]
            step = max(1, len(by_file) // options.files) if options.files else 1
            for some in by_file[::step]:
                made += some
        found = list(pool.map(lambda mutant: compiler.check(mutant.text, mutant.file.include), made))

    score = {operator.name: [0, 0] for operator in operators}
    for mutant, result in zip(made, found):
        killed = is_killed(mutant, result, family_of)
        score[mutant.operator][0] += killed
        score[mutant.operator][1] += 1
        if not killed:
            problems.append(f"{mutant.operator} survives in {mutant.file.path}: {mutant.what}; wanted "
                            f"{'/'.join(sorted(mutant.families))} on {sorted(mutant.lines)}, found {result}")
            if options.show:
                problems.append(mutant.text)
    problems += [f"{name} finds nothing to change" for name, (_, count) in score.items() if count == 0]
    for operator in operators:
        killed, count = score[operator.name]
        print(f"{operator.name:28} {'/'.join(operator.families):14} {killed:4} of {count:4}")
    killed, count = (sum(column) for column in zip(*score.values()))
    print("\n".join([*problems, f"{len(clean)} files, {count} mutants, {killed} killed, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
