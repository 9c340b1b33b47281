"""The hello sample: plain answers, and what every generated service does around them."""

import os
import signal
import socket
import subprocess
import unittest

from service import BIN, TIMEOUT, Service, run


class Hello(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("hello", "--workers", "2"))

    def test_plaintext(self):
        answer = self.service.ask("GET", "/plaintext")
        self.assertEqual((answer.status, answer.body), (200, b"Hello, World!"))
        self.assertEqual(answer.media_type, "text/plain")
        self.assertIn("date", answer.headers)

    def test_json(self):
        answer = self.service.ask("GET", "/json")
        self.assertEqual((answer.status, answer.body), (200, b'{"message":"Hello, World!"}'))
        self.assertEqual(answer.media_type, "application/json")

    def test_a_query_changes_nothing(self):
        self.assertEqual(self.service.ask("GET", "/plaintext?a=b").status, 200)

    def test_head_has_the_length_of_get_and_no_body(self):
        answer = self.service.ask("HEAD", "/plaintext")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.headers["content-length"], "13")

    def test_unknown_path(self):
        answer = self.service.ask("GET", "/nowhere")
        self.assertEqual((answer.status, answer.media_type), (404, "application/problem+json"))
        self.assertEqual(answer.json["status"], 404)

    def test_other_method(self):
        answer = self.service.ask("POST", "/json", b"")
        self.assertEqual((answer.status, answer.media_type), (405, "application/problem+json"))
        self.assertEqual(methods(answer), {"GET", "HEAD", "OPTIONS"})

    def test_options(self):
        answer = self.service.ask("OPTIONS", "/json")
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(methods(answer), {"GET", "HEAD", "OPTIONS"})

    def test_pipelined_requests_are_answered_in_order(self):
        requests = b"".join(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in [b"plaintext", b"json"] * 8)
        last = b"GET /plaintext HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        received = self.service.send_raw(requests + last)
        bodies = [part.split(b"\r\n\r\n", 1)[1] for part in received.split(b"HTTP/1.1 200")[1:]]
        self.assertEqual(bodies, [b"Hello, World!", b'{"message":"Hello, World!"}'] * 8 + [b"Hello, World!"])

    def test_http_1_0_closes(self):
        received = self.service.send_raw(b"GET /plaintext HTTP/1.0\r\n\r\n")
        self.assertTrue(received.endswith(b"\r\n\r\nHello, World!"), received)

    def test_malformed_requests_get_400_and_the_connection_is_closed(self):
        for request in (b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            with self.subTest(request):
                self.assertTrue(self.service.send_raw(request).startswith(b"HTTP/1.1 400 "))

    def test_a_client_that_leaves_in_the_middle_does_no_harm(self):
        for _ in range(50):
            with self.service.socket() as connection:
                connection.sendall(b"GET /plaintext HTTP/1.1\r\nHo")
        self.assertEqual(self.service.ask("GET", "/plaintext").status, 200)


class CommandLine(unittest.TestCase):
    def test_help_names_the_settings(self):
        done = run("hello", "--help")
        self.assertEqual(done.returncode, 0, done.stderr)
        for option in ("--listen", "--workers", "--config"):
            self.assertIn(option, done.stdout)

    def test_wrong_settings_are_one_line_and_exit_2(self):
        for arguments in (["--listen", "nonsense"], ["--listen", "127.0.0.1:99999"], ["--workers", "many"],
                          ["--workers", "-1"], ["--no-such-option"], ["--config", "/does/not/exist"]):
            with self.subTest(arguments):
                self.assert_one_line(run("hello", *arguments))

    def test_a_port_in_use_is_one_line_and_exit_2(self):
        with socket.socket() as occupied:
            occupied.bind(("127.0.0.1", 0))
            occupied.listen()
            address = f"127.0.0.1:{occupied.getsockname()[1]}"
            done = run("hello", "--listen", address)
            self.assert_one_line(done)
            self.assertIn(address, done.stderr)

    def test_settings_come_from_the_environment_too(self):
        self.assert_one_line(run("hello", environment={"ZER_LISTEN": "nonsense"}))

    def test_a_report_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for arguments in (["--help"], ["--doctor"], ["--targets=json"]):
                with self.subTest(arguments):
                    done = subprocess.run([BIN / "hello", *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                          check=False)
                    self.assertEqual((done.returncode, done.stderr),
                                     (2, "hello: cannot write standard output: No space left on device\n"))

    def test_nothing_is_printed_into_what_took_the_place_of_a_closed_descriptor(self):
        """Without a standard error its number would be the first connection's, which would get the snapshot."""
        script = f'exec "{BIN / "hello"}" --listen 127.0.0.1:0 0<&- 2>&-'
        with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            targets = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (0, 2)]
            process.send_signal(signal.SIGTERM)
        self.assertEqual((targets, process.returncode), (["/dev/null", "/dev/null"], 0))

    def test_a_second_interrupt_ends_at_once(self):
        with Service("hello", "--drain-timeout", "1h", expected_exit=-signal.SIGINT) as service:
            with service.socket() as connection:
                connection.sendall(b"GET /plaintext HTTP/1.1\r\n")  # what the drain waits for
                self.assertEqual(service.ask("GET", "/plaintext").status, 200)
                service.process.send_signal(signal.SIGINT)
                while accepts(service.port):
                    pass
                service.process.send_signal(signal.SIGINT)
                service.process.wait(TIMEOUT)

    def assert_one_line(self, done):
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT).close()
    except ConnectionError:
        return False
    return True


def methods(answer):
    return {name.strip() for name in answer.headers["allow"].split(",")}


if __name__ == "__main__":
    unittest.main()
