#!/usr/bin/env python3
"""One read and one write a request: a service from crud.flow next to the same by hand, on SQLite and PostgreSQL.

Both run in the same rounds, in turn, on the same statements and as many connections; what counts is the ratio of the medians of
their p50 and p95, and how far the ratios of single rounds are apart is printed beside it. The load is one request in flight on each
of its connections.

The server of PostgreSQL has a processor to itself, and the service, ours or the other, shares one with the load: where the kernel
puts them otherwise, which changes from round to round, decides more than what they do. `--unpinned` leaves it to the kernel.

    tests/bench/crud/crud.py build/release/bench
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cli"))
import postgresql  # noqa: E402

ROWS = 1000
TARGET = 1.05


def start(command, **more):
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, **more)
    line = process.stdout.readline()
    if "http://" not in line:
        process.kill()
        sys.exit(f"{command[0]} did not start: {line}")
    return process, line.rsplit("http://", 1)[1].strip()


def stop(process):
    process.terminate()
    process.wait(timeout=10)


def fill_sqlite(path):
    import sqlite3
    with sqlite3.connect(path) as database:
        database.execute("pragma journal_mode = wal")
        database.executescript((pathlib.Path(__file__).parent / "schema.sql").read_text())
        database.executemany("insert into item values (?, ?, 0)", [(n, f"item {n}") for n in range(1, ROWS + 1)])
    database.close()


def measure(load, address, connections, requests):
    output = subprocess.run([load, address, str(connections), str(requests)], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    return [float(part) for part in output.split()]


def compare(bench, url, arguments, between=lambda: None):
    """The medians of p50 and p95, ours and by hand, and the worse of the two ratios. `between` comes ahead of each round."""
    flow, flow_address = start([bench / "crud", "--listen", "127.0.0.1:0", "--workers", "1"],
                               env={"DATABASE_URL": url, "PATH": "/usr/bin"})
    hand, hand_address = start([bench / "crud_by_hand", "0", url])
    load = bench / "crud_load"
    found = {"flow": [], "hand": []}
    try:
        for address in (flow_address, hand_address):
            measure(load, address, arguments.connections, arguments.requests)
        for turn in range(arguments.rounds):
            between()
            pairs = [("flow", flow_address), ("hand", hand_address)]
            for name, address in pairs if turn % 2 == 0 else reversed(pairs):
                found[name].append(measure(load, address, arguments.connections, arguments.requests))
    finally:
        stop(flow)
        stop(hand)
    ratios = []
    for column, name in enumerate(("p50", "p95")):
        ours, theirs = (statistics.median(round_[column] for round_ in found[who]) for who in ("flow", "hand"))
        ratios.append(ours / theirs)
        low, _, high = statistics.quantiles((flow_[column] / hand_[column] for flow_, hand_ in zip(found["flow"], found["hand"])), n=4)
        print(f"  {name}: {ours:7.1f} us, by hand {theirs:7.1f} us: {ours / theirs:.3f}, half of the rounds {low:.3f} to {high:.3f}")
    rates = [statistics.median(round_[2] for round_ in found[who]) for who in ("flow", "hand")]
    print(f"  {rates[0]:.0f} requests/s, by hand {rates[1]:.0f}")
    return max(ratios)


def on_postgresql(arguments):
    processors = sorted(os.sched_getaffinity(0))
    pinned = not arguments.unpinned and len(processors) > 1
    # Whoever is started inherits it.
    if pinned:
        os.sched_setaffinity(0, processors[1:2])
    server = postgresql.Server()
    try:
        if pinned:
            os.sched_setaffinity(0, processors[:1])
        server.query((pathlib.Path(__file__).parent / "schema.sql").read_text() +
                     f"insert into item select n, 'item ' || n, 0 from generate_series(1, {ROWS}) n;"
                     "alter table item set (autovacuum_enabled = off);")
        # Each round finds the table as the one before did.
        return compare(arguments.bench, server.url(), arguments, between=lambda: server.query("vacuum item"))
    finally:
        server.stop()
        os.sched_setaffinity(0, processors)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path, help="the folder of crud, crud_by_hand and crud_load")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--requests", type=int, default=5000, help="of a round")
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--unpinned", action="store_true", help="the kernel may move all of it")
    parser.add_argument("--check", action="store_true", help=f"exit 1 when a ratio is above {TARGET}")
    arguments = parser.parse_args()
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "crud.db"
        fill_sqlite(path)
        print("SQLite")
        worst = max(worst, compare(arguments.bench, f"sqlite:{path}", arguments))
    if postgresql.binaries() is None:
        print("PostgreSQL is not installed")
    else:
        print("PostgreSQL")
        worst = max(worst, on_postgresql(arguments))
    if arguments.check and worst > TARGET:
        sys.exit(1)


if __name__ == "__main__":
    main()
