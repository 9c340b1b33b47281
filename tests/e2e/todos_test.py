"""The todos sample on a real SQLite file, and on a server of PostgreSQL."""

import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import signal
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import postgresql  # noqa: E402
from service import SOURCE, TIMEOUT, Service, folder, run

ALICE = {"Authorization": "Bearer alice-0123456789"}
BOB = {"Authorization": "bearer bob-0123456789"}
NOW_EXPIRED = {"Authorization": "Bearer expired-0123456789"}

SESSIONS = [("alice-0123456789", 1, "2100-01-01T00:00:00Z"), ("bob-0123456789", 2, "2100-01-01T00:00:00Z"),
            ("expired-0123456789", 1, "2001-01-01T00:00:00Z")]


def make_database(path):
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.executescript((SOURCE / "samples/todos/schema.sql").read_text(encoding="utf-8"))
        database.executemany("insert into user (id, name) values (?, ?)", [(1, "Alice"), (2, "Bob")])
        database.executemany("insert into session values (?, ?, ?)", SESSIONS)


def environment_of(path):
    return {"DATABASE_URL": f"sqlite:{path}"}


class TodosTest(unittest.TestCase):
    """One service and one database for a class."""

    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("todos", "--workers", "2", environment=cls.environment()))

    @classmethod
    def environment(cls):
        cls.database = cls.enterClassContext(folder()) / "todos.db"
        make_database(cls.database)
        return environment_of(cls.database)

    def create(self, title, user=None, **fields):
        answer = self.service.ask("POST", "/todos", {"title": title, **fields}, user or ALICE)
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json

    def assert_problem(self, answer, status, **members):
        self.assertEqual((answer.status, answer.media_type), (status, "application/problem+json"), answer.body)
        self.assertEqual(answer.json["status"], status)
        for name, value in members.items():
            self.assertEqual(answer.json.get(name), value, answer.body)


class Export(TodosTest):
    def test_has_a_line_for_each_todo_of_the_user(self):
        mine = [self.create(f"t{i}")["id"] for i in range(30)]
        self.create("not mine", user=BOB)
        answer = self.service.ask("GET", "/todos/export", headers=ALICE)
        self.assertEqual((answer.status, answer.media_type), (200, "application/jsonl"))
        self.assertEqual([json.loads(line)["id"] for line in answer.body.splitlines()], mine)


