"""A service that is killed with SIGKILL in the middle of its sagas, again and again: what is left behind is
completed or taken back.

usage: saga_crash_test.py KILLS [postgres]     where the journal is; else in a SQLite file
"""

import contextlib
import http.client
import itertools
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from backing import Server
from service import TIMEOUT, Service, folder

CLIENTS = 4
SCHEMAS = {
    "stock": "create table reservation(id integer primary key)",
    "bank": "create table charge(id integer primary key, receipt text not null unique)",
    "orders": "create table booking(id integer primary key, receipt text not null)",
}


class Shop:
    """The databases, which survive, and what clients were told."""

    def __init__(self, path, server=None):
        self.path = pathlib.Path(path)
        self.server = server
        self.ids = itertools.count(1)
        self.answers = {}
        for name, schema in SCHEMAS.items():
            with contextlib.closing(sqlite3.connect(self.path / f"{name}.db")) as database:
                database.execute("pragma journal_mode = wal")
                database.execute(schema)

    def start(self):
        environment = {f"{name.upper()}_URL": f"sqlite:{self.path / name}.db" for name in SCHEMAS}
        return Service("saga_shop", "--workers", "2", "--saga-journal", self.server.url if self.server else self.path / "journal.db",
                       environment=environment, expected_exit=-signal.SIGKILL)

    def buy(self, service):
        """Buys until the service is gone."""
        with contextlib.closing(service.connect()) as connection:
            while True:
                number = next(self.ids)
                try:
                    connection.request("POST", f"/buy/{number}")
                    response = connection.getresponse()
                    response.read()
                    self.answers[number] = response.status
                except (OSError, http.client.HTTPException):
                    return

    def kill_under_load(self, seconds):
        with self.start() as service:
            clients = [threading.Thread(target=self.buy, args=(service,)) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(seconds)  # the random point: nothing depends on it
            service.process.kill()
            for client in clients:
                client.join()

    def left(self):
        """How many sagas are in the journal."""
        if self.server:
            answer = subprocess.run(["psql", "--no-psqlrc", "-XAtq", "-c", "select count(distinct saga) from zerver.saga_record",
                                     self.server.url], capture_output=True, text=True, timeout=TIMEOUT, check=True)
            return int(answer.stdout)
        with contextlib.closing(sqlite3.connect(self.path / "journal.db")) as journal:
            journal.execute(f"pragma busy_timeout = {TIMEOUT * 1000}")
            return journal.execute("select count(distinct saga) from record").fetchone()[0]

    def settle(self):
        """Runs the service without any client until its journal is empty."""
        with self.start() as service:
            self.wait_until_settled(service)
            service.process.kill()

    def wait_until_settled(self, service):
        until = time.monotonic() + TIMEOUT
        while left := self.left():
            if time.monotonic() > until:
                raise AssertionError(f"{left} sagas are left:\n" + "".join(service.output))
            time.sleep(0.005)

    def kill_beside_another(self):
        """One that was there before settles what a service leaves that is killed."""
        with self.start() as other:
            while not self.left():
                self.kill_under_load(0.1)
            self.wait_until_settled(other)
            other.process.kill()

    def rows(self, name, query):
        with contextlib.closing(sqlite3.connect(self.path / f"{name}.db")) as database:
            return dict(database.execute(query).fetchall())

    def check(self):
        reserved = self.rows("stock", "select id, 1 from reservation")
        charged = self.rows("bank", "select id, receipt from charge")
        booked = self.rows("orders", "select id, receipt from booking")
        if booked != charged:
            raise AssertionError(f"charged and not booked, or the reverse: {booked.items() ^ charged.items()}")
        if reserved.keys() != booked.keys():
            raise AssertionError(f"reserved and not booked, or the reverse: {reserved.keys() ^ booked.keys()}")
        for number, status in self.answers.items():
            if status not in (204, 402):
                raise AssertionError(f"{number} was answered with {status}")
            if (status == 204) != (number in booked):
                raise AssertionError(f"{number} was answered with {status}, and is {number in booked}")
        return len(booked)


def main():
    kills = int(sys.argv[1])
    chance = random.Random(kills)
    with folder() as path, contextlib.ExitStack() as stack:
        server = stack.enter_context(Server("postgres")) if sys.argv[2:] == ["postgres"] else None
        shop = Shop(path, server)
        for number in range(1, kills + 1):
            shop.kill_under_load(chance.uniform(0.0, 0.08))
            if number % 25 == 0 or number == kills:
                shop.settle()
                booked = shop.check()
        shop.kill_beside_another()
        booked = shop.check()
        asked = next(shop.ids) - 1
        print(f"{kills} kills, {asked} purchases, {len(shop.answers)} answered, {booked} booked")
        if not shop.answers or not booked or asked == len(shop.answers):
            raise AssertionError("nothing was in the middle of anything")


if __name__ == "__main__":
    main()
