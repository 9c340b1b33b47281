"""--sql-check: statements in the dialect of PostgreSQL, prepared on a real server."""

import json
import unittest

import cli
import postgresql

SCHEMA = """\
-- A schema that SQLite would not take.
begin;
create extension if not exists "uuid-ossp" with schema public;
create type state as enum ('open', 'closed');
create domain short as varchar(20) not null;
create table account (
  id   bigserial primary key,
  name text not null
);
create table todo (
  id         uuid primary key default uuid_generate_v4(),
  title      short,
  state      state not null default 'open',
  due        timestamptz,
  tags       jsonb not null default '{}',
  price      numeric(10, 2),
  owner      bigint not null references account (id),
  created_at timestamptz not null default now()
);
create function answer() returns int language sql as $$ select 42; $$;
alter table todo owner to nobody_here;
insert into account (name) values ('ada');
commit;
"""

FLOW = """\
package todos;

schema "schema.sql";

enum State { open, closed }
struct Todo {
  id: uuid; title: string; state: State; due: timestamp?; tags: json; price: decimal?; owner: i64; created_at: timestamp;
}

target db = sql(env.DATABASE_URL ?? "postgres://localhost/todos");

slots { id: uuid; title: string; number: i64; state: State; todo: Todo; }

step read_id     -> id     = request.path.id;
step read_title  -> title  = request.query.title;
step read_number -> number = request.query.number;
step read_state  -> state  = request.query.state;
step load(id, title, number, state) -> todo = db.one(sql"STATEMENT");

flow show on GET "/todos/{id}" public {
  read_id; read_title; read_number; read_state;
  load;
  return 200 todo;
}
"""


@unittest.skipIf(postgresql.binaries() is None, "PostgreSQL is not installed")
class SqlCheck(cli.CliTest):
    @classmethod
    def setUpClass(cls):
        cls.server = postgresql.Server()
        cls.addClassCleanup(cls.server.stop)

    def found(self, statement, schema=SCHEMA, url=None):
        """(code, text at the caret) of all that is reported."""
        (self.folder / "schema.sql").write_text(schema, encoding="utf-8")
        (self.folder / "todos.flow").write_text(FLOW.replace("STATEMENT", statement), encoding="utf-8")
        result = self.run_compiler("--check", "--diagnostics=json", f"--sql-check={url or self.server.url()}",
                                   "todos.flow")
        self.assertIn(result.status, (0, 1), result.err)
        findings = []
        for line in result.err.splitlines():
            entry = json.loads(line)
            text = (self.folder / entry["file"]).read_text(encoding="utf-8").encode()
            lines = text.split(b"\n")
            begin, end = entry["begin"], entry["end"]
            shown = lines[begin["line"] - 1][begin["column"] - 1:end["column"] - 1].decode()
            findings.append((entry["code"], shown))
        self.assertEqual(result.status, 1 if findings else 0)
        return findings

    def test_takes_the_dialect(self):
        self.assertEqual(self.found("select * from todo where id = {id} and title ilike '%' || {title} || '%' and owner "
                                    "= {number}::bigint and state = {state} and created_at > now() - interval '1 day'"), [])
        self.assertEqual(self.found("insert into todo (title, owner, state) values ({title}, {number}, {state}) "
                                    "on conflict (id) do update set title = excluded.title returning *"), [])
        self.assertEqual(self.found("select t.* from todo t where t.id = {id} and answer() > {number} and t.tags ? 'x' "
                                    "and uuid_generate_v4() <> t.id limit{number}"), [])

    def test_takes_parameters_of_no_type(self):
        self.assertEqual(self.found("select * from todo where ({title} is null or title = {title}) and {number} is not null"),
                         [])

    def test_points_at_the_token(self):
        self.assertEqual(self.found("select * form todo where id = {id}"), [("sql-syntax", "form")])
        self.assertEqual(self.found("select * from todos where 'é' = {title}"), [("unknown-table", "todos")])
        self.assertEqual(self.found("select * from todo where '\\u{e9}é' <> {title} and todo.titel = {title}"),
                         [("unknown-column", "titel")])
        self.assertEqual(self.found("select todo.* from todo join account on account.id = owner where id = {id}"),
                         [("ambiguous-column", "id")])
        self.assertEqual(self.found("select * from todo where id = nope({number})"), [("unknown-function", "nope")])

    def test_checks_types_and_null(self):
        self.assertEqual(self.found("select * from todo where owner = {title}"), [("parameter-type", "title")])
        self.assertEqual(self.found("select * from todo where due > {number} - 1"), [("refused-statement", ">")])
        self.assertEqual(self.found("select t.id, t.title, t.state, t.due, t.tags, t.price, a.name as owner, t.created_at "
                                    "from todo t join account a on a.id = t.owner"), [("column-type", "a.name as owner")])
        self.assertEqual(self.found("select t.id, t.title, t.state, t.due, t.tags, t.price, a.id as owner, t.created_at "
                                    "from todo t left join account a on a.id = t.owner"),
                         [("nullable-column", "a.id as owner")])
        self.assertEqual(self.found("select id, title, state, tags, owner from todo"),
                         [("missing-column", "id, title, state, tags, owner")])
        self.assertEqual(self.found("delete from todo where id = {id}"), [("result-rows", "delete")])

    def test_reports_the_schema(self):
        self.assertIn(("schema-error", "integr"), self.found("select 1", schema="create table é (a integr);"))

    def test_leaves_nothing_behind(self):
        self.found("select * from todo where id = {id}")
        self.assertEqual(self.server.query("select nspname from pg_namespace where nspname like 'zerver%'"), [])
        self.assertEqual(self.server.query("select extname from pg_extension where extname <> 'plpgsql'"), [])

    def test_checks_both_databases(self):
        self.put("schema.sql", "create table todo (id integer primary key, title text not null);\n")
        self.put("a.flow", """\
            package a;
            schema "schema.sql";
            target db = sql(env.URL ?? "sqlite:a.db");
            slots { n: i64; title: string; }
            step one -> n = db.one(sql"select count(*) from todo");
            step two -> title = db.one(sql"select ifnull(title, 'x') from todo");
            flow f on GET "/" public { one; two; return 200 { n, title }; }
            """)
        self.compile_ok("--check", "a.flow")
        result = self.run_compiler("--check", f"--sql-check={self.server.url()}", "a.flow")
        self.assertEqual(result.status, 1)
        self.assertIn("PostgreSQL has no function `ifnull`", result.err)

    def test_does_not_show_the_password(self):
        self.put("a.flow", cli.HELLO)
        wrong = self.run_compiler(f"--sql-check={self.server.url(password='wr0ng')}", "--check", "a.flow")
        self.assertEqual(wrong.status, 2)
        self.assertIn("checker:***@127.0.0.1", wrong.err)
        self.assertNotIn("wr0ng", wrong.err)
        port = postgresql.free_port()
        nobody = self.run_compiler(f"--sql-check=postgres://u:pa55@127.0.0.1:{port}/x", "--check", "a.flow")
        self.assertEqual(nobody.status, 2)
        self.assertIn("error[unreachable-database]", nobody.err)
        self.assertNotIn("pa55", nobody.err)
        option = self.run_compiler("--sql-check=mysql://u:pa55@localhost/x", "--check", "a.flow")
        self.assertEqual(option.status, 2)
        self.assertNotIn("pa55", option.err)


if __name__ == "__main__":
    unittest.main()
