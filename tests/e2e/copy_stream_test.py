"""Rows of a stream into a table, of which neither the flow nor the service has more than a part: `ROWS` of them."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import postgresql  # noqa: E402
from service import Service, folder, growth_of, memory_of

ROWS = int(sys.argv.pop(1))
# Buffers, and the page cache of SQLite (2 MiB a connection); the rows are 30 bytes each.
MOST_GROWTH = 6 << 20


class CopyStream(unittest.TestCase):
    keeps_rows_elsewhere = True  # than in its memory

    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(
            Service("e2e_export", "--workers", "1", environment={"DATABASE_URL": cls.url()}))

    @classmethod
    def url(cls):
        return f"sqlite:{cls.enterClassContext(folder()) / 'export.db'}"

    def setUp(self):
        self.assertEqual(self.service.ask("DELETE", "/copies").status, 204)

    def copy(self, path, count):
        answer = self.service.ask("POST", f"{path}?count={count}")
        return answer.status, json.loads(answer.body)

    def copies(self):
        return json.loads(self.service.ask("GET", "/copies").body)["copied"]

    def test_all_come_and_need_no_memory(self):
        self.assertEqual(self.copy("/copies", 20_000), (201, {"copied": 20_000}))
        self.assertEqual(self.service.ask("DELETE", "/copies").status, 204)
        before, _ = memory_of(self.service)
        self.assertEqual(self.copy("/copies", ROWS), (201, {"copied": ROWS}))
        self.assertEqual(self.copies(), ROWS)
        if self.keeps_rows_elsewhere:
            self.assertLess(growth_of(self.service, before), MOST_GROWTH)

    def test_a_source_that_fails_leaves_nothing(self):
        self.assertEqual(self.copy("/copies/broken", ROWS)[0], 503)
        self.assertEqual(self.copies(), 0)
        self.assertEqual(self.copy("/copies", 10), (201, {"copied": 10}))

    def test_a_deadline_leaves_nothing(self):
        self.assertEqual(self.copy("/copies/late", 100 * ROWS)[0], 504)
        self.assertEqual(self.copies(), 0)
        self.assertEqual(self.copy("/copies", 10), (201, {"copied": 10}))

    def test_a_row_that_is_there_leaves_nothing_else(self):
        self.assertEqual(self.copy("/copies", 1), (201, {"copied": 1}))
        self.assertEqual(self.copy("/copies", ROWS)[0], 409)
        self.assertEqual(self.copies(), 1)


class InMemory(CopyStream):
    keeps_rows_elsewhere = False

    @classmethod
    def url(cls):
        return "sqlite::memory:"


@unittest.skipIf(postgresql.binaries() is None, "PostgreSQL is not installed")
class PostgreSQL(CopyStream):
    @classmethod
    def url(cls):
        server = postgresql.Server()
        cls.addClassCleanup(server.stop)
        return server.url()


if __name__ == "__main__":
    unittest.main()
