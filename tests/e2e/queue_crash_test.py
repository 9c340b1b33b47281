"""Workers of one queue, killed at random: no job is lost, none is held by two at a time, each that is exhausted
is one dead letter.

    queue_crash_test.py sqlite|postgres|redis|nats [WORKERS [JOBS [KILLS]]] [restart]

`restart`: the server of the store is killed, too, twice, and comes back with what it has kept.
"""

import collections
import contextlib
import queue
import random
import signal
import subprocess
import sys
import threading
import time

import backing
from service import BIN, TIMEOUT, folder

WORKER = BIN.parent / "tests" / "queue_worker"
# Each worker is a connection, and one that is killed has its own for a moment more.
SETTINGS = {"postgres": ["max_connections=200"]}
# Far above what this takes: passing it is a failure, not a measurement.
PATIENCE = 900
PROBES = 100  # jobs that are put from when the server is gone
RECOVERY = 5  # seconds from the server's restart to the first job that is put


class Workers:
    def __init__(self, url, path, count):
        self.url, self.path = url, path
        self.logs = 0
        self.processes = [self.start() for _ in range(count)]

    def start(self):
        self.logs += 1
        return subprocess.Popen([WORKER, self.url, "work", self.path / f"work-{self.logs}.log"])

    def kill_one(self, chance):
        position = chance.randrange(len(self.processes))
        self.processes[position].send_signal(signal.SIGKILL)
        self.processes[position].wait()
        self.processes[position] = self.start()

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


def read(path, pattern):
    for log in sorted(path.glob(pattern)):
        for line in log.read_text().splitlines():
            yield line.split()


def listed(url):
    lines = subprocess.run([WORKER, url, "list"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [int(word) for word in lines[0].split()], [line.split() for line in lines[1:]]


class Putter:
    """Puts jobs from begin() on, and says when that begins to fail and when it works again. Ends with its `with` block."""

    def __init__(self, url, log, jobs):
        self.process = subprocess.Popen([WORKER, url, "put", log, str(jobs)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.log = log
        self.said = queue.Queue()
        self.reader = threading.Thread(target=lambda: [self.said.put(line.strip()) for line in self.process.stdout])
        self.reader.start()

    def __enter__(self):
        self.wait_for("ready")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def begin(self):
        self.process.stdin.close()

    def is_done(self):
        return self.process.poll() is not None

    def count(self):
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0

    def wait_for(self, word):
        while self.said.get(timeout=TIMEOUT) != word:
            pass


def fail(server, busy, log, count):
    """Kills the server when `busy` has put so many; how long it takes after its restart until jobs are put again."""
    with Putter(server.url, log, PROBES) as probe:
        while busy.count() < count and not busy.is_done():
            listed(server.url)
        server.kill()
        probe.begin()
        probe.wait_for("failed")
        server.start()
        restarted = time.monotonic()
        probe.wait_for("works")
        recovery = time.monotonic() - restarted
        assert probe.process.wait(TIMEOUT) == 0
        return recovery


def run(url, path, workers, jobs, kills, server=None):
    chance = random.Random(7)
    began = time.monotonic()
    # While some are put, others are worked at.
    crew = Workers(url, path, workers)
    recoveries = []
    try:
        with Putter(url, path / "put.log", jobs) as putter:
            putter.begin()
            for part in (0.1, 0.4) if server is not None else ():
                recoveries.append(fail(server, putter, path / f"put-{part}.log", part * jobs))
            killed = 0
            while True:
                if killed < kills:
                    crew.kill_one(chance)
                    killed += 1
                (waiting, running, _), _ = listed(url)
                if putter.is_done() and killed == kills and waiting + running == 0:
                    break
                assert time.monotonic() - began < PATIENCE, (waiting, running, killed)
            assert putter.process.returncode == 0
    finally:
        crew.end()
    assert all(seconds < RECOVERY for seconds in recoveries), recoveries
    check(url, path, jobs + len(recoveries) * PROBES, bool(recoveries))
    print(f"{workers} workers, {jobs} jobs, {killed} kills, back after {recoveries}: {time.monotonic() - began:.1f} s")


def check(url, path, jobs, has_failed):
    put = {line[1]: line[2] for line in read(path, "put*.log") if line[0] == "P"}
    failed = {line[1]: line[2] for line in read(path, "put*.log") if line[0] == "F"}
    assert len(put) == jobs, len(put)
    assert bool(failed) == has_failed, f"{len(failed)} could not be put"
    done, claims, ends, given_back = set(), collections.defaultdict(list), set(), set()
    for line in read(path, "work-*.log"):
        if line[0] == "D":
            done.add(line[1])
        elif line[0] == "C":
            claims[line[1]].append([int(word) for word in line[2:]])
        elif line[0] == "A":
            assert (line[1], line[2]) not in ends, f"acknowledged twice: {line}"
            ends.add((line[1], line[2]))
        elif line[0] == "B":
            given_back.add((line[1], int(line[2])))
    lost = put.keys() - done
    assert not lost, f"{len(lost)} jobs were never done, such as {next(iter(lost))}"
    again = 0
    for job, held in claims.items():
        held.sort()
        tokens = [claim[0] for claim in held]
        assert len(set(tokens)) == len(tokens), f"{job} was held twice with one token: {held}"
        for before, after in zip(held, held[1:]):
            token, _, asked, _, lease = before
            again += 1
            # It was given back, or its time was over: at the earliest that long after it had been asked for.
            assert (job, token) in given_back or after[3] >= asked + lease, f"{job} was held by two: {before} {after}"
    (waiting, running, dead), letters = listed(url)
    assert waiting == running == 0, (waiting, running)
    buried = {letter[0] for letter in letters}
    assert len(letters) == dead == len(buried), (dead, len(letters), len(buried))
    bad = {job for job, what in put.items() if what == "bad"}
    # Of those that failed to be put nobody knows whether they are there.
    maybe = {job for job, what in failed.items() if what == "bad"}
    assert bad <= buried <= bad | maybe, (len(buried), len(bad), len(maybe))
    print(f"{len(done)} done, {again} claims of jobs that had been claimed before, {dead} dead letters, "
          f"{len(failed)} failed to be put")


def main():
    store = sys.argv[1]
    numbers = [int(word) for word in sys.argv[2:5] if word != "restart"]
    restart = "restart" in sys.argv
    workers, jobs, kills = numbers + [6, 1500, 12][len(numbers):]
    with folder() as path, contextlib.ExitStack() as stack:
        if store == "sqlite":
            run(f"sqlite:{path / 'jobs.db'}", path, workers, jobs, kills)
        else:
            server = stack.enter_context(backing.Server(store, *SETTINGS.get(store, [])))
            run(server.url, path, workers, jobs, kills, server if restart else None)


if __name__ == "__main__":
    main()
