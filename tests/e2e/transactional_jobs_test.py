#!/usr/bin/env python3
"""Jobs that are enqueued in a transaction of the database that keeps them: there with its commit, and only then.

The service is killed with SIGKILL under load, and what is left is looked at; on SQLite and PostgreSQL.
"""

import contextlib
import http.client
import itertools
import pathlib
import signal
import sqlite3
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import postgresql  # noqa: E402
from service import SOURCE, TIMEOUT, Service, folder  # noqa: E402

CLIENTS = 4
KILLS = 6
ANSWERS = 40  # after so many, the service is killed
SCHEMA = (SOURCE / "tests/e2e/transactions/orders.sql").read_text(encoding="utf-8")


class TransactionalJobs:
    """What holds on either database: `url` names it, `query` asks it for numbers, `execute` changes it."""

    def start(self, **more):
        return Service("e2e_orders", "--workers", "2", "--job-store", self.url, environment={"DATABASE_URL": self.url}, **more)

    def settle(self, service):
        end = time.monotonic() + TIMEOUT
        while (totals := service.ask("GET", "/totals").json)["placed"] != totals["shipped"]:
            self.assertLess(time.monotonic(), end, totals)

    def wait_until_no_job_is_left(self):
        end = time.monotonic() + TIMEOUT
        while (left := self.query(f"select count(*) from {self.jobs}")) != [0]:
            self.assertLess(time.monotonic(), end, left)

    def test_are_there_with_the_commit(self):
        with self.start() as service:
            self.assertEqual(service.ask("POST", "/orders/1").status, 201)
            self.settle(service)
            self.assertEqual(self.query("select id from shipped"), [1])

    def test_are_not_there_when_the_transaction_fails(self):
        with self.start() as service:
            self.execute("insert into placed values (1)")
            self.assertEqual(service.ask("POST", "/orders/1").status, 409)
            self.assertEqual(service.ask("POST", "/orders/2").status, 201)
            self.wait_until_no_job_is_left()
            self.assertEqual(self.query("select id from shipped"), [2])

    def test_that_cannot_be_kept_keep_the_transaction_from_its_commit(self):
        with self.start() as service:
            self.execute(f"alter table {self.jobs} rename to jobs_elsewhere")
            self.assertGreaterEqual(service.ask("POST", "/orders/1").status, 500)
            self.assertEqual(self.query("select count(*) from placed"), [0])
            service.process.kill()
            service.expected_exit = -signal.SIGKILL

    def test_no_order_is_without_its_job_whenever_the_service_dies(self):
        ids = itertools.count(1)
        placed = set()
        for _ in range(KILLS):
            with self.start(expected_exit=-signal.SIGKILL) as service:
                enough = threading.Event()
                before = len(placed)

                def place():
                    with contextlib.closing(service.connect()) as connection:
                        while True:
                            number = next(ids)
                            try:
                                connection.request("POST", f"/orders/{number}")
                                response = connection.getresponse()
                                response.read()
                            except (OSError, http.client.HTTPException):
                                return
                            if response.status == 201:
                                placed.add(number)
                            if len(placed) >= before + ANSWERS:
                                enough.set()

                clients = [threading.Thread(target=place) for _ in range(CLIENTS)]
                for client in clients:
                    client.start()
                reached = enough.wait(TIMEOUT)
                service.process.kill()
                for client in clients:
                    client.join()
                self.assertTrue(reached, f"{len(placed) - before} orders were placed")
        with self.start() as service:
            self.settle(service)
        stored = set(self.query("select id from placed"))
        self.assertLessEqual(placed, stored)
        self.assertEqual(set(self.query("select id from shipped")), stored)


class OnSqlite(TransactionalJobs, unittest.TestCase):
    jobs = "zerver_job"

    def setUp(self):
        self.path = self.enterContext(folder()) / "orders.db"
        self.url = f"sqlite:{self.path}"
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            database.executescript(SCHEMA)

    def query(self, text):
        with contextlib.closing(sqlite3.connect(self.path, timeout=TIMEOUT)) as database:
            return [number for (number,) in database.execute(text)]

    def execute(self, text):
        with contextlib.closing(sqlite3.connect(self.path, timeout=TIMEOUT)) as database, database:
            database.execute(text)


@unittest.skipIf(postgresql.binaries() is None, "PostgreSQL is not installed")
class OnPostgresql(TransactionalJobs, unittest.TestCase):
    jobs = "zerver.job"

    @classmethod
    def setUpClass(cls):
        cls.server = postgresql.Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.execute(f"create database {self._testMethodName}")
        self.url = self.server.url(database=self._testMethodName)
        self.execute(SCHEMA)

    def query(self, text):
        return [int(number) for number in self.server.query(text, self.database())]

    def execute(self, text):
        self.server.query(text, self.database())

    def database(self):
        return self._testMethodName if hasattr(self, "url") else "postgres"


if __name__ == "__main__":
    unittest.main()
