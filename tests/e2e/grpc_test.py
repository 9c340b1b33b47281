"""A service that asks another one over gRPC, which runs with gRPC's own library."""

import json
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

from service import BIN, SOURCE, TIMEOUT, Service, clean_environment

PEER = SOURCE / "runtime" / "effects" / "grpc" / "test"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Peer:
    """test/peer.py, beside this test."""

    def __init__(self, folder):
        subprocess.run(["protoc", f"-I{PEER}", f"--python_out={folder}", "peer.proto"], check=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", f"{folder}/server.key", "-out",
                        f"{folder}/server.pem"], check=True, stderr=subprocess.DEVNULL)
        for _ in range(5):
            self.port = free_port()
            # Debian's interpreter, which finds Debian's packages.
            self.process = subprocess.Popen(["/usr/bin/python3", PEER / "peer.py", folder, str(self.port),
                                             str(free_port())])
            if self._accepts():
                return
        raise AssertionError("peer.py does not come up")

    def _accepts(self):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                try:
                    self.process.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()


class GrpcTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.peer = Peer(cls.folder.name)
        cls.addClassCleanup(cls.peer.stop)

    def environment(self, port):
        return {"PEER_URL": f"http://127.0.0.1:{port}", "PEER_KEY": "s3cret"}

    def start(self):
        return Service("e2e_asker", environment=self.environment(self.peer.port))

    def test_a_stream_is_a_list(self):
        with self.start() as service:
            answer = service.ask("GET", "/count/300")
            self.assertEqual((answer.status, answer.json), (200, [{"n": n} for n in range(300)]))

    def test_makes_declared_errors_of_codes(self):
        with self.start() as service:
            for code, status in ((3, 502), (4, 504), (5, 404), (7, 502), (8, 429), (14, 503)):
                answer = service.ask("GET", f"/fail/{code}")
                self.assertEqual(answer.status, status, code)
                if status != 504:
                    self.assertEqual(answer.json["detail"], f"as {code} says")

    def test_sends_time_trace_key_and_credentials(self):
        with self.start() as service:
            answer = service.ask("GET", "/seen", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
                                                          "Idempotency-Key": "k-1"})
        seen = dict(field.split("=", 1) for field in answer.json["fields"])
        self.assertTrue(seen["traceparent"].startswith(f"00-{TRACE}-"), seen)
        self.assertNotIn("b7ad6b7169203331", seen["traceparent"])
        self.assertEqual((seen["idempotency-key"], seen["authorization"]), ("k-1", "Bearer s3cret"))
        self.assertTrue(0 < int(seen["left"]) <= 10_000, seen)

    def test_gives_up_in_time_and_says_so(self):
        with self.start() as service:
            before = service.ask("GET", "/given").json["n"]
            end = time.monotonic() + TIMEOUT
            # One that the server had not begun with is not counted there.
            while service.ask("GET", "/given").json["n"] == before:
                self.assertEqual(service.ask("GET", "/wait").status, 504)
                self.assertLess(time.monotonic(), end)

    def test_says_so_when_the_other_side_is_gone(self):
        port = free_port()
        with Service("e2e_asker", environment=self.environment(port)) as service:
            self.assertEqual(service.ask("GET", "/count/1").status, 503)

    def test_targets_are_asked_whether_they_are_there(self):
        for port, status, state in ((self.peer.port, 0, "up"), (free_port(), 1, "down")):
            listed = subprocess.run([BIN / "e2e_asker", "--targets=json"], capture_output=True, text=True, timeout=TIMEOUT,
                                    env=clean_environment() | self.environment(port))
            self.assertEqual(listed.returncode, status, listed.stderr)
            self.assertNotIn("s3cret", listed.stdout)
            [target] = json.loads(listed.stdout)["targets"]
            self.assertEqual((target["state"], target["reaches"]), (state, "services of gRPC"))
            self.assertEqual(target["goes_to"], f"http://127.0.0.1:{port}")


if __name__ == "__main__":
    unittest.main()
