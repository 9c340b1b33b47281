#!/usr/bin/env python3
"""Every payload of tests/data/injections.jsonl through every argument of the standard adapters that takes a text.

The service of the `.flow` files here has a route for each argument; which there must be, the adapters' declarations say. What comes
back must be the payload, byte for byte, or the request is refused by a declared error; and nothing else may have changed.
"""

import argparse
import base64
import contextlib
import http.client
import http.server
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/e2e")]
import backing  # noqa: E402
import peers  # noqa: E402
import service  # noqa: E402

# Adapters that no route here goes through, and why.
ELSEWHERE = {
    "clock": "takes nothing",
    "random": "takes nothing",
}
# What is a name of a grammar of its own, so that most payloads are refused.
NAMES = re.compile(r"^(queue/\w+/(topic|priority|receipt)|file/\w+/path|compute/run/function)$")
TEXTUAL = re.compile(r"^(string|bytes|url|statement|T\d+|list<string>|map<string, string>)$")
REFUSED = (400, 404, 409, 413, 422, 503)
JSON_TYPES = ("application/json", "application/jsonl", "application/problem+json")
NOWHERE = "http://127.0.0.1:9"  # of those who ask nobody


def payloads():
    lines = (SOURCE / "tests/data/injections.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def declared_positions(compiler):
    """`ADAPTER/OPERATION/ARGUMENT` of each argument that takes a text."""
    dump = "".join(subprocess.run([compiler, "--dump=model", SOURCE / "runtime/std" / file], check=True,
                                  capture_output=True, text=True).stdout for file in ("zerver.flow", "zerver/net.flow"))
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
    texts = [path.read_text(encoding="utf-8") for path in sorted((SOURCE / "tests/injection").glob("*.flow"))]
    return re.findall(r'on POST "/(\w+/\w+/\w+)"', "".join(texts))


@contextlib.contextmanager
def redis():
    """The URL of a server, and what `redis-cli` says."""
    with backing.Server("redis") as server:
        yield server.url, lambda *words: subprocess.run(["redis-cli", "-u", server.url, *words], check=True,
                                                        capture_output=True, text=True).stdout.strip()


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; counts the requests, so that one that was smuggled in is seen."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment, which no acknowledgement holds back
    requests = 0

    def answer(self):
        type(self).requests += 1
        body = self.read_chunks() if "Transfer-Encoding" in self.headers else \
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = {"method": self.command, "target": self.path, "names": sorted(name.lower() for name in self.headers),
                "header": self.headers.get("x_test"), "type": self.headers.get("Content-Type"),
                "body": base64.b64encode(body).decode()}
        text = json.dumps(told).encode()
        kind = "application/jsonl" if "jsonl" in self.headers.get("Accept", "") else "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("X-Told", base64.b64encode(text).decode())
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def read_chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def echo_server():
    Echo.requests = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def told_by(body):
    """What the echo server was asked, as the route's answer has it; None when it has nothing of it."""
    if body is None:
        return None
    if "target" in body:
        return body
    if "echo" in body:
        return body["echo"]
    if "text" in body:
        return json.loads(body["text"])
    if "data" in body:
        return json.loads(base64.b64decode(body["data"]))
    return json.loads(base64.b64decode(body["answer"]["headers"]["x-told"]))


TOPIC = re.compile(r"[A-Za-z0-9._-]{1,128}")
INSIDE = b"inside"


def messages(body):
    return [claimed["message"]["text"] for claimed in body["claimed"]]


def came_back(route, text, status, body):
    if status in (202, 204):
        return True
    if "text" in body:
        return body["text"] == text
    # A carriage return in front of the line feed belongs to the end of a line.
    data = text.encode("utf-8", "surrogatepass")
    return base64.b64decode(body["data"]) == (data.removesuffix(b"\r") if route.startswith("tcp/") else data)


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, route, text):
        both = {"text": text, "data": base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()}
        return self.ask("POST", "/" + route, json.dumps(both), {"Content-Type": "application/json"})

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        body = answer.read()
        if body and answer.headers.get_content_type() not in JSON_TYPES:
            return answer.status, {"data": base64.b64encode(body).decode()}
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
        if route.startswith("http/"):
            return self.arrived(route, text, told_by(body))
        if route.startswith("queue/"):
            return self.queued(route, text, body)
        if route.startswith("file/"):
            return self.filed(route, text, status, body)
        if route.startswith(("job/", "compute/", "tcp/", "udp/", "websocket/")):
            return came_back(route, text, status, body)
        if route.startswith("sql/stream/"):
            return body == text
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

    def queued(self, route, text, body):
        _, operation, argument = route.split("/")
        if argument == "topic":
            # Its own message, which is claimed by then.
            return TOPIC.fullmatch(text) and (body["depth"] == 0 if operation == "depth" else
                                              messages(body) == ([text] if operation == "push" else []))
        if argument == "priority":
            return text in ("interactive", "normal", "batch")
        if argument == "unique":
            return body["is_new"] and not body["is_new_again"] and messages(body) == [text]
        return argument in ("message", "why") and messages(body) == [text]

    def filed(self, route, text, status, body):
        """What is outside of the root is told by its content; that it stays as it is by the state of the folder."""
        _, operation, argument = route.split("/")
        if argument == "content" or operation == "write":
            return base64.b64decode(body["data"]).decode("utf-8", "surrogatepass") == text
        if operation in ("read", "open"):
            return base64.b64decode(body["data"]) == INSIDE
        if operation == "size":
            return body["size"] == len(INSIDE)
        if operation == "list":
            return not {"root/", "secret.txt"} & set(body["names"])
        # Nothing that the payloads name is there.
        return operation == "exists" and (not body["is_there"] or text in ("./inside.txt", "inside.txt"))

    def arrived(self, route, text, told):
        """Whether the payload is in its place of the request, and no other part of that has changed."""
        _, operation, argument = route.split("/")
        if told is None:
            return operation == "delete"
        names = set(told["names"]) - {"x_test"}
        if not names <= {"host", "user-agent", "accept", "accept-encoding", "content-type", "content-length", "connection", "transfer-encoding",
                         "traceparent", "tracestate", "zerver-timeout-ms"}:
            return False
        path, _, query = told["target"].partition("?")
        if argument == "path":
            return query in ("", "q=v") and path.startswith("/echo/") and path.count("/") == 2 and \
                urllib.parse.unquote(path[len("/echo/"):]) == text
        if argument == "query":
            return path == "/echo" and urllib.parse.parse_qs(query, keep_blank_values=True) == {"q": [text]}
        if path != "/echo" or query not in ("", "q=v"):
            return False
        if argument == "headers":
            return told["header"].encode("latin-1").decode().strip(" \t") == text.strip(" \t")
        if argument == "type":
            return told["type"].encode("latin-1").decode().strip(" \t") == text.strip(" \t")
        if argument == "method":
            return told["method"] == text
        if argument == "until":
            return told["header"] == "v"
        sent = base64.b64decode(told["body"]).decode()
        return (json.loads(sent) if operation in ("post", "put", "patch", "post_items") else sent) == text

    def run_payloads(self, prefix, environment, untouched, *arguments):
        """`untouched` is called with the client while the service runs."""
        texts = payloads()
        names, refused = 0, 0
        chosen = [each for each in routes() if each.startswith(prefix)]
        environment = {"DATABASE_URL": "sqlite::memory:", "KV_URL": "memory:", "WEB_URL": NOWHERE} | environment
        with service.Service("injection", *arguments, environment=environment) as running:
            client = Client(running.port)
            self.addCleanup(client.connection.close)
            for route in chosen:
                for text in texts:
                    status, body = client.post(route, text)
                    with self.subTest(route=route, text=text[:60]):
                        self.assertTrue(self.expected(route, text, status, body), f"{status} {body}")
                    refused += status in REFUSED and not NAMES.match(route)
                names += NAMES.match(route) is not None
            untouched(client)
        self.assertLessEqual(refused, len(texts) * (len(chosen) - names) // 4, "most are no reason to refuse anything")

    def test_sqlite(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.db"
            schema = "create table note(text text); create table secret(text text); insert into secret values ('secret');"
            with contextlib.closing(sqlite3.connect(path)) as database:
                database.executescript(schema)

            def untouched(_):
                with contextlib.closing(sqlite3.connect(path)) as database:
                    tables = [row[0] for row in database.execute("select name from sqlite_master order by name")]
                    self.assertEqual(tables, ["note", "secret"])
                    self.assertEqual(database.execute("select text from secret").fetchall(), [("secret",)])

            self.run_payloads("sql/", {"DATABASE_URL": f"sqlite:{path}"}, untouched)

    def test_postgresql(self):
        with backing.Server("postgres") as server:
            def query(text):
                return subprocess.run(["psql", "-qAtX", server.url, "-c", text], check=True, capture_output=True,
                                      text=True).stdout.split()

            query("create table note(text text); create table secret(text text); insert into secret values ('secret')")

            def untouched(_):
                self.assertEqual(query("select table_name from information_schema.tables "
                                       "where table_schema = 'public' order by 1"), ["note", "secret"])
                self.assertEqual(query("select text from secret"), ["secret"])

            self.run_payloads("sql/", {"DATABASE_URL": server.url}, untouched)

    def test_kv_in_memory(self):
        self.run_payloads("kv/", {}, lambda _: None)

    def test_kv_on_redis(self):
        with redis() as (url, command):
            command("set", "canary", "alive")

            def untouched(_):
                self.assertEqual(command("get", "canary"), "alive")
                # All other keys are gone again, but for the limits of `take`, which last a minute.
                count = ("local n = 0 for _, key in ipairs(redis.call('keys', '*')) do "
                         "if string.sub(key, 1, 13) ~= 'zerver:limit:' then n = n + 1 end end return n")
                self.assertIn(int(command("eval", count, "0")), (1, 2), "the canary, and the slot of values")

            self.run_payloads("kv/", {"KV_URL": url}, untouched)

    def test_kv_on_sqlite(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "kv.db"

            def untouched(_):
                with contextlib.closing(sqlite3.connect(path)) as database:
                    tables = database.execute("select name from sqlite_master where type = 'table' order by name").fetchall()
                    self.assertEqual(tables, [("zerver_kv",), ("zerver_kv_taken",)])
                    live = "select count(*) from zerver_kv where until is null or until > unixepoch() * 1000000"
                    self.assertIn(database.execute(live).fetchone()[0], (0, 1), "the slot of values")

            self.run_payloads("kv/", {"KV_URL": f"sqlite:{path}"}, untouched)

    def test_kv_on_postgresql(self):
        with backing.Server("postgres") as server:
            def query(text):
                return subprocess.run(["psql", "-qAtX", server.url, "-c", text], check=True, capture_output=True,
                                      text=True).stdout.split()

            def untouched(_):
                self.assertEqual(query("select table_name from information_schema.tables "
                                       "where table_schema = 'public' order by 1"), ["zerver_kv", "zerver_kv_taken"])
                live = "select count(*) from zerver_kv where until is null or until > extract(epoch from now()) * 1000000"
                self.assertIn(int(query(live)[0]), (0, 1), "the slot of values")

            self.run_payloads("kv/", {"KV_URL": server.url}, untouched)

    def test_http(self):
        with echo_server() as url, tempfile.TemporaryDirectory() as pages:
            (pathlib.Path(pages) / "page").write_bytes(b"page")
            most = len(payloads()) * sum(route.startswith("http/") for route in routes())
            self.run_payloads("http/", {"WEB_URL": url, "PAGES": pages}, lambda _: self.assertLessEqual(Echo.requests, most))

    def run_queue(self, url):
        """What was there before is there, and no more."""
        def untouched(client):
            self.assertEqual(client.ask("GET", "/canaries"), (200, {"depth": 1}))

        environment = {"QUEUE_URL": url}
        with service.Service("injection", environment=environment | {"DATABASE_URL": "sqlite::memory:", "KV_URL": "memory:",
                                                                     "WEB_URL": NOWHERE}) as running:
            client = Client(running.port)
            self.addCleanup(client.connection.close)
            if url != "memory:":
                self.assertEqual(client.post("canaries", "alive")[0], 201)
        self.run_payloads("queue/", environment, untouched if url != "memory:" else lambda _: None)

    def test_queue_in_memory(self):
        self.run_queue("memory:")

    def test_queue_on_sqlite(self):
        with tempfile.TemporaryDirectory() as folder:
            self.run_queue(f"sqlite:{folder}/jobs.db")

    def test_queue_on_postgresql(self):
        with backing.Server("postgres") as server:
            self.run_queue(server.url)

    def test_queue_on_redis(self):
        with backing.Server("redis") as server:
            self.run_queue(server.url)

    def test_queue_on_nats(self):
        with backing.Server("nats") as server:
            self.run_queue(server.url)

    def test_jobs(self):
        """Each runs with its own text, and each that is unique waits once."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.db"
            with contextlib.closing(sqlite3.connect(path)) as database, database:
                database.execute("create table note(text text)")
            store = ("--job-store", f"sqlite:{folder}/jobs.db")

            def listed():
                return json.loads(service.run("injection", "--jobs=json", *store, environment=environment).stdout)

            environment = {"DATABASE_URL": f"sqlite:{path}", "KV_URL": "memory:", "WEB_URL": NOWHERE}
            # What is due is done when it ends.
            self.run_payloads("job/", environment, lambda _: None, *store)
            with contextlib.closing(sqlite3.connect(path)) as database:
                notes = sorted(text for (text,) in database.execute("select text from note"))
            self.assertEqual(notes, sorted(payloads()))
            self.assertEqual((listed()["waiting"], listed()["dead"]), (len(payloads()), 0))

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            outside = pathlib.Path(folder)
            root = outside / "root"
            root.mkdir()
            (outside / "secret.txt").write_text("secret")
            (root / "inside.txt").write_bytes(INSIDE)
            (root / "link").symlink_to("..")
            (root / "secret_link").symlink_to("../secret.txt")

            def untouched(_):
                self.assertEqual(sorted(path.name for path in outside.iterdir()), ["root", "secret.txt"])
                self.assertEqual((outside / "secret.txt").read_text(), "secret")

            self.run_payloads("file/", {"FILE_ROOT": str(root)}, untouched)

    def test_compute(self):
        self.run_payloads("compute/", {}, lambda _: None)

    def test_net(self):
        with peers.lines() as tcp, peers.datagrams() as udp, peers.websockets() as websocket:
            environment = {"TCP_URL": f"tcp://127.0.0.1:{tcp}", "UDP_URL": f"udp://127.0.0.1:{udp}",
                           "WS_URL": f"ws://127.0.0.1:{websocket}/"}
            most = len(payloads()) * sum(route.startswith("tcp/") for route in routes())
            self.run_payloads("tcp/", environment, lambda _: self.assertLessEqual(peers.Lines.received, most))
            for prefix in ("udp/", "websocket/"):
                self.run_payloads(prefix, environment, lambda _: None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    arguments, rest = parser.parse_known_args()
    Injection.compiler = arguments.compiler
    unittest.main(argv=[sys.argv[0], *rest])
