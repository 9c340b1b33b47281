"""A service that is killed with SIGKILL in the middle of durable jobs, again and again: what its journal has when it dies is
never done again, and in the end each job is done.

usage: durable_crash_test.py KILLS [postgres]     where the jobs and the journal are; else in SQLite files
"""

import collections
import contextlib
import http.client
import http.server
import itertools
import json
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from backing import Server
from service import TIMEOUT, Service, folder, run

STEPS = {"open", "reserve", "ask", "bill", "tell"}
MOST_OPEN = 40  # jobs that wait or run


class Town(http.server.ThreadingHTTPServer):
    """Remembers what it was asked to do, whoever asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Town.Handler)
        self.done = collections.Counter()
        self.lock = threading.Lock()
        self.held = None  # a step: whoever comes next with it waits for `go_on`
        self.has_come = threading.Event()
        self.go_on = threading.Event()

    def hold(self, step):
        """Whether this one is to wait."""
        with self.lock:
            if self.held != step:
                return False
            self.held = None
            return True

    def handle_error(self, request, client_address):
        """Whoever asked has died."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            step, number = self.path.strip("/").split("/")
            if self.server.hold(step):
                self.server.has_come.set()
                self.server.go_on.wait(TIMEOUT)
            with self.server.lock:
                self.server.done[int(number), step] += 1
            body = b"{}"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


class Ledger:
    """The two systems, the jobs and the journal, which survive."""

    def __init__(self, path, town, server=None):
        self.path = pathlib.Path(path)
        self.town = town
        self.server = server
        self.ids = itertools.count(1)
        self.accepted = set()
        self.written = {}  # what the journal has had at some death, and how often it had been done then
        with contextlib.closing(sqlite3.connect(self.path / "book.db")) as database:
            database.execute("pragma journal_mode = wal")
            database.execute("create table done(number integer primary key, id integer not null, step text not null)")

    def settings(self):
        if self.server:
            return ["--job-store", self.server.url, "--journal", self.server.url]
        return ["--job-store", f"sqlite:{self.path / 'jobs.db'}", "--journal", f"sqlite:{self.path / 'journal.db'}"]

    def start(self):
        environment = {"BOOK_URL": f"sqlite:{self.path / 'book.db'}",
                       "TOWN_URL": f"http://127.0.0.1:{self.town.server_port}"}
        return Service("e2e_ledger", "--workers", "2", *self.settings(), environment=environment,
                       expected_exit=-signal.SIGKILL)

    def order(self, service, number):
        with contextlib.closing(service.connect()) as connection:
            connection.request("POST", f"/orders/{number}")
            if connection.getresponse().status == 202:
                self.accepted.add(number)

    def order_until_gone(self, service):
        with contextlib.suppress(OSError, http.client.HTTPException):
            while service.process.poll() is None:
                if len(self.accepted) - len(self.finished()) < MOST_OPEN:
                    self.order(service, next(self.ids))
                else:
                    time.sleep(0.005)

    def rows(self, name, query):
        with contextlib.closing(sqlite3.connect(self.path / name)) as database:
            database.execute(f"pragma busy_timeout = {TIMEOUT * 1000}")
            return database.execute(query).fetchall()

    def asked(self, query):
        """Rows of the server."""
        answer = subprocess.run(["psql", "--no-psqlrc", "-XAtq", "-F", "\t", "-c", query, self.server.url], capture_output=True,
                                text=True, timeout=TIMEOUT)
        if answer.returncode != 0:
            raise AssertionError(answer.stderr)
        return [line.split("\t") for line in answer.stdout.splitlines()]

    def entries(self):
        """What the journal has: job, continuation and data."""
        if self.server:
            return self.asked("select job, continuation, convert_from(data, 'UTF8') from zerver.journal_entry")
        return self.rows("journal.db", "select job, continuation, data from entry")

    def jobs_are_left(self):
        if self.server:
            return self.asked("select 1 from zerver.job limit 1")
        return self.rows("jobs.db", "select 1 from zerver_job limit 1")

    def done(self):
        """How often each effect has happened, by order and step."""
        with self.town.lock:
            counts = collections.Counter(self.town.done)
        counts.update((number, step) for number, step in self.rows("book.db", "select id, step from done"))
        return counts

    def finished(self):
        with self.town.lock:
            return {number for number, step in self.town.done if step == "tell"}

    def note_death(self):
        counts = self.done()
        entries = self.entries()
        numbers = {job: json.loads(data)[0]["value"] for job, step, data in entries if step == "open"}
        for job, step, _ in entries:
            effect = numbers[job], step
            seen = self.written.setdefault(effect, counts[effect])
            if counts[effect] != seen:
                raise AssertionError(f"{effect} was written down, and done again: {seen}, {counts[effect]} times")

    def kill_under_load(self, seconds):
        with self.start() as service:
            client = threading.Thread(target=self.order_until_gone, args=(service,))
            client.start()
            time.sleep(seconds)  # the random point: nothing depends on it
            service.process.kill()
            client.join()
        self.note_death()

    def settle(self):
        """Runs the service without any client until nothing is left."""
        with self.start() as service:
            end = time.monotonic() + TIMEOUT
            while self.jobs_are_left():
                if time.monotonic() > end:
                    raise AssertionError("jobs are left:\n" + "".join(service.output))
                time.sleep(0.01)
            service.process.kill()

    def check(self):
        counts = self.done()
        for effect, seen in self.written.items():
            if counts[effect] != seen:
                raise AssertionError(f"{effect} was written down, and done again: {seen}, {counts[effect]} times")
        for number in self.accepted:
            missing = {step for step in STEPS if counts[number, step] == 0}
            if missing:
                raise AssertionError(f"{number} was accepted, and {missing} not done")
        return sum(counts.values()) - len(counts)


