"""Thousands of one thing in one file: accepted or refused by a finding, never by the end of the stack, the memory or the day."""

import subprocess
import unittest

import cli

HEAD = """\
package large;
service large { owner "tests"; }
target db = sql("sqlite:large.db");
slots { a: i64; s: string; }
step read_a -> a = request.query.a;
step look(a) fails Missing, Conflict;
step write(a) = db.exec(sql"update t set a = {a}") timeout 1s;
"""


def flow(body, head=""):
    return f'{HEAD}{head}flow f on POST "/f" public {{ read_a; {body} return 204; }}\n'


def names(prefix, count):
    return [f"{prefix}{number}" for number in range(count)]


# What a file has many of, and how such a file of `n` is made.
ACCEPTED = {
    "branches in a row": lambda n: flow("when a > 1 { look; } else { look; } " * n),
    "answers": lambda n: flow("".join(f"when a == {number} {{ return 200 {{ v: {number} }}; }} " for number in range(n))),
    "sagas in a row": lambda n: flow("saga { look; } " * n),
    "transactions in a row": lambda n: flow("tx db { write; } " * n),
    "parallel blocks in a row": lambda n: flow("parallel { look; look; } " * n),
    "branches side by side": lambda n: flow(f"parallel {{ {'look; ' * n} }}"),
    "handlers of a block": lambda n: flow(
        " ".join(f"{step}; " for step in names("y", n))
        + " ".join(f'on error {error} {{ return 200 "x" as text; }}' for error in names("E", n)),
        "".join(f"@http(400) error E{number};\nstep y{number}(a) fails E{number};\n" for number in range(n))),
    "effects of a group": lambda n: flow(
        "group;",
        f"slots {{ {' '.join(f'{name}: i64;' for name in names('n', n))} }}\n"
        f"step group(a) -> {', '.join(names('n', n))} = all {{ "
        + " ".join(f'{name} = db.one(sql"select {{a}}");' for name in names("n", n)) + " };\n"),
    "alternatives of a step": lambda n: flow(
        "decide;",
        "".join(f'slots {{ n{number}: i64; }} step q{number}(a) -> n{number} = db.one(sql"select {{a}}");\n'
                for number in range(n))
        + f"step decide(a) may need {', '.join(names('q', n))} then decided(a);\n"),
    "values bound to a statement": lambda n: flow(
        "remove;", f'step remove(a) = db.exec(sql"delete from t where a in ({", ".join(["{a}"] * n)})") timeout 1s;\n'),
    "fields of a struct": lambda n: (
        f"package large;\nstruct S {{ {' '.join(f'{name}: i64?;' for name in names('f', n))} }}\nslots {{ s: S; }}\n"
        'step s -> s = request.json;\nflow f on POST "/f" public { s; return 200 s; }\n'),
    "structs in structs": lambda n: (
        "package large;\nstruct S0 { a: i64; }\n"
        + "".join(f"struct S{number} {{ s: S{number - 1}; }}\n" for number in range(1, n))
        + f'slots {{ s: S{n - 1}; }}\nstep s -> s = request.json;\nflow f on POST "/f" public {{ s; return 200 s; }}\n'),
    "routes": lambda n: "package large;\n" + "".join(
        f'flow f{number} on GET "/a{number}/b" public {{ return 204; }}\n' for number in range(n)),
    "jobs": lambda n: "package large;\nslots { a: i64; }\nstep look(a);\n" + "".join(
        f"job j{number}(a) {{ look; enqueue j{(number + 1) % n}(a); }}\n" for number in range(n)),
}
REFUSED = {
    "rescue in a row": ("flow-too-large", lambda n: flow("look; rescue Missing { } " * n)),
    "calls in calls": ("flow-too-large", lambda n: "package large;\n" + "".join(
        f"flow c{number} public {{ {f'call c{number + 1};' if number < n - 1 else 'return 204;'} }}\n" for number in range(n))),
    "else in else": ("chain-too-long", lambda n: flow(" else ".join(["when a == 1 { look; }"] * n))),
    "unknown names": ("unknown-slot", lambda n: HEAD + "".join(
        f"slots {{ some_long_name_{number}: i64; }} step y{number}(some_long_nam_{number}x) -> some_long_name_{number};\n"
        for number in range(n))),
}


class Large(cli.CliTest):
    def test_accepted(self):
        for what, make in ACCEPTED.items():
            with self.subTest(what):
                self.put("large.flow", make(500))
                result = self.run_compiler("large.flow", "-o", "out", "--emit=cpp,json,dot,svg,dataflow,alerts")
                self.assertEqual(result.status, 0, result.err[:2000])

    def test_refused(self):
        for what, (code, make) in REFUSED.items():
            with self.subTest(what):
                self.put("large.flow", make(3000))
                result = self.run_compiler("large.flow", "-o", "out")
                self.assertEqual(result.status, 1, result.err[:2000])
                self.assertIn(f"error[{code}]", result.err)
                self.assertEqual(self.listing("out"), [])

    def test_what_has_no_end(self):
        result = self.run_compiler("--check", "/dev/zero")
        self.assertEqual(result.status, 2)
        self.assertIn("error[unreadable-file]: cannot read /dev/zero: is larger than 32 MiB", result.err)
        with open("/dev/zero", "rb") as endless:
            done = subprocess.run([cli.COMPILER, "--check", "-"], stdin=endless, capture_output=True, text=True, timeout=60,
                                  check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is larger than 32 MiB", done.stderr)


if __name__ == "__main__":
    unittest.main()
