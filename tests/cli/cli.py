"""What the tests of the command line share: a temporary folder, a way to run zerver-compile, and small inputs."""

import dataclasses
import os
import pathlib
import subprocess
import tempfile
import textwrap
import unittest

COMPILER = pathlib.Path(os.environ["ZERVER_COMPILE"])

HELLO = """\
package hello;

flow hello on GET "/hello" public {
  return 200 "Hello!" as text;
}
"""

BROKEN = """\
package broken;

struct {
"""


@dataclasses.dataclass
class Result:
    status: int
    out: str
    err: str


class CliTest(unittest.TestCase):
    """Runs in a fresh folder; `self.folder` is its path."""

    maxDiff = None

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="zerver_cli_")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name).resolve()

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def run_compiler(self, *arguments, stdin="", environment=None, **options):
        """Runs to the end. `environment` is added to a bare one, so that the caller's settings do not matter."""
        done = subprocess.run([COMPILER, *map(str, arguments)], cwd=self.folder, input=stdin, text=True,
                              stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, timeout=60,
                              env={"PATH": os.environ["PATH"], "TERM": "xterm", **sanitizer_settings(),
                                   **(environment or {})},
                              check=False, **options)
        return Result(done.returncode, done.stdout, done.stderr)

    def compile_ok(self, *arguments, **options):
        result = self.run_compiler(*arguments, **options)
        self.assertEqual((result.status, result.err), (0, ""))
        return result

    def listing(self, name="."):
        """Every file below a folder."""
        return sorted(str(path.relative_to(self.folder)) for path in (self.folder / name).rglob("*") if path.is_file())


def sanitizer_settings():
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
