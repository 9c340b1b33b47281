"""Background work of a program: enqueued over HTTP, run by its workers, drained at its end."""

import contextlib
import json
import sqlite3
import time
import unittest

from service import TIMEOUT, Service, folder, run


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
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute("insert into note values ('same')")
        with self.start() as service:
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


class DurableJobsTest(unittest.TestCase):
    """The same program with a store that outlives it."""

    def setUp(self):
        path = self.enterContext(folder())
        self.database = path / "notes.db"
        self.store = f"sqlite:{path / 'jobs.db'}"
        make_database(self.database)

    def start(self, expected_exit=0):
        return Service("e2e_notes", "--workers", "2", "--job-store", self.store,
                       environment={"DATABASE_URL": f"sqlite:{self.database}"}, expected_exit=expected_exit)

    def ask(self, *arguments):
        return run("e2e_notes", *arguments, "--job-store", self.store)

    def jobs(self):
        return json.loads(self.ask("--jobs=json").stdout)

    def wait_until(self, condition):
        end = time.monotonic() + TIMEOUT
        while not condition(jobs := self.jobs()):
            self.assertLess(time.monotonic(), end, jobs)
        return jobs

    def notes(self):
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return sorted(text for (text,) in database.execute("select text from note"))

    def test_keeps_what_it_has_accepted_when_it_is_killed(self):
        with self.start(expected_exit=-9) as service:
            self.assertEqual(service.ask("POST", "/later", {"text": "in an hour"}).status, 202)
            service.process.kill()
        self.assertEqual(self.jobs()["waiting"], 1)
        with contextlib.closing(sqlite3.connect(self.store.removeprefix("sqlite:"))) as database, database:
            database.execute("update zerver_job set due = 0")
        with self.start():
            self.wait_until(lambda jobs: jobs["waiting"] + jobs["running"] == 0)
        self.assertEqual(self.notes(), ["in an hour"])

    def test_lists_requeues_and_drops_what_is_dead(self):
        with self.start() as service:
            for text in ("same", "other"):
                service.ask("POST", "/notes", {"text": text})
            self.wait_until(lambda jobs: jobs["waiting"] + jobs["running"] == 0)
            for text in ("same", "other"):
                service.ask("POST", "/notes", {"text": text})
            dead = self.wait_until(lambda jobs: jobs["dead"] == 2)["dead_letters"]
            self.assertEqual({letter["queue"] for letter in dead}, {"twice"})
            self.assertEqual({letter["attempts"] for letter in dead}, {2})
            self.assertIn("zerver.Conflict", dead[0]["why"])
            ids = {json.loads(letter["arguments"])["note"]["text"]: letter["id"] for letter in dead}
            with contextlib.closing(sqlite3.connect(self.database)) as database, database:
                database.execute("delete from note where text = 'same'")
            self.assertEqual(self.ask(f"--job-requeue={ids['same']}").stdout, f"requeued {ids['same']}\n")
            self.assertEqual(self.ask(f"--job-drop={ids['other']}").stdout, f"dropped {ids['other']}\n")
            self.wait_until(lambda jobs: jobs["waiting"] + jobs["running"] + jobs["dead"] == 0)
        self.assertEqual(self.notes(), ["other", "same"])
        gone = self.ask(f"--job-drop={ids['other']}")
        self.assertEqual(gone.returncode, 2)
        self.assertIn("no dead letter has the id", gone.stderr)

    def test_shares_its_work_with_another_process(self):
        with self.start() as one, self.start():
            for number in range(50):
                self.assertEqual(one.ask("POST", "/notes", {"text": f"note {number}"}).status, 202)
            self.wait_until(lambda jobs: jobs["waiting"] + jobs["running"] == 0)
        self.assertEqual(len(self.notes()), 50)

    def test_says_what_it_cannot_use(self):
        for store, why in (("memory:", "its jobs are in the memory of the service"),
                           ("pigeon:loft", "the URL of a queue begins with"),
                           (f"sqlite:{self.database.parent}", "cannot open the queue")):
            answer = run("e2e_notes", "--jobs", "--job-store", store)
            self.assertEqual(answer.returncode, 2, store)
            self.assertIn(why, answer.stderr)
        self.assertIn("is not the id of a dead letter", self.ask("--job-drop=x").stderr)

    def test_lists_crons_with_their_next_time(self):
        answer = run("e2e_notes", "--crons")
        self.assertRegex(answer.stdout, r'^notes.v1.sweep "30 4 \* \* mon" UTC: next at \d{4}-\d\d-\d\dT04:30:00Z\n$')
        (cron,) = json.loads(run("e2e_notes", "--crons=json").stdout)
        self.assertEqual(cron["cron"], "notes.v1.sweep")


if __name__ == "__main__":
    unittest.main()
