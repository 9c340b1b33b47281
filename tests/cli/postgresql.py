"""A server of PostgreSQL for the tests of one file: in a temporary folder, on a free port, gone at the end."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

PASSWORD = "s3cret"


def binaries():
    """The folder of the server's programs; None when it is not installed."""
    candidates = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (found := shutil.which("postgres")) is not None:
        candidates.append(pathlib.Path(found).resolve().parent)
    return next((folder for folder in candidates if (folder / "postgres").exists()), None)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """Runs until `stop`. The server refuses to be root, so root lets the user `postgres` run it."""

    ATTEMPTS = 5  # another process may take the port meanwhile

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zerver_postgresql_"))
        self.process = None
        try:
            self.prepare()
            for _ in range(self.ATTEMPTS):
                if self.start():
                    return
            raise RuntimeError((self.folder / "log").read_text(encoding="utf-8", errors="replace"))
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def as_user(*command):
        return ["runuser", "-u", "postgres", "--", *map(str, command)] if os.getuid() == 0 else list(map(str, command))

    def prepare(self):
        password = self.folder / "password"
        password.write_text(PASSWORD + "\n", encoding="utf-8")
        if os.getuid() == 0:
            for path in (self.folder, password):
                shutil.chown(path, "postgres")
        subprocess.run(self.as_user(binaries() / "initdb", "-D", self.folder / "data", "-U", "checker",
                                    "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync", "-E", "UTF8"),
                       check=True, capture_output=True, cwd="/")

    def start(self):
        self.port = free_port()
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                self.as_user(binaries() / "postgres", "-D", self.folder / "data", "-p", self.port,
                             "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
                             "-c", "fsync=off"), stdout=log, stderr=log, cwd="/")
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            ready = subprocess.run([binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False)
            if ready.returncode == 0:
                return True
            time.sleep(0.05)
        self.end_process()
        return False

    def end_process(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None

    def stop(self):
        self.end_process()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, password=PASSWORD, database="postgres"):
        return f"postgres://checker:{password}@127.0.0.1:{self.port}/{database}"

    def query(self, text, database="postgres"):
        done = subprocess.run([binaries() / "psql", "-qAt", self.url(database=database), "-c", text], check=True, capture_output=True,
                              text=True)
        return done.stdout.split()
