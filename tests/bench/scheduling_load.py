#!/usr/bin/env python3
"""How a service behaves under load: fairness between classes, overload, and many idle connections.

The service (tests/bench/load/load_service.cc) runs on one core, the load (open_load.cc) on another. Requests come
as a Poisson process, whether or not earlier ones are answered, and latency counts from when they were due.

    tests/bench/scheduling_load.py fairness|overload|degraded|idle [--check] [--ahead]

With --ahead, which takes root, load and service have real-time priorities, batch workers the lowest of them: what else
runs on the machine does not count, and the threads are to each other what they were.

fairness  75 % load, a tenth of it batch work in pieces of 20 ms: the 99th percentile of the interactive class is at
          most 1.5 times its 95th, and every batch request is answered. Three times: as above, with requests at equal
          distances, and as a service is by default, with as many workers and batch workers as processors, which the
          load shares.
overload  three times what the service can do: at least 90 % of that is done, the 99th percentile of what is admitted
          is within its deadline, and memory stays within 8 MiB.
degraded  the same load for a flow with `on overload`: as much is done, nobody is refused, and whoever gets less gets it
          within 250 ms too.
idle      10,000 connections that are silent take less than 4 KiB each; then all of them send requests, and none fails.
"""

import argparse
import heapq
import os
import pathlib
import random
import resource
import socket
import subprocess
import sys
import time

SKIPPED = 77  # what CTest takes for it
QUICK_SECONDS = 500e-6
CRUNCH_SECONDS = 20e-3
DEADLINE_US = 250e3
LOAD_PRIORITY, WORKER_PRIORITY, BATCH_PRIORITY = 3, 2, 1  # with --ahead; the load sleeps then


