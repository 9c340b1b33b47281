"""A real server beside a test: those that tests in C++ have, started by `test_server`."""

import subprocess

from service import BIN, TIMEOUT

PROGRAM = BIN.parent / "tests" / "test_server"


class Server:
    """Runs until its `with` block ends, or this process does."""

    def __init__(self, kind, *settings):
        self.process = subprocess.Popen([PROGRAM, kind, *settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url, f"{kind} has not started: {self.process.wait(TIMEOUT)}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(TIMEOUT) == 0
        self.process.stdout.close()

    def kill(self):
        """Like a machine that fails."""
        self._order("kill")

    def start(self):
        """Behind `kill`: on the same port, with what it has kept."""
        self._order("start")

    def _order(self, word):
        print(word, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "done\n", word
