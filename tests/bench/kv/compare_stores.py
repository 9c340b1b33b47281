#!/usr/bin/env python3
"""Writes and reads a second of each store of `kv`, one worker, in turn: with 64 operations in flight, and with one.

usage: compare_stores.py KV_STORES_BENCH [ROUNDS]
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile

import compare_redis

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cli"))
import postgresql  # noqa: E402


def measure(program, url, count, in_flight):
    out = subprocess.run([program, url, str(count), str(in_flight)], check=True, capture_output=True, text=True).stdout
    return {name: float(number) for name, number in map(str.split, out.splitlines())}


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder, compare_redis.server(folder) as redis:
        postgres = postgresql.Server()
        try:
            stores = {"memory": "memory:", "Redis": f"redis://127.0.0.1:{redis}", "SQLite": f"sqlite:{folder}/kv.db",
                      "SQLite, synchronous": f"sqlite:{folder}/full.db?synchronous=full", "PostgreSQL": postgres.url()}
            for in_flight, count in ((64, 50_000), (1, 3_000)):
                taken = {name: [] for name in stores}
                for _ in range(rounds):
                    for name, url in stores.items():
                        taken[name].append(measure(program, url, count, in_flight))
                print(f"{in_flight} in flight")
                for name, runs in taken.items():
                    middle = {each: statistics.median(run[each] for run in runs) for each in ("set", "get")}
                    print(f"  {name:20} set {middle['set']:10,.0f}/s   get {middle['get']:10,.0f}/s")
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
