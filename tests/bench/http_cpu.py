#!/usr/bin/env python3
"""CPU time per request of a server, next to a canned-answer Asio server's in the same run.

The server runs on one core, the load on another; 64 connections, one request in flight on each and then 16. What counts is the
processor time that the server's threads used (user and system, from the scheduler) over the requests that were answered: wrk and
other clients saturate before a fast server does, so throughput says little. Rounds alternate between the two servers, and the
ratio is that of the medians.

    tests/bench/http_cpu.py build/release/bin/hello
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

CONNECTIONS = 64
TARGETS = {1: 1.15, 16: 1.5}
SKIPPED = 77  # what CTest takes for it


def start(command, core):
    """A server pinned to a core, and the address that it prints."""
    process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if "http://" not in line:
        process.kill()
        sys.exit(f"{command[0]} did not start")
    return process, line.rsplit("http://", 1)[1].strip()


def cpu_seconds(pid):
    """Processor time of all threads of a process."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def measure(load, process, address, path, depth, seconds, core):
    before = cpu_seconds(process.pid)
    output = subprocess.run(
        ["taskset", "-c", str(core), load, address, path, str(CONNECTIONS), str(depth), str(seconds)],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    used = cpu_seconds(process.pid) - before
    answered, _, rate = output.split()
    return used / int(answered) * 1e6, float(rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="the program to measure; takes --listen and --workers")
    parser.add_argument("--bench-dir", help="where canned_asio and http_load are (default: ../bench of the server)")
    parser.add_argument("--path", default="/plaintext")
    parser.add_argument("--seconds", type=float, default=2.0, help="of one round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="exit 1 when a ratio is above its target")
    arguments = parser.parse_args()
    if not {arguments.server_core, arguments.load_core} <= os.sched_getaffinity(0):
        print("two cores are needed: one for the server, one for the load", file=sys.stderr)
        sys.exit(SKIPPED)

    bench = pathlib.Path(arguments.bench_dir or pathlib.Path(arguments.server).resolve().parent.parent / "bench")
    load = str(bench / "http_load")
    canned, canned_address = start([str(bench / "canned_asio"), "0"], arguments.server_core)
    server, server_address = start([arguments.server, "--listen", "127.0.0.1:0", "--workers", "1"], arguments.server_core)
    failed = False
    try:
        for depth, target in TARGETS.items():
            costs = {"canned": [], "server": []}
            rates = {"canned": [], "server": []}
            for _ in range(arguments.rounds):
                for name, process, address in (("canned", canned, canned_address), ("server", server, server_address)):
                    cost, rate = measure(load, process, address, arguments.path, depth, arguments.seconds, arguments.load_core)
                    costs[name].append(cost)
                    rates[name].append(rate)
            medians = {name: statistics.median(values) for name, values in costs.items()}
            ratio = medians["server"] / medians["canned"]
            failed = failed or ratio > target
            print(f"depth {depth:2}: canned {medians['canned']:.3f} us ({statistics.median(rates['canned']):,.0f}/s), "
                  f"server {medians['server']:.3f} us ({statistics.median(rates['server']):,.0f}/s), "
                  f"ratio {ratio:.2f} (target {target})", flush=True)
    finally:
        for process in (canned, server):
            process.terminate()
            process.wait()
    if arguments.check and failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
