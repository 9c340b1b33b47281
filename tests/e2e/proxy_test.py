"""A service through which bodies go: gigabytes in a few megabytes, both ways, whoever is slow, leaves or fails."""

import gzip
import http.client
import http.server
import json
import socket
import socketserver
import threading
import time
import unittest
from concurrent import futures

import backing
from service import TIMEOUT, Service, folder, growth_of, memory_of, open_stream, run

SIZE = 1 << 30
# Buffers of some connections and windows of HTTP/2, not the body.
MOST_GROWTH = 8 << 20


class Sink(http.server.ThreadingHTTPServer):
    """Counts the bytes that it is sent, or answers with what it was told to."""

    daemon_threads = True

    def __init__(self):
        self.answer = None
        self.requests = []
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def count_chunks(self):
            count = 0
            while size := int(self.rfile.readline(), 16):
                piece = self.rfile.read(size)
                if len(piece) != size or self.rfile.readline() != b"\r\n":
                    raise ConnectionError("cut off")
                count += size
            self.rfile.readline()
            return count

        def do_POST(self):
            status, media_type, body = self.server.answer or (200, "application/json", None)
            if "Transfer-Encoding" not in self.headers:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                self.server.requests.append((self.headers, content))
                body = body or json.dumps({"bytes": len(content)}).encode()
            elif body is None:
                body = json.dumps({"bytes": self.count_chunks()}).encode()
            else:
                self.close_connection = True  # without having read what comes
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_POST

        def handle(self):
            try:
                super().handle()
            except ConnectionError:
                pass  # who was asked has gone

        def log_message(self, *_):
            pass


class Script:
    """A service that does on its one connection, behind the head of the request, what a function says."""

    def __init__(self, behave):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(TIMEOUT)
        self.behave = behave
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self):
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(TIMEOUT)
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            self.behave(connection)

    def close(self):
        self.thread.join()
        self.listener.close()


class Http1(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = cls.enterClassContext(folder())
        for name, size in (("large", SIZE), ("middle", 256 << 20), ("small", 3000)):
            with open(cls.root / name, "wb") as file:
                file.truncate(size)
        cls.sink = Sink()
        cls.addClassCleanup(cls.sink.close)
        cls.service = cls.enterClassContext(Service("e2e_proxy", "--workers", "1", environment={
            "FILES": str(cls.root), "SINK": cls.sink.url(), **cls.upstream()}))

    @classmethod
    def upstream(cls):
        files = cls.enterClassContext(Service("e2e_export", "--workers", "1", environment={"FILES": str(cls.root)}))
        return {"UPSTREAM": f"http://127.0.0.1:{files.port}"}

    def test_a_gigabyte_goes_through_and_needs_no_memory(self):
        self.service.ask("GET", "/pass/small")
        before, _ = memory_of(self.service)
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=TIMEOUT)
        self.addCleanup(connection.close)
        connection.request("GET", "/pass/large")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        received = 0
        while part := answer.read(1 << 20):
            received += len(part)
        self.assertEqual(received, SIZE)
        self.assertLess(growth_of(self.service, before), MOST_GROWTH)

    def test_who_takes_nothing_holds_up_nobody_and_nothing_piles_up(self):
        self.service.ask("GET", "/pass/small")
        before, _ = memory_of(self.service)
        slow = [open_stream(self.service, "/pass/large", 4096)[0] for _ in range(4)]
        for _ in range(100):
            self.assertEqual(len(self.service.ask("GET", "/pass/small").body), 3000)
        self.assertLess(growth_of(self.service, before), MOST_GROWTH)
        for connection in slow:
            connection.close()

    def test_who_leaves_takes_the_call_along(self):
        # More than there may be connections to the other side.
        for _ in range(100):
            open_stream(self.service, "/pass/large")[0].close()
        self.assertEqual(len(self.service.ask("GET", "/pass/small").body), 3000)

    def test_what_is_not_there_is_an_error_of_the_step(self):
        self.assertEqual(self.service.ask("GET", "/pass/nothing").status, 404)

    def test_a_file_and_an_answer_are_sent_on_without_memory(self):
        self.service.ask("POST", "/push/small")
        before, _ = memory_of(self.service)
        for way in ("push", "move"):
            answer = self.service.ask("POST", f"/{way}/middle")
            self.assertEqual((answer.status, answer.json), (200, {"bytes": 256 << 20}))
        self.assertLess(growth_of(self.service, before), MOST_GROWTH)

    def test_an_answer_that_comes_early_counts(self):
        self.sink.answer = (413, "application/json", b"{}")
        try:
            for way in ("push", "move"):
                self.assertEqual(self.service.ask("POST", f"/{way}/middle").status, 422)
        finally:
            self.sink.answer = None
        self.assertEqual(self.service.ask("POST", "/move/small").json, {"bytes": 3000})


