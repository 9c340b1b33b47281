"""A service that asks others over HTTP: one written here, and itself."""

import gzip
import http.server
import json
import pathlib
import tempfile
import threading
import time
import unittest

from service import Service

FLOW = pathlib.Path(__file__).resolve().parent / "relay" / "relay.flow"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Bank(http.server.ThreadingHTTPServer):
    """Answers with what it was told to, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        self.answers = []  # status, fields, body; without a status it is silent
        self.is_closed = threading.Event()
        self.requests = []
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.is_closed.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            self.server.requests.append((self.command, self.path, self.headers, self.rfile.read(length)))
            status, headers, body = self.server.answers.pop(0)
            if status is None:
                self.server.is_closed.wait()
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *arguments):
            pass


def problem(detail):
    return {"Content-Type": "application/problem+json"}, json.dumps({"detail": detail}).encode()


class RelayTest(unittest.TestCase):
    def setUp(self):
        self.bank = Bank()
        self.addCleanup(self.bank.close)

    def start(self, *arguments, **environment):
        return Service("e2e_relay", *arguments, environment={"BANK_URL": f"http://127.0.0.1:{self.bank.server_port}/v1",
                                                 "BANK_KEY": "s3cret", "no_proxy": "*", **environment})

    def test_sends_what_the_step_says(self):
        self.bank.answers = [(201, {"Content-Encoding": "gzip"}, gzip.compress(b'{"id":"h1","cents":7}'))]
        with self.start() as service:
            answer = service.ask("POST", "/hold?cents=7", headers={"Idempotency-Key": "k-1"})
        self.assertEqual((answer.status, answer.json), (201, {"id": "h1", "cents": 7}))
        [(method, path, headers, body)] = self.bank.requests
        self.assertEqual((method, path, json.loads(body)), ("POST", "/v1/holds", {"cents": 7}))
        self.assertEqual(headers["Idempotency-Key"], "k-1")
        self.assertEqual(headers["Authorization"], "Bearer s3cret")
        self.assertEqual(headers["X-Kind"], "hold")
        self.assertTrue(0 < int(headers["Zerver-Timeout-Ms"]) <= 2000, headers)

    def test_makes_declared_errors_of_statuses(self):
        with self.start() as service:
            self.bank.answers = [(402, *problem("no money"))]
            answer = service.ask("POST", "/hold?cents=7")
            self.assertEqual((answer.status, answer.json["detail"]), (402, "no money"))
            self.bank.answers = [(410, {}, b"")]
            self.assertEqual(service.ask("DELETE", "/hold/a").status, 402)
            self.bank.answers = [(204, {}, b"")]
            self.assertEqual(service.ask("DELETE", "/hold/a%2F..").status, 204)
            self.assertEqual(self.bank.requests[-1][1], "/v1/holds/a%2F..")
            self.assertEqual(service.ask("DELETE", "/hold/..").status, 402)  # never sent
            self.bank.answers = [(404, {}, b"")]
            self.assertEqual(service.ask("GET", "/hold/a").status, 404)
            self.bank.answers = [(200, {"X-A": "1"}, b"x")]
            self.assertEqual(service.ask("GET", "/hold/a").json["fields"]["x-a"], "1")
            self.assertEqual(self.bank.requests[-1][1], "/v1/holds/a?mode=a%26b")

    def test_retries_the_statuses_that_the_policy_names(self):
        with self.start() as service:
            self.bank.answers = [(423, {}, b""), (503, {"Retry-After": "1"}, b""),
                                 (200, {}, b'{"id":"h1","cents":7}')]
            before = time.monotonic()
            answer = service.ask("POST", "/hold?cents=7")
            self.assertEqual(answer.status, 201)
            self.assertGreaterEqual(time.monotonic() - before, 1)
        self.assertEqual(len({headers["Idempotency-Key"] for _, _, headers, _ in self.bank.requests}), 1)
        self.assertEqual(len({headers["traceparent"] for _, _, headers, _ in self.bank.requests}), 3)
        self.assertEqual(len({headers["traceparent"][:36] for _, _, headers, _ in self.bank.requests}), 1)

    def test_deadline_and_trace_go_through_services(self):
        with self.start() as upstream, self.start(SELF_URL=f"http://127.0.0.1:{upstream.port}") as service:
            answer = service.ask("GET", "/ask", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
                                                         "Zerver-Timeout-Ms": "900"})
            trace, left = answer.body.decode().split(" ")
            self.assertTrue(trace.startswith(f"00-{TRACE}-") and trace.endswith("-01"), trace)
            self.assertNotIn("b7ad6b7169203331", trace)
            self.assertTrue(0 < int(left) <= 900, left)

    def test_says_so_when_the_other_side_is_gone(self):
        with self.start(SELF_URL="http://127.0.0.1:1") as service:
            answer = service.ask("GET", "/ask", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
        self.assertEqual(answer.status, 503)
        self.assertNotIn("relay.flow", answer.body.decode())
        failures = [json.loads(line) for line in service.output if line.startswith("{")]
        self.assertEqual(len(failures), 1, service.output)
        failure = failures[0]
        self.assertEqual((failure["event"], failure["status"], failure["error"], failure["domain"]),
                         ("request-failed", 503, "relay.BankDown", "relay"))
        self.assertEqual((failure["flow"], failure["route"], failure["method"]), ("ask", "/ask", "GET"))
        self.assertEqual((failure["step"], failure["target"], failure["operation"]), ("ask_self", "relay.self", "get_text"))
        line = next(number for number, text in enumerate(FLOW.read_text().splitlines(), 1) if "step ask_self " in text)
        self.assertTrue(failure["at"].endswith(f"relay.flow:{line}"), failure["at"])
        self.assertEqual([(cause["attempt"], cause["kind"]) for cause in failure["causes"]], [(1, "unavailable")])
        self.assertEqual(failure["trace"], TRACE)

    def test_an_audit_has_what_happened_in_order(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.start("--audit", folder, SELF_URL="http://127.0.0.1:1") as service:
                self.assertEqual(service.ask("GET", "/told").status, 200)
                self.assertEqual(service.ask("GET", "/ask").status, 503)
            records = [json.loads(line) for file in sorted(pathlib.Path(folder).iterdir())
                       for line in file.read_text().splitlines()]
        kinds = [(record["kind"], record["name"]) for record in records]
        for wanted in ([("begin", "told"), ("step", "read_trace"), ("step", "read_left"), ("end", "told")],
                       [("begin", "ask"), ("step", "ask_self"), ("attempt", "ask_self"), ("fail", "ask_self"),
                        ("error", "relay.BankDown"), ("end", "ask")]):
            request = records[kinds.index(wanted[0])]["request"]
            of_request = [kind for kind, record in zip(kinds, records) if record["request"] == request]
            self.assertEqual([kind for kind in of_request if kind in wanted], wanted)


if __name__ == "__main__":
    unittest.main()
