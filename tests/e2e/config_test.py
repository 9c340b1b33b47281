"""Configuration: the schema says what the program says, and every program ends quickly and cleanly when only asked."""

import json
import subprocess
import time
import unittest

import jsonschema
from service import BIN, SOURCE, Service, clean_environment, folder, run

SCHEMA = json.loads((SOURCE / "docs/config.schema.json").read_text())

# Values of a key that are right, and that are wrong.
VALUES = {
    "executor": (["proactor", "inline"], ["threads", "", 1]),
    "listen": (["127.0.0.1:0", "[::1]:8080", ":80", ["127.0.0.1:0", "localhost:1"]], ["127.0.0.1", 8080, [], ["x"]]),
    "workers": ([1, 1024], [0, 1025, -1, "many", 1.5]),
    "batch_workers": ([0, 1024], [-1, 1025]),
    "quanta": (["interactive", "batch"], ["normal"]),
    "order": (["oldest", "deadline"], ["newest"]),
    "stealing": (["on", "off"], [True, "yes"]),
    "max_waiting": ([1, 10000000], [0]),
    "flow_rates": (["hello.plaintext=5/1s", ["hello.plaintext=5/1s:2", "hello.greeting=1/10ms"]], ["x", 5, [], ["x=1"]]),
    "tenant_rate": (["X-Tenant=100/1m"], ["X-Tenant=0/1s", ""]),
    "max_connections": ([1, 10000000], [0, 10000001]),
    "max_request_line": (["8KiB", 64, "1MiB"], ["8KB", "", "-1"]),
    "max_headers": (["16KiB"], ["16 KiB"]),
    "max_header_count": ([1, 10000], [0, 10001]),
    "max_body": (["1MiB", 0, "0B"], ["1TiB", True]),
    "max_pipelined_output": (["256KiB"], ["KiB"]),
    "max_request_memory": (["1MiB"], [[]]),
    "max_json_depth": ([1, 1024], [0, 1025]),
    "idle_timeout": (["250ms", "60s", "5m", "1h"], ["0s", "60", 60, "1d"]),
    "header_timeout": (["1s"], ["1 s"]),
    "body_timeout": (["1s"], [""]),
    "write_timeout": (["1s"], ["s"]),
    "drain_timeout": (["1s"], ["00ms"]),
    "watchdog": (["50ms"], ["never"]),
    "server_field": (["zerver", ""], ["a\nb", "\u00e9", {}]),
}
# Those that an area adds later are at least named in the schema: a test beside the options looks.
KNOWN = [name for name in SCHEMA["properties"] if name in VALUES]


class ConfigTest(unittest.TestCase):
    def accepts(self, config):
        """Whether the program takes the file; it then only diagnoses."""
        with folder() as path:
            file = path / "config.json"
            file.write_text(json.dumps(config))
            done = run("hello", "--config", file, "--doctor")
        self.assertIn(done.returncode, (0, 2))
        if done.returncode == 2:
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.returncode == 0

    def test_the_schema_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_the_schema_and_the_program_agree(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        self.assertGreater(len(KNOWN), 15)
        for key in KNOWN:
            for expected, values in zip((True, False), VALUES[key]):
                for value in values:
                    with self.subTest(key=key, value=value):
                        self.assertEqual(validator.is_valid({key: value}), expected)
                        self.assertEqual(self.accepts({key: value}), expected)
        for config in ({"$schema": "x"}, {}):
            self.assertTrue(validator.is_valid(config) and self.accepts(config))
        self.assertFalse(validator.is_valid({"max-body": 1}) or self.accepts({"max-body": 1}))

    def test_the_command_line_goes_before_the_environment_and_that_before_the_file(self):
        with folder() as path:
            file = path / "config.json"
            file.write_text('{"workers": 2}')

            def workers(*arguments, environment=None):
                done = run("hello", "--config", file, "--doctor=json", *arguments, environment=environment)
                return json.loads(done.stdout)["config"]["workers"]

            self.assertEqual(workers(), 2)
            self.assertEqual(workers(environment={"ZER_WORKERS": "3"}), 3)
            self.assertEqual(workers("--workers", "4", environment={"ZER_WORKERS": "3"}), 4)

    def test_the_watchdog_watches_a_service(self):
        with Service("hello", "--watchdog", "10s") as service:
            self.assertEqual(service.ask("GET", "/plaintext").status, 200)


class QuickEndTest(unittest.TestCase):
    """Every program that was built."""

    PROGRAMS = sorted(path.name for path in BIN.iterdir() if path.is_file())

    def test_the_programs_are_there(self):
        self.assertLessEqual({"zerver-compile", "hello", "echo", "todos"}, set(self.PROGRAMS))

    def test_help_and_version_end_within_a_second_and_leave_nothing_behind(self):
        for program in self.PROGRAMS:
            for option in ("--help", "--version"):
                with self.subTest(program=program, option=option):
                    begin = time.monotonic()
                    # A group of its own: whoever is left of it when the program has ended is found.
                    process = subprocess.Popen([BIN / program, option], env=clean_environment(), start_new_session=True,
                                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    output, errors = process.communicate(timeout=10)
                    self.assertLess(time.monotonic() - begin, 1)
                    self.assertEqual(process.returncode, 0, errors)
                    self.assertEqual(errors, b"")
                    self.assertTrue(output)
                    living = subprocess.run(["pgrep", "-g", str(process.pid)], capture_output=True, text=True)
                    self.assertEqual(living.stdout, "")


if __name__ == "__main__":
    unittest.main()
