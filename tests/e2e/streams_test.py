"""Answers whose body is made while it is sent: a million rows in a few megabytes, for clients that take, wait and leave."""

import http.client
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import postgresql  # noqa: E402
from service import TIMEOUT, Service, folder, growth_of, memory_of, open_stream

ROWS = 1_000_000
# What a service may grow by while it sends them: some buffers and a page cache of SQLite, not the rows (30 MB and more).
MOST_GROWTH = 4 << 20


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(
            Service("e2e_export", "--workers", "1", environment={"DATABASE_URL": cls.url()}))

    @classmethod
    def url(cls):
        return f"sqlite:{cls.enterClassContext(folder()) / 'export.db'}"

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=TIMEOUT)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        return connection.getresponse()

    def test_a_line_a_row(self):
        answer = self.get("/lines?count=3")
        self.assertEqual(answer.headers["Content-Type"], "application/jsonl")
        self.assertEqual(answer.headers["Transfer-Encoding"], "chunked")
        rows = [json.loads(line) for line in answer.read().splitlines()]
        self.assertEqual(rows, [{"id": i, "name": f"row {i}"} for i in (1, 2, 3)])

    def test_an_event_a_row(self):
        answer = self.get("/events?count=2")
        self.assertEqual(answer.headers.get_content_type(), "text/event-stream")
        self.assertEqual(answer.read(), b'data: {"id":1,"name":"row 1"}\n\ndata: {"id":2,"name":"row 2"}\n\n')

    def test_a_million_rows_need_no_memory(self):
        self.get("/lines?count=20000").read()
        before, _ = memory_of(self.service)
        lines, last = 0, b""
        answer = self.get(f"/lines?count={ROWS}")
        while part := answer.read(1 << 20):
            lines += part.count(b"\n")
            last = (last + part)[-200:]
        self.assertEqual(lines, ROWS)
        self.assertEqual(json.loads(last.splitlines()[-1])["id"], ROWS)
        self.assertLess(growth_of(self.service, before), MOST_GROWTH)

    def test_who_takes_nothing_holds_up_nobody_and_nothing_piles_up(self):
        self.get("/lines?count=20000").read()
        before, _ = memory_of(self.service)
        slow = [open_stream(self.service, f"/lines?count={ROWS}", 4096)[0] for _ in range(4)]
        for _ in range(200):
            self.assertEqual(self.get("/ping").status, 204)
        self.assertLess(growth_of(self.service, before), MOST_GROWTH)
        for connection in slow:
            connection.close()

    def test_who_leaves_takes_the_statement_along(self):
        # More than may be open at once: each of them must have been closed.
        for _ in range(100):
            open_stream(self.service, f"/lines?count={ROWS}")[0].close()
        self.assertEqual(len(self.get("/lines?count=5").read().splitlines()), 5)

    def test_what_fails_in_the_middle_is_cut_off(self):
        with self.assertRaises(http.client.IncompleteRead):
            self.get("/broken?count=100000").read()
        self.assertEqual(self.get("/ping").status, 204)

    def test_what_fails_at_once_is_a_problem(self):
        answer = self.get("/broken?count=10")
        self.assertEqual((answer.status, answer.headers.get_content_type()), (500, "application/problem+json"))


class InMemory(Streams):
    @classmethod
    def url(cls):
        return "sqlite::memory:"


@unittest.skipIf(postgresql.binaries() is None, "PostgreSQL is not installed")
class PostgreSQL(Streams):
    @classmethod
    def url(cls):
        server = postgresql.Server()
        cls.addClassCleanup(server.stop)
        return server.url()


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = cls.enterClassContext(folder())
        cls.service = cls.enterClassContext(
            Service("e2e_export", "--workers", "1", environment={"FILES": str(cls.root)}))

    def ask(self, path, **headers):
        return self.service.ask("GET", f"/files/{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})

    def test_the_type_is_that_of_the_extension(self):
        for name, media_type in (("a.html", "text/html"), ("b.PNG", "image/png"), ("c", "application/octet-stream")):
            (self.root / name).write_text("x", encoding="ascii")
            self.assertEqual(self.ask(name).media_type, media_type)

    def test_who_has_it_gets_nothing_and_who_has_some_gets_the_rest(self):
        (self.root / "page.txt").write_text("0123456789", encoding="ascii")
        answer = self.ask("page.txt")
        self.assertEqual(answer.body, b"0123456789")
        self.assertEqual(self.ask("page.txt", If_None_Match=answer.headers["ETag"]).status, 304)
        self.assertEqual(self.ask("page.txt", If_Modified_Since=answer.headers["Last-Modified"]).status, 304)
        part = self.ask("page.txt", Range="bytes=4-", If_Range=answer.headers["ETag"])
        self.assertEqual((part.status, part.body, part.headers["Content-Range"]), (206, b"456789", "bytes 4-9/10"))
        (self.root / "page.txt").write_text("another", encoding="ascii")
        self.assertEqual(self.ask("page.txt", If_None_Match=answer.headers["ETag"]).body, b"another")

    def test_no_path_leads_out(self):
        (self.root / "link").symlink_to("/etc/passwd")
        for path in ("../" * 8 + "etc/passwd", "..%2F..%2F..%2Fetc%2Fpasswd", "link", "missing", "."):
            self.assertIn(self.ask(path).status, (400, 404), path)

    def test_a_gigabyte_needs_no_memory(self):
        size = 1 << 30
        with open(self.root / "large", "wb") as file:
            file.truncate(size)
        before, _ = memory_of(self.service)
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=TIMEOUT)
        self.addCleanup(connection.close)
        connection.request("GET", "/files/large")
        answer = connection.getresponse()
        self.assertEqual(answer.headers["Content-Length"], str(size))
        received, buffer = 0, bytearray(1 << 20)
        while count := answer.readinto(buffer):
            received += count
        self.assertEqual(received, size)
        self.assertLess(growth_of(self.service, before), MOST_GROWTH)


if __name__ == "__main__":
    unittest.main()