class Service:
    """On these cores, with a worker and a batch worker for each, until the block ends."""

    def __init__(self, bench, cores="0", workers=1, ahead=False):
        self.process = subprocess.Popen(["taskset", "-c", cores, bench / "load_service", str(workers), str(workers)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        batch = []
        while len(batch) < workers:  # they say so themselves, as soon as they run
            tasks = list(map(int, os.listdir(f"/proc/{self.process.pid}/task")))
            batch = [task for task in tasks if os.sched_getscheduler(task) in (os.SCHED_IDLE, os.SCHED_BATCH)]
        self.workers = [task for task in tasks if task not in batch]
        if ahead:
            for task in tasks:
                priority = BATCH_PRIORITY if task in batch else WORKER_PRIORITY
                os.sched_setscheduler(task, os.SCHED_FIFO, os.sched_param(priority))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def waited_seconds(self):
        """Time for which workers could run and did not, because their processor was somebody else's."""
        files = [pathlib.Path(f"/proc/{self.process.pid}/task/{task}/schedstat") for task in self.workers]
        return sum(int(file.read_text().split()[1]) for file in files) / 1e9

    def memory(self):
        """Bytes of the process that are in memory."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        sys.exit("no VmRSS")


def load(bench, service, connections, seconds, *streams, cores="1", ahead=False):
    """Figures by path."""
    command = ["taskset", "-c", cores, bench / "open_load", service.address, str(connections), str(seconds), *streams]
    if ahead:
        command = ["chrt", "-f", str(LOAD_PRIORITY), *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures = {}
    for line in done.stdout.splitlines():
        print("  " + line)
        words = line.split()
        figures[words[0]] = {name: float(value) for name, value in zip(words[1::2], words[2::2])}
    return figures


def capacity(bench, service, seconds=2, *how, **where):
    """Requests for /quick that are answered in a second when there are always some: what is 100 % load."""
    print("capacity:")
    figures = load(bench, service, 16, seconds, *how, "/quick:100000", **where)
    return figures["/quick"]["ok"] / seconds


def stolen_seconds():
    """Processor time that the machine was promised and did not get, since its start."""
    words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(words[8]) / os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


def perfect_server(load, processors, requests=200_000):
    """p99 / p95 of a server without any overhead that is this loaded with the same kind of requests, each of which goes
    to the processor that is free first: M/D/c. No server with such clients can do better by much."""
    source = random.Random(1)
    now = 0.0
    free = [0.0] * processors  # when each of them is
    latencies = []
    for _ in range(requests):
        now += source.expovariate(load * processors)
        ends = max(now, heapq.heappop(free)) + 1
        heapq.heappush(free, ends)
        latencies.append(ends - now)
    return percentile(latencies, 0.99) / percentile(latencies, 0.95)


def fairness_of(bench, seconds, ahead, title, workers, service_cores, load_cores, *how):
    print(f"{title}:")
    with Service(bench, service_cores, workers, ahead) as service:
        full = capacity(bench, service, 2, *how, cores=load_cores, ahead=ahead)
        quick = 0.75 * 0.9 * full
        crunch = 0.75 * 0.1 * full * QUICK_SECONDS / CRUNCH_SECONDS
        print(f"75 % load: /quick {quick:.0f}/s, /crunch {crunch:.2f}/s")
        stolen, waited = stolen_seconds(), service.waited_seconds()
        figures = load(bench, service, 256, seconds, *how, f"/quick:{quick}", f"/crunch:{crunch}", cores=load_cores, ahead=ahead)
        stolen, waited = stolen_seconds() - stolen, service.waited_seconds() - waited
    ratio = figures["/quick"]["p99"] / figures["/quick"]["p95"]
    lost = sum(figures[path]["refused"] + figures[path]["failed"] for path in figures)
    typical = figures["/quick"]["typical"]
    floor = 1 if "--even" in how else perfect_server(0.75 * 0.9, workers)
    print(f"p99 / p95 of /quick: {ratio:.2f} (at most 1.5; a perfect server {floor:.2f}), in the median second {typical:.2f}; not answered: {lost:.0f}; "
          f"/crunch takes at most {figures['/crunch']['max'] / 1000:.0f} ms")
    late = figures["/quick"]["late"] / figures["/quick"]["sent"]
    print(f"workers waited {1000 * waited:.0f} ms for a processor that others had, and the machine {1000 * stolen:.0f} ms for one; "
          f"{100 * late:.1f} % of the load came late")
    return ratio <= 1.5 and lost == 0


def fairness(bench, seconds, ahead=False):
    count = os.cpu_count()
    every = f"0-{count - 1}"
    # One that never sleeps gets no more than 95 % of its processor with a real-time priority.
    how = ["--sleep"] if ahead else []
    runs = [("random arrivals, one core", 1, "0", "1", *how),
            ("even arrivals, one core", 1, "0", "1", "--even", *how),
            ("random arrivals, default layout", count, every, every, "--sleep")]
    return all([fairness_of(bench, seconds, ahead, *run) for run in runs])


def overload(bench, seconds):
    with Service(bench) as service:
        full = capacity(bench, service)
        print(f"three times that: /quick {3 * full:.0f}/s")
        load(bench, service, 1024, 2, f"/quick:{3 * full}")
        before = service.memory()
        quick = load(bench, service, 1024, seconds, f"/quick:{3 * full}")["/quick"]
        after = service.memory()
    goodput = quick["ok"] / seconds / full
    print(f"goodput {100 * goodput:.0f} % of capacity (at least 90); p99 {quick['p99'] / 1000:.0f} ms (at most {DEADLINE_US / 1000:.0f}); "
          f"memory {before >> 10} -> {after >> 10} KiB")
    return goodput >= 0.9 and quick["p99"] <= DEADLINE_US and after < before + (8 << 20) and quick["failed"] == 0


def degraded(bench, seconds):
    with Service(bench) as service:
        full = capacity(bench, service)
        print(f"three times that: /kind {3 * full:.0f}/s")
        load(bench, service, 1024, 2, f"/kind:{3 * full}")
        kind = load(bench, service, 1024, seconds, f"/kind:{3 * full}")["/kind"]
    goodput = kind["ok"] / seconds / full
    print(f"goodput {100 * goodput:.0f} % of capacity (at least 90), {kind['degraded'] / seconds:.0f}/s with less; "
          f"p99 {kind['p99'] / 1000:.0f} ms (at most {DEADLINE_US / 1000:.0f}); refused: {kind['refused'] + kind['failed']:.0f}")
    return goodput >= 0.9 and kind["p99"] <= DEADLINE_US and kind["degraded"] > 0 and kind["refused"] + kind["failed"] == 0


def idle(bench, count=10_000):
    limit, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 200:
        print(f"the hard limit of open files is {hard}")
        sys.exit(SKIPPED)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit, count + 200), hard))
    request = b"GET /ping HTTP/1.1\r\nHost: test\r\n\r\n"

    def ask(client):
        client.sendall(request)
        answer = client.recv(4096)
        return answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"done")

    with Service(bench) as service:
        host, port = service.address.rsplit(":", 1)
        first = socket.create_connection((host, int(port)))
        ask(first)
        before = service.memory()
        clients = [socket.create_connection((host, int(port))) for _ in range(count)]
        ask(first)
        silent = (service.memory() - before) / count
        failed = 0
        for _ in range(3):  # all of them at once
            for client in clients:
                client.sendall(request)
            for client in clients:
                answer = client.recv(4096)
                failed += not (answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"done"))
        time.sleep(2)  # they fall silent
        afterwards = (service.memory() - before) / count
        for client in clients:
            client.close()
    print(f"{count} connections: {silent:.0f} bytes each before they speak, {afterwards:.0f} after (less than 4096); "
          f"{failed} of {3 * count} requests failed")
    return silent < 4096 and afterwards < 4096 and failed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["fairness", "overload", "degraded", "idle"])
    parser.add_argument("--bench-dir", type=pathlib.Path, default=pathlib.Path("build/release/bench"))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--ahead", action="store_true", help="fairness with real-time priorities")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure is not what it should be")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        print("this needs two processors")
        sys.exit(SKIPPED)
    if options.what == "idle":
        good = idle(options.bench_dir)
    elif options.what == "fairness":
        good = fairness(options.bench_dir, options.seconds, options.ahead)
    else:
        good = {"overload": overload, "degraded": degraded}[options.what](options.bench_dir, options.seconds)
    sys.exit(1 if options.check and not good else 0)


if __name__ == "__main__":
    main()
