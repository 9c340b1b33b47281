"""Several processes of one service on one store: limits, unique jobs and crons are those of all of them together."""

import collections
import contextlib
import json
import math
import sqlite3
import threading
import time
import unittest

import backing
from service import TIMEOUT, Service, folder, run

PROCESSES = 3
CALLS = 30  # that the limit of the service allows


def at_once(work, argument_lists):
    """Runs them on threads; their results."""
    results = [None] * len(argument_lists)

    def one(position, arguments):
        results[position] = work(*arguments)

    threads = [threading.Thread(target=one, args=each) for each in enumerate(argument_lists)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Processes(unittest.TestCase):
    def setUp(self):
        self.stack = self.enterContext(contextlib.ExitStack())
        path = self.enterContext(folder())
        self.database = path / "shared.db"
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute("create table run (number integer primary key)")
        self.environment = {"DATABASE_URL": f"sqlite:{self.database}"}

    def start(self, *arguments, expected_exit=0):
        return Service("e2e_shared", "--workers", "1", *arguments, environment=self.environment,
                       expected_exit=expected_exit)

    def start_all(self, *arguments):
        return [self.stack.enter_context(self.start(*arguments)) for _ in range(PROCESSES)]


class LimitTest(Processes):
    def test_is_that_of_all_processes(self):
        self.check(self.enterContext(backing.Server("redis")).url)

    def test_is_that_of_all_processes_on_the_file_of_their_statements(self):
        self.check(self.environment["DATABASE_URL"])

    def test_is_that_of_all_processes_on_postgresql(self):
        self.check(self.enterContext(backing.Server("postgres")).url)

    def check(self, url):
        self.environment["KV_URL"] = url
        services = self.start_all()
        answers = at_once(lambda service: service.ask("POST", "/calls"), [(each,) for each in services * (CALLS * 2 // 3)])
        self.assertEqual(collections.Counter(answer.status for answer in answers), {200: CALLS, 429: CALLS})
        self.assertEqual(sorted(answer.json["left"] for answer in answers if answer.status == 200), list(range(CALLS)))
        self.stack.close()


class Stores:
    """What holds on each store of jobs that several processes can share."""

    def jobs(self):
        return json.loads(run("e2e_shared", "--jobs=json", "--job-store", self.store,
                              environment=self.environment).stdout)

    def test_a_unique_job_is_there_once(self):
        names = [f"task {number}" for number in range(20)]
        services = self.start_all("--job-store", self.store)
        answers = at_once(lambda service, name: service.ask("POST", "/tasks", {"name": name}),
                          [(service, name) for name in names for service in services])
        self.assertEqual({answer.status for answer in answers}, {202})
        self.assertEqual(self.jobs()["waiting"], len(names))
        self.stack.close()

    def test_a_cron_fires_once_and_goes_on_when_a_process_is_killed(self):
        earliest = time.time()
        first = self.stack.enter_context(self.start("--job-store", self.store, expected_exit=-9))
        ready = time.time()
        others = [self.stack.enter_context(self.start("--job-store", self.store)) for _ in range(PROCESSES - 1)]
        self.wait_for_runs(others[0], 3)
        first.process.kill()
        first.process.wait()
        before = others[0].ask("GET", "/runs").json["runs"]
        self.wait_for_runs(others[0], before + 3)
        stopping = time.time()
        # They end what they have begun.
        self.stack.close()
        latest = time.time()
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            (runs,) = database.execute("select count(*) from run").fetchone()
        # One for each full second; the first one counts when its process has asked for it by then, the last one when
        # somebody has fired it in time. Fired by each process it would be nearly three times as many.
        self.assertLessEqual(runs, math.floor(latest) - math.floor(earliest))
        self.assertGreaterEqual(runs, math.floor(stopping) - math.ceil(ready) - 1)

    def wait_for_runs(self, service, count):
        """Asks until there are so many: each answer is a round trip, so it is no busy wait."""
        end = time.monotonic() + TIMEOUT
        while (answer := service.ask("GET", "/runs")).json["runs"] < count:
            self.assertLess(time.monotonic(), end, answer.body)


class SqliteTest(Stores, Processes):
    def setUp(self):
        super().setUp()
        self.store = f"sqlite:{self.enterContext(folder()) / 'jobs.db'}"


class PostgresTest(Stores, Processes):
    def setUp(self):
        super().setUp()
        self.store = self.enterContext(backing.Server("postgres")).url


class RedisTest(Stores, Processes):
    def setUp(self):
        super().setUp()
        self.store = self.enterContext(backing.Server("redis")).url


class NatsTest(Stores, Processes):
    def setUp(self):
        super().setUp()
        self.store = self.enterContext(backing.Server("nats")).url


if __name__ == "__main__":
    unittest.main()
