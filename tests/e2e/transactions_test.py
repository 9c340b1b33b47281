#!/usr/bin/env python3
"""Transactions of a service, on SQLite and PostgreSQL: many at once, what fails in the middle, clients that leave."""

import contextlib
import json
import http.client
import pathlib
import random
import socket
import sqlite3
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import postgresql  # noqa: E402
from service import SOURCE, Service  # noqa: E402

ACCOUNTS = 5
START = 10_000
CLIENTS = 6
TRANSFERS = 40  # of each client
FILL = ", ".join(f"({number}, {START})" for number in range(1, ACCOUNTS + 1))


def post(connection, source, destination, cents):
    connection.request("POST", "/transfers",
                       json.dumps({"source": source, "destination": destination, "cents": cents}),
                       {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


class Transactions:
    """What holds on either database; `environment` says which."""

    def run_service(self):
        return Service("bank", environment=self.environment)

    def totals(self, running):
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", "/totals")
            return json.loads(connection.getresponse().read())

    def test_many_at_once_lose_nothing(self):
        done, statuses = [], []

        def transfer(seed, port):
            numbers = random.Random(seed)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            with contextlib.closing(connection):
                for _ in range(TRANSFERS):
                    source, destination = numbers.sample(range(1, ACCOUNTS + 1), 2)
                    status = post(connection, source, destination, numbers.choice((1, 5, 7)))
                    statuses.append(status)
                    if status == 201:
                        done.append(1)

        with self.run_service() as running:
            before = self.totals(running)
            threads = [threading.Thread(target=transfer, args=(seed, running.port)) for seed in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            totals = self.totals(running)
            self.assertEqual(len(statuses), CLIENTS * TRANSFERS)
            self.assertLessEqual(set(statuses), {201, 409})
            self.assertGreater(len(done), CLIENTS * TRANSFERS * 9 // 10)
            self.assertEqual(totals, {"sum": ACCOUNTS * START, "entries": before["entries"] + len(done)})

    def test_what_fails_in_the_middle_leaves_nothing(self):
        with self.run_service() as running:
            before = self.totals(running)
            connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
            with contextlib.closing(connection):
                self.assertEqual(post(connection, 1, 2, 13), 409)       # a constraint, behind the first update
                self.assertEqual(post(connection, 1, 2, 10 * START), 402)  # a C++ step
                self.assertEqual(post(connection, 99, 2, 1), 404)       # no such row
                self.assertEqual(self.totals(running), before)
                self.assertEqual(post(connection, 1, 2, 1), 201)

    def test_clients_that_leave(self):
        body = json.dumps({"source": 1, "destination": 2, "cents": 1}).encode()
        head = (b"POST /transfers HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(body)).encode() + b"\r\n\r\n")
        with self.run_service() as running:
            before = self.totals(running)
            for _ in range(100):
                with socket.create_connection(("127.0.0.1", running.port)) as client:
                    client.sendall(head + body)
            connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
            with contextlib.closing(connection):
                self.assertEqual(post(connection, 1, 2, 1), 201)
            totals = self.totals(running)
            self.assertEqual(totals["sum"], before["sum"])


class OnSqlite(Transactions, unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "bank.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.executescript((SOURCE / "tests/e2e/transactions/bank.sql").read_text(encoding="utf-8"))
            database.execute(f"insert into account values {FILL}")
            database.commit()
        self.environment = {"DATABASE_URL": f"sqlite:{path}"}


@unittest.skipIf(postgresql.binaries() is None, "PostgreSQL is not installed")
class OnPostgresql(Transactions, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = postgresql.Server()
        cls.server.query((SOURCE / "tests/e2e/transactions/bank.sql").read_text(encoding="utf-8") +
                         f"insert into account values {FILL}")
        cls.environment = {"DATABASE_URL": cls.server.url()}

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()


if __name__ == "__main__":
    unittest.main()
