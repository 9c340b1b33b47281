"""Starts a built service on a free port for a test, talks to it and stops it."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading

BIN = pathlib.Path(os.environ["ZERVER_BIN_DIR"])
SOURCE = pathlib.Path(__file__).resolve().parents[2]
# Far above what anything here takes: passing it is a failure, not a measurement.
TIMEOUT = 30
# For all services of a run, so that the same tests hold another executor to account.
OPTIONS = os.environ.get("ZERVER_TEST_OPTIONS", "").split()


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def media_type(self):
        return self.headers.get_content_type()


class Service:
    """A running program. Ends, with its exit status checked, when the `with` block does."""

    def __init__(self, name, *arguments, environment=None, expected_exit=0):
        self.expected_exit = expected_exit
        self.process = subprocess.Popen(
            [BIN / name, "--listen", "127.0.0.1:0", *OPTIONS, *arguments], env=clean_environment() | (environment or {}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = []
        self.port = self._read_port()
        # Keeps the pipe from filling up.
        self._reader = threading.Thread(target=lambda: self.output.extend(self.process.stdout))
        self._reader.start()

    def _read_port(self):
        for line in self.process.stdout:
            self.output.append(line)
            match = re.search(r"127\.0\.0\.1:([1-9]\d*)", line)
            if match:
                return int(match[1])
        self.process.wait(TIMEOUT)
        raise AssertionError(f"ended with {self.process.returncode} before it listened:\n{''.join(self.output)}")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            if kind is None:
                raise
        finally:
            self._reader.join()
            self.process.stdout.close()
        if kind is None and self.process.returncode != self.expected_exit:
            raise AssertionError(f"exit status {self.process.returncode}:\n{''.join(self.output)}")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)

    def ask(self, method, path, body=None, headers=None):
        """One request on a connection of its own. A dict or list is sent as JSON."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def send_raw(self, data):
        """All that comes back until the server closes the connection."""
        with self.socket() as connection:
            connection.sendall(data)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received


def clean_environment():
    """Nothing that would configure the service by accident."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith("ZER_") and name != "DATABASE_URL"}


def run(name, *arguments, environment=None):
    """A program that is expected to end by itself."""
    return subprocess.run([BIN / name, *arguments], env=clean_environment() | (environment or {}),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="zerver-e2e-") as path:
        yield pathlib.Path(path)


def open_stream(service, path, receive_buffer=None):
    """A connection whose answer's head has been read, and what has come behind it."""
    connection = socket.create_connection(("127.0.0.1", service.port), TIMEOUT)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, rest = received.partition(b"\r\n\r\n")
    return connection, head, rest


def memory_of(service):
    """The resident set in bytes, now and at its highest."""
    status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text(encoding="ascii")
    return tuple(int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) << 10 for name in ("VmRSS", "VmHWM"))


def growth_of(service, before):
    """How far the resident set has grown. AddressSanitizer keeps what is freed, and ThreadSanitizer notes on what is
    written: there is nothing to be learnt from their memory."""
    maps = pathlib.Path(f"/proc/{service.process.pid}/maps").read_text(encoding="ascii")
    return 0 if re.search(r"lib[at]san\.so", maps) else memory_of(service)[1] - before
