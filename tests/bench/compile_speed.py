#!/usr/bin/env python3
"""Measures zerver-compile: time and memory by the size of the input, and the start on a tiny file.

Prints a table in Markdown. With --enforce, exits 1 when a bar of docs/performance.md is missed; times are then those of
the processor, so that other work on the machine counts less. Each figure is the best of --runs.
"""

import argparse
import dataclasses
import os
import pathlib
import sys
import tempfile
import time

import generate_flow

TINY = 'package tiny;\n\nflow tiny on GET "/" public {\n  return 200 "tiny" as text;\n}\n'

MAX_SECONDS = 2.0  # --check of 100,000 lines
MAX_GROWTH = 11.0  # of time, for ten times the input
MAX_START = 0.010  # seconds, tiny file


@dataclasses.dataclass
class Cost:
    wall: float  # seconds
    processor: float  # seconds, user and system
    memory: int  # bytes, at the peak

    def best(self, other):
        return Cost(min(self.wall, other.wall), min(self.processor, other.processor), min(self.memory, other.memory))


def run_once(command):
    # posix_spawn and wait4, so that nothing but the program itself is measured.
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], [str(word) for word in command], os.environ)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"compile_speed: {' '.join(map(str, command))} failed")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def measure(command, runs):
    cost = run_once(command)
    for _ in range(runs - 1):
        cost = cost.best(run_once(command))
    return cost


def row(name, lines, size, cost):
    # Below a megabyte of input the memory is that of the program itself, and of the interpreter that started it.
    memory = f"{cost.memory / 2**20:.1f} MiB | {cost.memory / size:.1f}" if size > 2**20 else "- | -"
    print(f"| {name} | {lines:,} | {size / 1024:,.0f} KiB | {cost.wall * 1000:,.1f} ms | {cost.processor * 1000:,.1f} ms "
          f"| {lines / cost.processor:,.0f} | {memory} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", type=pathlib.Path, required=True)
    parser.add_argument("--lines", type=int, default=100_000, help="the largest input (%(default)s)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--max-memory", type=float, default=20.0, help="times the size of the input (%(default)s)")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args()
    compiler = arguments.compiler.resolve()

    problems = []
    print("| command | lines | input | wall | processor | lines/s of processor | memory | memory/input |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def measure_text(name, text, *options, runs=arguments.runs):
            path = folder / "bench.flow"
            path.write_text(text)
            cost = measure([compiler, *options, path], runs)
            row(name, text.count("\n"), len(text), cost)
            return cost

        start = measure_text("`--check`, tiny", TINY, "--check", runs=arguments.runs * 10)
        costs = []
        for lines in [arguments.lines // 100, arguments.lines // 10, arguments.lines]:
            text = generate_flow.generate(lines)
            costs.append(measure_text("`--check`", text, "--check"))
        measure_text("all of the C++", text, "-o", folder / "out", runs=min(arguments.runs, 3))

    growth = costs[2].processor / costs[1].processor
    print(f"\n10 times the input costs {growth:.1f} times the time.")
    if start.processor > MAX_START:
        problems.append(f"the start takes {start.processor * 1000:.1f} ms, more than {MAX_START * 1000:.0f}")
    if costs[2].processor > MAX_SECONDS * arguments.lines / 100_000:
        problems.append(f"{arguments.lines:,} lines take {costs[2].processor:.2f} s")
    if growth > MAX_GROWTH:
        problems.append(f"not linear: 10 times the input costs {growth:.1f} times the time")
    if costs[2].memory > arguments.max_memory * len(text):
        problems.append(f"the memory is {costs[2].memory / len(text):.1f} times the input")
    if arguments.enforce and problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