class Crud(TodosTest):
    def test_create(self):
        answer = self.service.ask("POST", "/todos", {"title": "Buy milk", "due": "2030-01-02T03:04:05Z"}, ALICE)
        self.assertEqual(answer.status, 201, answer.body)
        todo = answer.json
        self.assertEqual(answer.headers["location"], f"/todos/{todo['id']}")
        self.assertEqual((todo["title"], todo["done"], todo["owner"]), ("Buy milk", False, 1))
        self.assertEqual(todo["due"], "2030-01-02T03:04:05Z")

    def test_text_survives(self):
        title = 'ünï "quoted" \\ \n 日本語 🙂 \'); drop table todo; --'
        todo = self.create(title)
        self.assertEqual(self.service.ask("GET", f"/todos/{todo['id']}", None, ALICE).json["title"], title)

    def test_show(self):
        todo = self.create("Show me")
        answer = self.service.ask("GET", f"/todos/{todo['id']}", None, ALICE)
        self.assertEqual((answer.status, answer.json), (200, todo))

    def test_head(self):
        todo = self.create("Head")
        path = f"/todos/{todo['id']}"
        answer = self.service.ask("HEAD", path, None, ALICE)
        full = self.service.ask("GET", path, None, ALICE)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.headers["content-length"], str(len(full.body)))

    def test_edit_changes_what_is_sent_and_nothing_else(self):
        todo = self.create("Before", due="2030-01-01T00:00:00Z")
        path = f"/todos/{todo['id']}"
        answer = self.service.ask("PATCH", path, {"done": True}, ALICE)
        self.assertEqual((answer.status, answer.json), (200, todo | {"done": True}))
        answer = self.service.ask("PATCH", path, {"title": "After"}, ALICE)
        self.assertEqual(answer.json, todo | {"done": True, "title": "After"})
        self.assertEqual(self.service.ask("GET", path, None, ALICE).json, answer.json)

    def test_edit_of_nothing(self):
        todo = self.create("Same")
        self.assert_problem(self.service.ask("PATCH", f"/todos/{todo['id']}", {}, ALICE), 422)

    def test_delete(self):
        path = f"/todos/{self.create('Delete me')['id']}"
        answer = self.service.ask("DELETE", path, None, ALICE)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assert_problem(self.service.ask("GET", path, None, ALICE), 404)
        self.assert_problem(self.service.ask("DELETE", path, None, ALICE), 404)

    def test_concurrent_creates_get_different_ids(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            todos = list(pool.map(lambda number: self.create(f"Number {number}"), range(100)))
        self.assertEqual(len({todo["id"] for todo in todos}), 100)
        self.assertEqual([todo["title"] for todo in todos], [f"Number {number}" for number in range(100)])


class Pages(TodosTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in range(5):
            answer = cls.service.ask("POST", "/todos", {"title": f"{number}"}, ALICE)
            if number % 2:
                cls.service.ask("PATCH", answer.headers["location"], {"done": True}, ALICE)
        cls.service.ask("POST", "/todos", {"title": "Bob's"}, BOB)

    def titles(self, query=""):
        answer = self.service.ask("GET", f"/todos{query}", None, ALICE)
        self.assertEqual(answer.status, 200, answer.body)
        return [todo["title"] for todo in answer.json]

    def test_only_own_ones(self):
        self.assertEqual(self.titles(), ["0", "1", "2", "3", "4"])

    def test_limit_and_after(self):
        self.assertEqual(self.titles("?limit=2"), ["0", "1"])
        last = self.service.ask("GET", "/todos?limit=2", None, ALICE).json[-1]["id"]
        self.assertEqual(self.titles(f"?limit=2&after={last}"), ["2", "3"])
        self.assertEqual(self.titles("?after=999999"), [])

    def test_done(self):
        self.assertEqual(self.titles("?done=true"), ["1", "3"])
        self.assertEqual(self.titles("?done=false"), ["0", "2", "4"])

    def test_wrong_queries(self):
        for query in ("limit=0", "limit=101", "limit=x", "limit=", "limit=1.5", "after=x", "done=maybe",
                      "after=99999999999999999999"):
            with self.subTest(query):
                self.assert_problem(self.service.ask("GET", f"/todos?{query}", None, ALICE), 400)


class Refusals(TodosTest):
    def test_who_asks_must_be_known(self):
        for headers in ({}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "},
                        {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer a b"},
                        {"Authorization": "Bearer ="}, {"Authorization": "Bearer unknown-0123456789"}, NOW_EXPIRED):
            with self.subTest(headers):
                self.assert_problem(self.service.ask("GET", "/todos", None, headers), 401)

    def test_the_todos_of_others_do_not_exist(self):
        todo = self.create("Private")
        path = f"/todos/{todo['id']}"
        for method, body in (("GET", None), ("PATCH", {"done": True}), ("DELETE", None)):
            with self.subTest(method):
                self.assert_problem(self.service.ask(method, path, body, BOB), 404, id=todo["id"])
        self.assertEqual(self.service.ask("GET", path, None, ALICE).json, todo)

    def test_wrong_ids(self):
        for text in ("x", "1x", "-", "%00", "99999999999999999999", "1%2F2", "%zz"):
            with self.subTest(text):
                self.assert_problem(self.service.ask("GET", f"/todos/{text}", None, ALICE), 400)

    def test_wrong_bodies_name_the_place(self):
        for body, pointer in (('{"title": 5}', "/title"), ('{"title": ""}', "/title"), ("{}", "/title"),
                              ('{"title": "a", "due": "tomorrow"}', "/due"), ('{"title": null}', "/title"),
                              ('{"title": "%s"}' % ("x" * 201), "/title")):
            with self.subTest(body[:40]):
                self.assert_problem(self.service.ask("POST", "/todos", body, ALICE), 400, pointer=pointer)

    def test_bodies_that_are_no_json(self):
        for body in (b"", b"{", b"[]", b'"title"', b'{"title": "a"} x', b'{"title": "\xff"}', b"[" * 1000):
            with self.subTest(body[:40]):
                self.assert_problem(self.service.ask("POST", "/todos", body, ALICE), 400)

    def test_length_is_counted_in_characters(self):
        self.create("日" * 200)

    def test_too_large(self):
        self.assert_problem(self.service.ask("POST", "/todos", b" " * 65537, ALICE), 413)

    def test_other_methods(self):
        answer = self.service.ask("PUT", "/todos/1", b"", ALICE)
        self.assert_problem(answer, 405)
        self.assertEqual({name.strip() for name in answer.headers["allow"].split(",")},
                         {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"})
        self.assertEqual(self.service.ask("OPTIONS", "/todos").status, 204)

    def test_other_paths(self):
        for path in ("/", "/todo", "/todos/", "/todos/1/2", "/TODOS"):
            with self.subTest(path):
                self.assert_problem(self.service.ask("GET", path, None, ALICE), 404)


class Database(TodosTest):
    def test_locked(self):
        todo = self.create("Readable")
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as other:
            other.execute("begin exclusive")
            answer = self.service.ask("POST", "/todos", {"title": "Locked out"}, ALICE)
            self.assert_problem(answer, 503)
            other.execute("rollback")
        self.assertEqual(self.service.ask("GET", f"/todos/{todo['id']}", None, ALICE).json, todo)
        self.create("Let in")


class StartAndStop(unittest.TestCase):
    def test_a_table_that_is_missing_is_named(self):
        with folder() as path:
            make_database(path / "todos.db")
            with contextlib.closing(sqlite3.connect(path / "todos.db")) as database, database:
                database.execute("drop table todo")
            self.assert_refused(path / "todos.db", "todo")

    def test_a_column_that_is_missing_is_named_with_its_table(self):
        with folder() as path:
            make_database(path / "todos.db")
            with contextlib.closing(sqlite3.connect(path / "todos.db")) as database, database:
                database.execute("alter table session rename column expires_at to until")
            self.assert_refused(path / "todos.db", "session", "expires_at")

    def test_a_file_that_is_no_database(self):
        with folder() as path:
            (path / "todos.db").write_bytes(b"This is not a database. " * 100)
            self.assert_refused(path / "todos.db", "todos.db")

    def assert_refused(self, database, *words):
        done = run("todos", "--listen", "127.0.0.1:0", environment=environment_of(database))
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_request_that_has_begun_is_answered_before_the_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), folder() as path:
                make_database(path / "todos.db")
                with Service("todos", "--workers", "2", environment=environment_of(path / "todos.db")) as service:
                    body = b'{"title": "In flight"}'
                    with service.socket() as connection:
                        connection.sendall(b"POST /todos HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                                           b"Authorization: Bearer alice-0123456789\r\n"
                                           b"Content-Length: %d\r\n\r\n" % len(body))
                        # The interim answer tells that the service has begun with the request.
                        self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 100 "))
                        service.process.send_signal(number)
                        connection.sendall(body)
                        response = http.client.HTTPResponse(connection)
                        response.begin()
                        self.assertEqual(response.status, 201)
                    service.process.wait(TIMEOUT)
                    self.assertEqual(service.process.returncode, 0)


class OnPostgresql:
    """The same program and the same statements; the URL decides."""

    @classmethod
    def environment(cls):
        server = postgresql.Server()
        cls.addClassCleanup(server.stop)
        sessions = ", ".join(f"('{token}', {user}, '{end}')" for token, user, end in SESSIONS)
        server.query((SOURCE / "samples/todos/postgres.sql").read_text(encoding="utf-8"))
        server.query(f"""insert into "user" (id, name) values (1, 'Alice'), (2, 'Bob');
                         insert into session values {sessions}""")
        return {"DATABASE_URL": f"{server.url()}?schema={SOURCE}/samples/todos/postgres.sql"}


@unittest.skipUnless(postgresql.binaries(), "PostgreSQL is not installed")
class CrudOnPostgresql(OnPostgresql, Crud):
    pass


@unittest.skipUnless(postgresql.binaries(), "PostgreSQL is not installed")
class PagesOnPostgresql(OnPostgresql, Pages):
    pass


if __name__ == "__main__":
    unittest.main()
