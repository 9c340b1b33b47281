"""Background work of a program: enqueued over HTTP, run by its workers, drained at its end."""

import contextlib
import sqlite3
import time
import unittest

from service import TIMEOUT, Service, folder


def make_database(path):
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("create table note (text text primary key)")


class JobsTest(unittest.TestCase):
    def setUp(self):
        self.database = self.enterContext(folder()) / "notes.db"
        make_database(self.database)

    def start(self):
        return Service("e2e_notes", "--workers", "2", environment={"DATABASE_URL": f"sqlite:{self.database}"})

    def notes(self):
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return sorted(text for (text,) in database.execute("select text from note"))

    def wait_until(self, service, count):
        """Asks until so many notes are there: each answer is a round trip, so it is no busy wait."""
        end = time.monotonic() + TIMEOUT
        while (answer := service.ask("GET", "/notes")).json["count"] != count:
            self.assertLess(time.monotonic(), end, answer.body)

    def test_runs_what_was_enqueued(self):
        with self.start() as service:
            for text in ("a", "b", "c"):
                self.assertEqual(service.ask("POST", "/notes", {"text": text}).status, 202)
            self.wait_until(service, 3)
        self.assertEqual(self.notes(), ["a", "b", "c"])

    def test_finishes_what_is_due_before_it_ends(self):
        with self.start() as service:
            for number in range(200):
                self.assertEqual(service.ask("POST", "/notes", {"text": f"note {number}"}).status, 202)
        self.assertEqual(len(self.notes()), 200)

    def test_says_what_is_dead_and_what_is_lost(self):
        with self.start() as service:
            service.ask("POST", "/notes", {"text": "same"})
            self.wait_until(service, 1)
            service.ask("POST", "/notes", {"text": "same"})
            service.ask("POST", "/notes", {"text": "other"})
            self.wait_until(service, 2)
            service.ask("POST", "/notes", {"text": "last"})
            self.wait_until(service, 3)
            self.assertEqual(service.ask("POST", "/later", {"text": "in an hour"}).status, 202)
        output = "".join(service.output)
        self.assertIn("job `notes.v1.keep`", output)
        self.assertIn("has failed for the last time", output)
        self.assertIn("zerver.Conflict", output)
        self.assertIn("1 jobs that still waited are lost", output)


if __name__ == "__main__":
    unittest.main()
