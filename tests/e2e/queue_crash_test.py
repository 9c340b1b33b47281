"""Workers of one queue, killed at random: no job is lost, none is held by two at a time, each that is exhausted
is one dead letter.

    queue_crash_test.py [WORKERS [JOBS [KILLS [URL]]]]
"""

import collections
import pathlib
import random
import signal
import subprocess
import sys
import time

from service import BIN, folder

WORKER = BIN / "queue_worker"
# Far above what this takes: passing it is a failure, not a measurement.
PATIENCE = 900


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
    lines = subprocess.run([WORKER, url, "list"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [int(word) for word in lines[0].split()], [line.split() for line in lines[1:]]


def run(url, path, workers, jobs, kills):
    chance = random.Random(7)
    began = time.monotonic()
    # While some are put, others are worked at.
    crew = Workers(url, path, workers)
    try:
        putter = subprocess.Popen([WORKER, url, "put", path / "put.log", str(jobs)])
        killed = 0
        while True:
            if killed < kills:
                crew.kill_one(chance)
                killed += 1
            (waiting, running, _), _ = listed(url)
            if putter.poll() is not None and killed == kills and waiting + running == 0:
                break
            assert time.monotonic() - began < PATIENCE, (waiting, running, killed)
        assert putter.returncode == 0
    finally:
        crew.end()
    check(url, path, jobs)
    print(f"{workers} workers, {jobs} jobs, {killed} kills: {time.monotonic() - began:.1f} s")


def check(url, path, jobs):
    put = {line[1]: line[2] for line in read(path, "put.log") if line[0] == "P"}
    assert len(put) == jobs, len(put)
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
    bad = {job for job, what in put.items() if what == "bad"}
    assert len(letters) == dead and {letter[0] for letter in letters} == bad, (dead, len(bad))
    assert len({letter[0] for letter in letters}) == len(letters)
    print(f"{len(done)} done, {again} claims of jobs that had been claimed before, {dead} dead letters")


def main():
    numbers = [int(word) for word in sys.argv[1:4]]
    workers, jobs, kills = numbers + [6, 1500, 12][len(numbers):]
    with folder() as path:
        run(sys.argv[4] if len(sys.argv) > 4 else f"sqlite:{path / 'jobs.db'}", pathlib.Path(path), workers, jobs, kills)


if __name__ == "__main__":
    main()