class Http2(Http1):
    @classmethod
    def upstream(cls):
        return {"UPSTREAM": cls.enterClassContext(backing.Server("nginx", str(cls.root))).url, "UPSTREAM_HTTP2": "always"}


class Holding(socketserver.ThreadingTCPServer):
    """Takes requests, and answers none."""

    daemon_threads = True
    block_on_close = False

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while b"\r\n\r\n" not in self.request.recv(65536):
                pass
            self.server.taken += 1
            self.request.recv(1)

    def __init__(self):
        self.taken = 0
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Places(unittest.TestCase):
    """A service in several places."""

    def setUp(self):
        self.root = self.enterContext(folder())
        (self.root / "a").write_text("here")

    def test_places_that_are_killed_and_started_again_cost_no_request(self):
        servers = [self.enterContext(backing.Server("nginx", str(self.root))) for _ in range(3)]
        hosts = ",".join(server.url.removeprefix("http://") for server in servers)
        with Service("e2e_proxy", "--workers", "2", environment={
                "UPSTREAM": f"http://{hosts}", "UPSTREAM_HTTP2": "always"}) as service:
            answers = [0, 0]
            is_over = threading.Event()

            def ask(thread):
                while not is_over.is_set():
                    answer = service.ask("GET", "/text/a")
                    self.assertEqual((answer.status, answer.body), (200, b"here"))
                    answers[thread] += 1

            with futures.ThreadPoolExecutor(len(answers)) as pool:
                running = [pool.submit(ask, thread) for thread in range(len(answers))]
                try:
                    for server in servers:
                        server.kill()
                        self.wait_for_more(answers, running)
                        server.start()
                        self.wait_for_more(answers, running)
                finally:
                    is_over.set()
                for each in running:
                    each.result()

    def wait_for_more(self, answers, running):
        enough = sum(answers) + 300
        end = time.monotonic() + TIMEOUT
        while sum(answers) < enough and time.monotonic() < end:
            if futures.wait(running, 0.01, futures.FIRST_COMPLETED).done:
                return  # one has failed, and says why

    def test_a_hedge_goes_to_another_place(self):
        holding = Holding()
        self.addCleanup(holding.close)
        with Service("e2e_export", "--workers", "1", environment={"FILES": str(self.root)}) as files:
            with Service("e2e_proxy", "--workers", "1", environment={
                    "UPSTREAM": f"http://127.0.0.1:{holding.server_address[1]},127.0.0.1:{files.port}"}) as service:
                for _ in range(20):
                    answer = service.ask("GET", "/hedged/a")
                    self.assertEqual((answer.status, answer.body), (200, b"here"))
        self.assertGreater(holding.taken, 0)

    def test_hosts_that_are_none_are_refused_when_it_starts(self):
        for upstream, why in (("http://a:1,", "host 2 of its URL is empty"),
                              ("http://a:1,https://b:2", "its URL names `http` and `https`"),
                              ("http://a:1,b:2,a:1", "its URL names `a:1` twice")):
            ended = run("e2e_proxy", environment={"UPSTREAM": upstream})
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn(f"target `proxy.upstream`: adapter `zerver.http`: {why}", ended.stderr)


