#!/usr/bin/env python3
"""Every payload of tests/data/injections.jsonl through every argument of the standard adapters that takes a text.

The service of injection.flow has a route for each argument; which there must be, the adapters' declarations say. What comes
back must be the payload, byte for byte, or the request is refused by a declared error; and nothing else may have changed.
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/e2e"), str(SOURCE / "tests/cli")]
import postgresql  # noqa: E402
import service  # noqa: E402

# Adapters that no route here goes through, and why.
ELSEWHERE = {
    "clock": "takes nothing",
    "random": "takes nothing",
    "http": "its own suite has URLs, header fields and bodies",
    "queue": "messages are JSON, kept by the stores of runtime/jobs",
    "file": "its own suite has the paths",
    "compute": "a name of the program and JSON",
    "secret": "takes names of the program",
}
TEXTUAL = re.compile(r"^(string|bytes|url|statement|T\d+|list<string>|map<string, string>)$")
REFUSED = (400, 404, 409, 413, 422, 503)


def payloads():
    lines = (SOURCE / "tests/data/injections.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def declared_positions(compiler):
    """`ADAPTER/OPERATION/ARGUMENT` of each argument that takes a text."""
    dump = subprocess.run([compiler, "--dump=model", SOURCE / "runtime/std/zerver.flow"], check=True, capture_output=True,
                          text=True).stdout
    found, adapter = [], None
    for line in dump.splitlines():
        if (match := re.match(r"adapter (\w+)\(", line)) is not None:
            adapter = match[1]
        elif (match := re.match(r"  (\w+)\((.*?)\) -> ", line)) is not None and adapter is not None:
            for parameter in re.split(r", (?=\w+: )", match[2]):
                name, _, kind = parameter.partition(": ")
                if TEXTUAL.match(kind.split(" = ")[0]):
                    found.append(f"{adapter}/{match[1]}/{name}")
        elif not line.startswith(" "):
            adapter = None
    return found


def routes():
    text = (SOURCE / "tests/injection/injection.flow").read_text(encoding="utf-8")
    return re.findall(r'on POST "/(\w+/\w+/\w+)"', text)


@contextlib.contextmanager
def redis():
    """The URL of a server, and what `redis-cli` says."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
                                   stdout=subprocess.PIPE, text=True)
        try:
            for line in process.stdout:
                if "Ready to accept" in line:
                    break
            yield f"redis://127.0.0.1:{port}", lambda *words: subprocess.run(
                ["redis-cli", "-p", str(port), *words], check=True, capture_output=True, text=True).stdout.strip()
        finally:
            process.terminate()
            process.communicate(timeout=30)


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, route, text):
        self.connection.request("POST", "/" + route, json.dumps({"text": text}), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body else None


class Injection(unittest.TestCase):
    compiler = None

    def test_every_argument_has_a_route(self):
        missing = [position for position in declared_positions(self.compiler)
                   if position.split("/")[0] not in ELSEWHERE and position not in routes()]
        self.assertEqual(missing, [], "arguments of standard adapters that nothing is sent through")
        self.assertGreaterEqual(len(payloads()), 200)

    def expected(self, route, text, status, body):
        """Whether the answer is that of the payload and of nothing else."""
        if status in REFUSED:
            return True
        if route.startswith("sql/many/"):
            return body["texts"][:1] == [text]
        if route.startswith("sql/"):
            return body["text"] == text
        _, operation, argument = route.split("/")
        if operation == "get_many":
            return body["found"] == {text: "v"}
        if operation.startswith("increment"):
            return body["count"] == 1
        if operation == "take":
            return 0 <= body["left"] < 100
        if operation == "compare_and_remove":
            return status == 204
        if argument == "expected" or (operation.startswith("compare_and_set") and argument == "key"):
            return body["swapped"] == "w"
        return body["text"] == ("v" if argument == "key" else text)

    def run_payloads(self, prefix, environment, untouched):
        texts = payloads()
        refused = 0
        with service.Service("injection", environment=environment) as running:
            client = Client(running.port)
            self.addCleanup(client.connection.close)
            for route in (each for each in routes() if each.startswith(prefix)):
                for text in texts:
                    status, body = client.post(route, text)
                    with self.subTest(route=route, text=text[:60]):
                        self.assertTrue(self.expected(route, text, status, body), f"{status} {body}")
                    refused += status in REFUSED
            untouched()
        self.assertLess(refused, len(texts) * len(routes()) // 4, "most are no reason to refuse anything")

    def test_sqlite(self):
        import sqlite3
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.db"
            schema = "create table note(text text); create table secret(text text); insert into secret values ('secret');"
            with contextlib.closing(sqlite3.connect(path)) as database:
                database.executescript(schema)

            def untouched():
                with contextlib.closing(sqlite3.connect(path)) as database:
                    tables = [row[0] for row in database.execute("select name from sqlite_master order by name")]
                    self.assertEqual(tables, ["note", "secret"])
                    self.assertEqual(database.execute("select text from secret").fetchall(), [("secret",)])

            self.run_payloads("sql/", {"DATABASE_URL": f"sqlite:{path}", "KV_URL": "memory:"}, untouched)

    @unittest.skipIf(postgresql.binaries() is None, "PostgreSQL is not installed")
    def test_postgresql(self):
        server = postgresql.Server()
        try:
            server.query("create table note(text text); create table secret(text text); insert into secret values ('secret')")

            def untouched():
                self.assertEqual(server.query("select table_name from information_schema.tables "
                                              "where table_schema = 'public' order by 1"), ["note", "secret"])
                self.assertEqual(server.query("select text from secret"), ["secret"])

            self.run_payloads("sql/", {"DATABASE_URL": server.url(), "KV_URL": "memory:"}, untouched)
        finally:
            server.stop()

    def test_kv_in_memory(self):
        self.run_payloads("kv/", {"DATABASE_URL": "sqlite::memory:", "KV_URL": "memory:"}, lambda: None)

    @unittest.skipIf(shutil.which("redis-server") is None, "Redis is not installed")
    def test_kv_on_redis(self):
        with redis() as (url, command):
            command("set", "canary", "alive")

            def untouched():
                self.assertEqual(command("get", "canary"), "alive")
                # All other keys are gone again, but for the limits of `take`, which last a minute.
                count = ("local n = 0 for _, key in ipairs(redis.call('keys', '*')) do "
                         "if string.sub(key, 1, 13) ~= 'zerver:limit:' then n = n + 1 end end return n")
                self.assertIn(int(command("eval", count, "0")), (1, 2), "the canary, and the slot of values")

            self.run_payloads("kv/", {"DATABASE_URL": "sqlite::memory:", "KV_URL": url}, untouched)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    arguments, rest = parser.parse_known_args()
    Injection.compiler = arguments.compiler
    unittest.main(argv=[sys.argv[0], *rest])
