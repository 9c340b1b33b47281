"""The echo sample: bodies of every shape come back unchanged."""

import unittest

from service import Service

EVERY_BYTE = bytes(range(256))


class Echo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("echo", "--workers", "1"))

    def test_every_method_on_every_path(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
            for path in ("/", "/a", "/a/b/c.html?x=y", "/%20/%2F", "//"):
                with self.subTest(f"{method} {path}"):
                    answer = self.service.ask(method, path, EVERY_BYTE, {"Content-Type": "image/x-test"})
                    self.assertEqual((answer.status, answer.body), (200, EVERY_BYTE))
                    self.assertEqual(answer.headers["content-type"], "image/x-test")

    def test_without_a_body(self):
        answer = self.service.ask("GET", "/")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.media_type, "application/octet-stream")

    def test_head(self):
        answer = self.service.ask("HEAD", "/", b"four")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.headers["content-length"], "4")

    def test_chunked(self):
        received = self.service.send_raw(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                                         b"Connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        self.assertTrue(received.endswith(b"\r\n\r\nabcde"), received)

    def test_large(self):
        body = EVERY_BYTE * 40_000
        self.assertEqual(self.service.ask("POST", "/", body).body, body)

    def test_too_large(self):
        received = self.service.send_raw(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
        self.assertTrue(received.startswith(b"HTTP/1.1 413 "), received)


if __name__ == "__main__":
    unittest.main()