def until(condition, what):
    """Each look is a round trip, or takes a moment."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.005)


def stop(ledger, process):
    """Stands still, with nothing locked that others need."""
    busy = "select 1 from pg_stat_activity where application_name like 'zerver-%' and state <> 'idle'"
    while True:
        process.send_signal(signal.SIGSTOP)
        if not any(ledger.asked(busy) for _ in range(3)):
            return
        process.send_signal(signal.SIGCONT)


def check_held_up(ledger):
    """Another process takes a job over from one that stands still for longer than the lease: when that one goes on, nothing that
    the other has done is done again."""
    number = next(ledger.ids)
    with ledger.start() as first:
        ledger.town.held = "ask"
        ledger.order(first, number)
        if not ledger.town.has_come.wait(TIMEOUT):
            raise AssertionError("the job has not come to its third step")
        stop(ledger, first.process)
        with ledger.start() as second:
            until(lambda: number in ledger.finished(), "nobody has taken the job over")
            first.process.send_signal(signal.SIGCONT)
            ledger.town.go_on.set()
            until(lambda: any("has lost its lease" in line for line in first.output), "the first one has not noticed")
            second.process.kill()
        first.process.kill()
    counts = ledger.done()
    often = {step: counts[number, step] for step in STEPS}
    if often != {"open": 1, "reserve": 1, "ask": 2, "bill": 1, "tell": 1}:
        raise AssertionError(f"held up in `ask`: {often}")


def check_settings(path):
    """A journal that ends with the process is none for jobs that do not."""
    store = ["--listen", "127.0.0.1:0", "--job-store", f"sqlite:{path / 'other.db'}"]
    for wrong, why in ((["--journal", "memory:"], "--journal has to: sqlite:PATH"), (["--journal", "file.db"], "memory:, a path such as"),
                       (["--journal", "postgres://shop:hunter2@127.0.0.1:1/shop"], "postgres://shop:***@127.0.0.1:1/shop` cannot be used"),
                       (["--journal", f"sqlite:{path / 'journal.db'}", "--journal-keep", "10ms"], "--journal-keep")):
        refused = run("e2e_ledger", *store, *wrong, environment={"BOOK_URL": "sqlite::memory:", "TOWN_URL": "http://127.0.0.1:1"})
        if refused.returncode != 2 or why not in refused.stderr or "hunter2" in refused.stderr:
            raise AssertionError(f"{wrong}: {refused}")


def main():
    kills = int(sys.argv[1])
    chance = random.Random(kills)
    town = Town()
    threading.Thread(target=town.serve_forever, daemon=True).start()
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(folder())
        check_settings(path)
        ledger = Ledger(path, town, *(stack.enter_context(Server(kind)) for kind in sys.argv[2:]))
        if ledger.server:
            check_held_up(ledger)
        for number in range(1, kills + 1):
            ledger.kill_under_load(chance.uniform(0.02, 0.12))
            if number % 50 == 0 or number == kills:
                ledger.settle()
                twice = ledger.check()
        # Of those whose process died between the word that the job is done and the last line of its journal.
        left = json.loads(run("e2e_ledger", *ledger.settings(), "--journals=json").stdout)
        if any(set(journal["entries"]) != STEPS for journal in left) or len(left) >= len(ledger.accepted):
            raise AssertionError(f"journals of jobs that are done: {left}")
        for journal in left:
            run("e2e_ledger", *ledger.settings(), f"--journal-drop={journal['id']}").check_returncode()
        if json.loads(run("e2e_ledger", *ledger.settings(), "--journals=json").stdout):
            raise AssertionError("a journal that was dropped is there")
        print(f"{kills} kills, {len(ledger.accepted)} jobs; {len(ledger.written)} effects were written down at a death, none of "
              f"which was done again; {twice} were in doubt and done again")
        if not ledger.written:
            raise AssertionError("no death was in the middle of anything")
    town.shutdown()


if __name__ == "__main__":
    main()
