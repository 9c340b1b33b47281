#!/usr/bin/env python3
"""Measures the primitives of runtime/async next to Asio's, and next to Go's and tokio's when those are installed.

usage: compare.py BENCH [--peers DIR] [--check] [--rounds N]

BENCH is build/release/bench/async_bench. With --peers the programs of tests/bench/async/peers are built in DIR and run,
those for which `go`, or `cargo` with tokio in Debian's registry, is there. Rounds alternate between the programs, the
best of each is shown: nanoseconds of the processor for what runs on one thread, of the clock for what runs on two. --check
exits 1 when a ratio to a peer is above its bar.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
REGISTRY = pathlib.Path("/usr/share/cargo/registry")
# name, what it is, the bar in ratios to Asio, to Go and to tokio; None: not compared
ROWS = [
    ("spawn_join", "spawn and join", 0.4, 0.5, 0.6),
    ("channel/128", "message through a bounded channel, one thread", 0.2, 0.8, 0.6),
    ("shared_channel_loops", "message through a channel, two threads", None, None, None),
    ("yield", "yield", 0.3, 0.5, 0.3),
    ("oneshot", "oneshot", None, None, 0.6),
    ("mutex", "mutex, nobody waits", None, None, 0.8),
    ("semaphore", "semaphore, nobody waits", None, None, 0.8),
    ("timer", "timer, started and stopped", 0.3, 1.0, 0.6),
]
ASIO = {"spawn_join": "asio_spawn_join", "channel/128": "asio_channel/128", "yield": "asio_yield", "timer": "asio_timer"}


def run_ours(bench):
    names = "|".join([name for name, *_ in ROWS] + list(ASIO.values()))
    done = subprocess.run([bench, f"--benchmark_filter=^({names})(/real_time)?$", "--benchmark_min_time=0.2",
                           "--benchmark_format=json"], check=True, capture_output=True, text=True)
    times = {}
    for each in json.loads(done.stdout)["benchmarks"]:
        clock = "real_time" if each["name"].endswith("/real_time") else "cpu_time"
        times[each["name"].removesuffix("/real_time")] = each[clock]
    return times


def run_peer(program):
    done = subprocess.run([program], check=True, capture_output=True, text=True)
    return {name: float(time) for name, time in (line.split() for line in done.stdout.splitlines())}


def build_go(folder):
    if not shutil.which("go"):
        return None
    program = folder / "go_peer"
    subprocess.run(["go", "build", "-o", program, PEERS / "go" / "main.go"], check=True)
    return program


def build_tokio(folder):
    cargo = shutil.which("cargo", path="/usr/bin") or shutil.which("cargo")
    if not cargo or not any(REGISTRY.glob("tokio-1*")):
        return None
    project = folder / "tokio"
    shutil.copytree(PEERS / "tokio", project, dirs_exist_ok=True)
    (project / ".cargo").mkdir(exist_ok=True)
    (project / ".cargo" / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\n' f'directory = "{REGISTRY}"\n', encoding="utf-8")
    subprocess.run([cargo, "build", "--release", "--offline", "--quiet"], cwd=project, check=True,
                   env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})
    return project / "target" / "release" / "tokio_peer"


def best(rounds):
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path, metavar="BENCH")
    parser.add_argument("--peers", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    programs = {}
    if options.peers:
        options.peers.mkdir(parents=True, exist_ok=True)
        programs = {"Go": build_go(options.peers.resolve()), "tokio": build_tokio(options.peers.resolve())}
    programs = {name: program for name, program in programs.items() if program}
    ours, peers = [], {name: [] for name in programs}
    for _ in range(options.rounds):
        ours.append(run_ours(options.bench))
        for name, program in programs.items():
            peers[name].append(run_peer(program))
    own = best(ours)
    times = {"Asio": {name: own[asio] for name, asio in ASIO.items()}} | {name: best(each) for name, each in peers.items()}

    failed = False
    print("| | ns | " + " | ".join(times) + " |\n" + "|---" * (2 + len(times)) + "|")
    for name, text, *bars in ROWS:
        cells = [f"{own[name]:.1f}"]
        for peer, bar in zip(("Asio", "Go", "tokio"), bars):
            if peer not in times:
                continue
            other = times[peer].get(name)
            cells.append(f"{other:.1f}" if other else "-")
            if other and bar and own[name] > bar * other:
                failed = True
                print(f"{name}: {own[name]:.1f} ns is more than {bar} of {peer}'s {other:.1f} ns", file=sys.stderr)
        print(f"| {text} | " + " | ".join(cells) + " |")
    return 1 if failed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