class Behaviour(unittest.TestCase):
    def start(self, upstream="http://127.0.0.1:1", **environment):
        return Service("e2e_proxy", "--workers", "1", environment={"UPSTREAM": upstream, **environment})

    def scripted(self, behave):
        script = Script(behave)
        self.addCleanup(script.close)
        return script.url()

    def tell(self, service, text):
        return service.ask("POST", "/tell", json.dumps(text), {"Content-Type": "application/json"})

    def test_what_breaks_in_the_middle_is_cut_off_and_logged(self):
        def behave(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 300_000)

        with self.start(self.scripted(behave)) as service:
            with self.assertRaises(http.client.IncompleteRead):
                service.ask("GET", "/pass/a")
            self.assertEqual(service.ask("GET", "/ping").status, 204)
        self.assertIn("it closed the connection inside its answer", "".join(service.output))

    def test_the_deadline_of_the_flow_ends_it(self):
        left = threading.Event()

        def behave(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
            if connection.recv(1) == b"":
                left.set()

        with self.start(self.scripted(behave)) as service:
            with self.assertRaises(http.client.IncompleteRead):
                service.ask("GET", "/soon/a")
            self.assertTrue(left.wait(TIMEOUT))

    def test_a_client_that_leaves_closes_the_connection_to_the_other_side(self):
        left = threading.Event()

        def behave(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            if connection.recv(1) == b"":
                left.set()

        with self.start(self.scripted(behave)) as service:
            connection, head, _ = open_stream(service, "/pass/a")
            self.assertIn(b" 200 ", head)
            connection.close()
            self.assertTrue(left.wait(TIMEOUT))

    JSON_LINES = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

    @staticmethod
    def chunk(text):
        return b"%x\r\n%s\r\n" % (len(text), text)

    def test_elements_are_sent_on_as_they_come(self):
        received = threading.Event()

        def behave(connection):
            connection.sendall(self.JSON_LINES + self.chunk(b'{"id":1}\n{"id":') + self.chunk(b"2}\n"))
            received.wait(TIMEOUT)
            connection.sendall(self.chunk(b'{"id":3,"name":"c","more":[]}\n[DONE]\n{"id":4}\n'))
            connection.recv(1)

        with self.start(self.scripted(behave)) as service:
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=TIMEOUT)
            self.addCleanup(connection.close)
            connection.request("GET", "/items/a")
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/jsonl"))
            self.assertEqual([json.loads(answer.readline()) for _ in range(2)],
                             [{"id": 1}, {"id": 2}])
            received.set()
            self.assertEqual(json.loads(answer.read()), {"id": 3, "name": "c"})

    def test_events_become_events(self):
        def behave(connection):
            connection.sendall(self.EVENTS + b': hello\n\nevent: item\nid: 7\ndata: {"id": 1,\ndata: "name": "a"}\n\n'
                                             b'data: {"id": 2}\r\n\r\n')

        with self.start(self.scripted(behave)) as service:
            answer = service.ask("POST", "/events", json.dumps("x"), {"Content-Type": "application/json"})
            self.assertEqual((answer.status, answer.media_type), (200, "text/event-stream"))
            events = [json.loads(event.removeprefix(b"data: ")) for event in answer.body.split(b"\n\n") if event]
            self.assertEqual(events, [{"id": 1, "name": "a"}, {"id": 2}])

    def test_an_element_that_is_wrong_ends_the_stream_and_is_named(self):
        for wrong, why in ((b'{"id":"x"}\n', "element 1 of its answer: /id must be"),
                           (b'{"id":1,"name":"%s"}\n' % (b"n" * 21), "element 1 of its answer: /name must"),
                           (b'{"id":1,,}\n', "element 1 of its answer: the JSON is not well-formed"),
                           (b'{"id":1}', "closed the connection")):
            received = threading.Event()

            def behave(connection):
                connection.sendall(self.JSON_LINES + self.chunk(b'{"id":1}\n'))
                received.wait(TIMEOUT)
                connection.sendall(self.chunk(wrong))

            with self.start(self.scripted(behave)) as service:
                connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=TIMEOUT)
                self.addCleanup(connection.close)
                connection.request("GET", "/items/a")
                answer = connection.getresponse()
                self.assertEqual(json.loads(answer.readline()), {"id": 1}, wrong)
                received.set()
                with self.assertRaises(http.client.IncompleteRead, msg=wrong):
                    answer.read()
                self.assertEqual(service.ask("GET", "/ping").status, 204)
            self.assertIn(why, "".join(service.output))

    def test_a_first_element_that_is_wrong_is_an_error_of_the_step(self):
        def behave(connection):
            connection.sendall(self.JSON_LINES + self.chunk(b'{"name":"a"}\n'))

        with self.start(self.scripted(behave)) as service:
            self.assertEqual(service.ask("GET", "/items/a").status, 503)
        self.assertIn("element 0 of its answer: /id is missing", "".join(service.output))

    def test_elements_end_with_the_deadline_and_with_the_client(self):
        for path, leaves in (("/soon_items/a", False), ("/items/a", True)):
            left = threading.Event()

            def behave(connection):
                connection.sendall(self.JSON_LINES + self.chunk(b'{"id":1}\n'))
                if connection.recv(1) == b"":
                    left.set()

            with self.start(self.scripted(behave)) as service:
                connection, head, _ = open_stream(service, path)
                self.assertIn(b" 200 ", head)
                if leaves:
                    connection.close()
                self.assertTrue(left.wait(TIMEOUT))
                connection.close()

    def test_a_coding_is_undone_on_the_way(self):
        text = b"".join(b"line %d\n" % i for i in range(100_000))

        def behave(connection):
            coded = gzip.compress(text)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(coded) + coded)

        with self.start(self.scripted(behave)) as service:
            answer = service.ask("GET", "/pass/a")
        self.assertEqual((answer.media_type, answer.body), ("text/plain", text))
        self.assertIsNone(answer.headers["Content-Encoding"])

    def test_long_bodies_are_sent_compressed(self):
        sink = Sink()
        self.addCleanup(sink.close)
        with self.start(SINK=sink.url()) as service:
            for text in ("x" * 5000, "short"):
                self.assertEqual(self.tell(service, text).status, 200)
        [(long_headers, long_body), (short_headers, short_body)] = sink.requests
        self.assertEqual(long_headers["Content-Encoding"], "gzip")
        self.assertEqual(json.loads(gzip.decompress(long_body)), "x" * 5000)
        self.assertLess(len(long_body), 200)
        self.assertIsNone(short_headers["Content-Encoding"])
        self.assertEqual(json.loads(short_body), "short")

    def test_an_error_has_the_fields_of_the_answer(self):
        sink = Sink()
        self.addCleanup(sink.close)
        problem = "application/problem+json"
        full = {"limit_cents": 500, "currency": "CHF", "advice": "wait"}
        with self.start(SINK=sink.url()) as service:
            def told(media_type, body):
                sink.answer = (402, media_type, body if isinstance(body, bytes) else json.dumps(body).encode())
                answer = self.tell(service, "a")
                return answer.status, {name: answer.json.get(name) for name in full}

            self.assertEqual(told(problem, full | {"detail": "no money"}), (402, full))
            self.assertEqual(told("application/json", {"limit_cents": 1}),
                             (402, {"limit_cents": 1, "currency": "EUR", "advice": None}))
            self.assertEqual(told(problem, full | {"currency": 7, "advice": []}),
                             (402, {"limit_cents": 500, "currency": "EUR", "advice": None}))
            for media_type, body in ((problem, {"currency": "CHF"}), (problem, {"limit_cents": "much"}),
                                     (problem, {"limit_cents": None}), (problem, []), (problem, b"{"),
                                     ("text/plain", full), (problem, full | {"pad": "x" * 20_000})):
                self.assertEqual(told(media_type, body), (503, dict.fromkeys(full)), (media_type, body))


if __name__ == "__main__":
    unittest.main()
