#!/usr/bin/env python3
"""Does what a document tells its reader to do, and compares what it says they will see.

usage: tutorial_test.py --build DIR FILE.md...

Each document is followed from its beginning in an empty folder, with Zerver as installed from the build in DIR. Of its
fences

  ```LANGUAGE file=NAME   is the text of a file
  ```diff                 changes files
  ```console              has commands behind `$ ` and below each what it prints; a line `...` stands for any lines,
                          `...` in a line for any text. A command that ends in `&` is a service: the next one waits until
                          it listens, `kill %1` ends it and wants exit status 0. Port 8080 stands for a free one.
  ```sh                   and all others are not run
"""

import argparse
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fences import fences_of  # noqa: E402

SHOWN_PORT = "8080"
# Far above what anything here takes, a build of C++ included.
TIMEOUT = 300


class Failure(Exception):
    pass


class Reader:
    """Follows one document."""

    def __init__(self, path, prefix, folder):
        self.path = path
        self.folder = folder
        self.environment = os.environ | {
            "PATH": f"{prefix}/bin{os.pathsep}{os.environ['PATH']}", "CMAKE_PREFIX_PATH": str(prefix)}
        self.service = None
        self.port = SHOWN_PORT
        self.count = 0

    def follow(self):
        try:
            for fence in fences_of(self.path):
                name = re.fullmatch(r"file=(\S+)", fence.info)
                if name:
                    file = self.folder / name[1]
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text("\n".join(fence.lines) + "\n", encoding="utf-8")
                elif fence.language == "diff":
                    self.change(fence)
                elif fence.language == "console":
                    self.run_console(fence)
        finally:
            if self.service is not None:
                self.service.kill()
                self.service.wait()
        return self.count

    def change(self, fence):
        self.run(fence.line, "git apply --unidiff-zero -", input="\n".join(fence.lines) + "\n")

    def run_console(self, fence):
        commands = []
        for number, line in enumerate(fence.lines, fence.line):
            if line.startswith("$ "):
                commands.append((number, [line[2:]], []))
            elif commands and not commands[-1][2] and commands[-1][1][-1].endswith("\\"):
                commands[-1][1].append(line)
            elif commands:
                commands[-1][2].append(line)
            else:
                raise Failure(f"{self.path}:{number}: output without a command")
        for number, command, expected in commands:
            text = self.with_real_port("\n".join(command))
            self.count += 1
            if text.endswith("&"):
                self.start(number, text[:-1])
            elif text == "kill %1":
                self.stop(number)
            else:
                # A command that fails says so, and the document shows what it says.
                self.compare(number, text, self.run(number, text, any_status=bool(expected)), expected)

    def run(self, number, command, any_status=False, input=None):
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, input=input,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
        if done.returncode != 0 and not any_status:
            logs = "".join(log.read_text(encoding="utf-8") for log in self.folder.glob("*.log"))
            raise Failure(f"{self.path}:{number}: `{command}` ends with {done.returncode}:\n{done.stdout}{logs[-4000:]}")
        return done.stdout

    def compare(self, number, command, printed, expected):
        expected = [self.with_real_port(line) for line in expected]
        pattern = "\n".join(
            r"(?:.*(?:\n.*)*?)" if line == "..." else ".*".join(map(re.escape, line.split("..."))) for line in expected)
        if not re.fullmatch(pattern, printed.rstrip("\n")):
            raise Failure(f"{self.path}:{number}: `{command}` prints\n{printed}\nnot\n" + "\n".join(expected))

    def with_real_port(self, text):
        return text.replace(f":{SHOWN_PORT}", f":{self.port}")

    def start(self, number, command):
        command = command.replace(f":{SHOWN_PORT}", ":0")
        self.service = subprocess.Popen(shlex.split(command), cwd=self.folder, env=self.environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        printed = []
        for line in self.service.stdout:
            printed.append(line)
            match = re.search(r"127\.0\.0\.1:([1-9]\d*)", line)
            if match:
                self.port = match[1]
                threading.Thread(target=self.service.stdout.read, daemon=True).start()
                return
        raise Failure(f"{self.path}:{number}: `{command}` ends before it listens:\n{''.join(printed)}")

    def stop(self, number):
        self.service.send_signal(signal.SIGTERM)
        status = self.service.wait(TIMEOUT)
        self.service = None
        self.port = SHOWN_PORT
        if status != 0:
            raise Failure(f"{self.path}:{number}: the service ends with {status}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path, metavar="DIR")
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zerver-tutorial-") as folder:
        prefix = pathlib.Path(folder) / "prefix"
        subprocess.run(["cmake", "--install", options.build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL,
                       timeout=TIMEOUT)
        for path in options.files:
            home = pathlib.Path(folder) / path.stem
            home.mkdir()
            try:
                count = Reader(path, prefix, home).follow()
            except (Failure, ValueError) as failure:
                print(failure)
                return 1
            print(f"{path}: {count} commands")
    return 0


if __name__ == "__main__":
    sys.exit(main())
