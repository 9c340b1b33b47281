#!/usr/bin/env python3
r"""Structs into a table: `values {rows}` of a list and of a stream, beside one JSON text and, on PostgreSQL, `\copy` of psql with the
same rows.

All run in turn, in one table that is emptied in between; what is printed is the median of the runs.

    tests/bench/sql/bulk.py build/release/bench [--rows 100000]
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cli"))
import postgresql  # noqa: E402


def ours(bench, url, rows, runs):
    output = subprocess.run([bench / "sql_bulk_bench", url, str(rows), str(runs)], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    taken = {}
    for line in output.splitlines():
        name, milliseconds = line.split()
        taken.setdefault(name, []).append(float(milliseconds))
    return taken


def psql(server, rows, runs):
    """`\copy` of what the table of the other runs held, in its time as psql has it, its start apart."""
    taken = []
    with tempfile.NamedTemporaryFile(mode="w", suffix=".txt") as file:
        for row in range(rows):
            second, microsecond = divmod(1_700_000_000_000_000 + row * 1_000_003, 1_000_000)
            at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)) + f".{microsecond:06d}Z"
            file.write(f"{row}\tline number {row}, as people write them\t{row % 1000}\t{row / 8}\t{at}\n")
        file.flush()
        for _ in range(runs):
            said = subprocess.run(["psql", "-qAtX", server, "-c", "\\timing on", "-c", f"\copy line from '{file.name}'",
                                   "-c", "\\timing off", "-c", "delete from line"],
                                  stdout=subprocess.PIPE, text=True, check=True).stdout
            taken.append(float(said.split("Time: ")[1].split()[0].replace(",", ".")))
    return taken


def show(title, taken, rows):
    print(title)
    least = statistics.median(taken["copy"])
    for name, runs in taken.items():
        middle = statistics.median(runs)
        print(f"  {name:6} {middle:9.1f} ms  {rows / middle * 1000:11,.0f} rows/s  {middle / least:5.2f} of copy")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        show("SQLite", ours(arguments.bench, f"sqlite:{folder}/bulk.db", arguments.rows, arguments.runs), arguments.rows)
    if postgresql.binaries() is None:
        sys.exit("PostgreSQL is not installed")
    server = postgresql.Server()
    try:
        taken = ours(arguments.bench, server.url(), arguments.rows, arguments.runs)
        taken["psql"] = psql(server.url(), arguments.rows, arguments.runs)
        show("PostgreSQL", taken, arguments.rows)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
