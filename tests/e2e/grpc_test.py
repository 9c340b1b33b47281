"""A service that asks another one over gRPC, which runs with gRPC's own library."""

import json
import socket
import subprocess
import sys
import time
import unittest

from grpc_peer import Peer, free_port
from service import BIN, SOURCE, TIMEOUT, Service, clean_environment, folder, growth_of, memory_of

PEER = SOURCE / "runtime" / "effects" / "grpc" / "test"
TRACE = "0af7651916cd43dd8448eb211c80319c"
# Of a kibibyte each. All of them at once would be a hundred times what a service may grow by while it passes them on:
# buffers, a window of HTTP/2 (1 MiB), and one part.
MESSAGES = int(sys.argv.pop()) if sys.argv[-1].isdigit() else 100_000
MOST_GROWTH = 6 << 20


class GrpcTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(folder())
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", cls.folder / "server.key", "-out",
                        cls.folder / "server.pem"], check=True, stderr=subprocess.DEVNULL)
        cls.peer = Peer(PEER / "peer.py", cls.folder, PEER / "peer.proto", ports=2)
        cls.addClassCleanup(cls.peer.stop)

    def environment(self, port):
        return {"PEER_URL": f"http://127.0.0.1:{port}", "PEER_KEY": "s3cret"}

    def start(self):
        return Service("e2e_asker", environment=self.environment(self.peer.port))

    def test_a_stream_is_a_list(self):
        with self.start() as service:
            answer = service.ask("GET", "/count/300")
            self.assertEqual((answer.status, answer.json), (200, [{"n": n} for n in range(300)]))

    def test_a_stream_is_sent_as_it_comes(self):
        with self.start() as service:
            answer = service.ask("GET", "/pass/300")
            self.assertEqual((answer.status, answer.media_type), (200, "application/jsonl"))
            self.assertEqual([json.loads(line) for line in answer.body.splitlines()], [{"n": n} for n in range(300)])
            self.assertEqual(service.ask("GET", "/pass/0").body, b"")

    def test_what_one_stream_brings_another_takes(self):
        with self.start() as service:
            self.assertEqual(service.ask("GET", "/sum/300").json, {"count": 300, "sum": 44850})
            self.assertEqual(service.ask("GET", "/sum/0").json, {"count": 0, "sum": 0})
            answer = service.ask("GET", "/swap/300")
            self.assertEqual([json.loads(line)["n"] for line in answer.body.splitlines()], list(range(300)))

    def test_rows_are_messages(self):
        with self.start() as service:
            self.assertEqual(service.ask("GET", "/sum/rows/5000").json, {"count": 5000, "sum": 12502500})

    def test_a_stream_that_fails_fails_the_step_that_takes_it(self):
        with self.start() as service:
            answer = service.ask("GET", "/sum/300?fail_behind=200")
            self.assertEqual(answer.status, 503)
            self.assertIn("no more of them", answer.json["detail"])

    def test_what_fails_before_the_first_message_is_a_declared_error(self):
        with self.start() as service:
            answer = service.ask("GET", "/pass/3?fail_behind=-1")
            self.assertEqual((answer.status, answer.json["detail"]), (404, "none at all"))

    def test_what_fails_later_cuts_the_answer_off(self):
        with self.start() as service:
            # More than a part of the answer, which has begun then.
            received = self.receive(service, "/pass/30000?fail_behind=20000")
        self.assertTrue(received.startswith(b"HTTP/1.1 200 OK\r\n"), received)
        self.assertIn(b'{"n":4}\n', received)
        self.assertFalse(received.endswith(b"0\r\n\r\n"), "chunks without the last one")
        self.assertIn("no more of them", "".join(service.output))

    def test_a_client_that_leaves_ends_the_call(self):
        with self.start() as service:
            before = service.ask("GET", "/given").json["n"]
            with service.socket() as connection:
                connection.sendall(b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n")
                self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200 OK"))
            self.wait_until_above(service, before)

    def test_the_deadline_of_the_flow_ends_the_call(self):
        with self.start() as service:
            before = service.ask("GET", "/given").json["n"]
            received = self.receive(service, "/endless/short")
            self.assertFalse(received.endswith(b"0\r\n\r\n"))
            self.wait_until_above(service, before)

    def test_a_stream_has_the_time_of_its_flow(self):
        with self.start() as service:
            seen = json.loads(self.first_line(service, "/watch"))
        left = int(dict(field.split("=", 1) for field in seen["fields"])["left"])
        self.assertTrue(5_000 < left <= 10_000, "not that of the policy, which is for the first message")

    def test_many_messages_need_no_memory(self):
        with self.start() as service:
            service.ask("GET", "/texts/2000")
            before, _ = memory_of(service)
            connection = service.connect()
            connection.request("GET", f"/texts/{MESSAGES}")
            answer = connection.getresponse()
            lines = 0
            while part := answer.read(1 << 20):
                lines += part.count(b"\n")
            connection.close()
            self.assertEqual(lines, MESSAGES)
            self.assertLess(growth_of(service, before), MOST_GROWTH)

    def test_a_slow_client_slows_the_service_behind_it_down(self):
        with self.start() as service:
            service.ask("GET", "/texts/2000")
            before, _ = memory_of(service)
            with service.socket() as slow:
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.sendall(b"GET /texts/1000000 HTTP/1.1\r\nHost: test\r\n\r\n")
                slow.recv(4096)
                # Others are answered over the same connection, and time passes.
                for _ in range(300):
                    self.assertEqual(service.ask("GET", "/count/10").status, 200)
                self.assertLess(growth_of(service, before), MOST_GROWTH)

    def receive(self, service, path):
        """All that comes, to the end of the connection."""
        with service.socket() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def first_line(self, service, path):
        connection = service.connect()
        connection.request("GET", path)
        with connection.getresponse() as answer:
            line = answer.readline()
        connection.close()
        return line

    def wait_until_above(self, service, before):
        end = time.monotonic() + TIMEOUT
        while service.ask("GET", "/given").json["n"] <= before:
            self.assertLess(time.monotonic(), end)

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
            [target] = [each for each in json.loads(listed.stdout)["targets"] if each["name"] == "asker.other"]
            self.assertEqual((target["state"], target["reaches"]), (state, "services of gRPC"))
            self.assertEqual(target["goes_to"], f"http://127.0.0.1:{port}")


if __name__ == "__main__":
    unittest.main()
