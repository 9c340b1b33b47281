"""HTTP/1.1 on the wire, against the echo sample: RFC 9110 and 9112, and what must be refused so that no request is smuggled.

Every case is a sequence of bytes on a connection of its own, sent at once and then byte by byte; expected are the statuses of the
answers in their order, and whether the server keeps the connection.
"""

import pathlib
import re
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from service import TIMEOUT, Service  # noqa: E402

KEPT, CLOSED = "kept", "closed"
GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


def get(line=b"GET /a HTTP/1.1", *fields, host=b"Host: a"):
    return b"\r\n".join([line, *([host] if host else []), *fields, b"", b""])


def post(*fields, body=b""):
    return get(b"POST /a HTTP/1.1", *fields) + body


def chunked(body, *fields):
    return post(b"Transfer-Encoding: chunked", *fields, body=body)


# name: (bytes, statuses, kept or closed)
CASES = {
    # Keeping connections (RFC 9112, 9)
    "a request": (GET, [200], KEPT),
    "two requests": (GET + GET, [200, 200], KEPT),
    "sixteen requests": (GET * 16, [200] * 16, KEPT),
    "close": (get(b"GET /a HTTP/1.1", b"Connection: close"), [200], CLOSED),
    "close in a list": (get(b"GET /a HTTP/1.1", b"Connection: x , Close"), [200], CLOSED),
    "nothing is served after close": (get(b"GET /a HTTP/1.1", b"Connection: close") + GET, [200], CLOSED),
    "1.0": (get(b"GET /a HTTP/1.0", host=None), [200], CLOSED),
    "1.0 with keep-alive": (get(b"GET /a HTTP/1.0", b"Connection: keep-alive", host=None), [200], KEPT),
    "an empty line before a request": (b"\r\n" + GET, [200], KEPT),
    # Request line (RFC 9112, 3)
    "absolute form": (get(b"GET http://b/c?d HTTP/1.1"), [200], KEPT),
    "any method": (get(b"BREW /pot HTTP/1.1"), [200], KEPT),
    "a later minor version": (get(b"GET /a HTTP/1.9"), [200], KEPT),
    "asterisk form": (get(b"OPTIONS * HTTP/1.1"), [204], KEPT),
    "asterisk form of GET": (get(b"GET * HTTP/1.1"), [400], CLOSED),
    "authority form": (get(b"CONNECT a:1 HTTP/1.1"), [501], CLOSED),
    "authority form of GET": (get(b"GET a:1 HTTP/1.1"), [400], CLOSED),
    "another scheme": (get(b"GET ftp://a/ HTTP/1.1"), [400], CLOSED),
    "user information": (get(b"GET http://u@a/ HTTP/1.1"), [400], CLOSED),
    "a fragment": (get(b"GET /a#b HTTP/1.1"), [400], CLOSED),
    "two spaces": (get(b"GET  /a HTTP/1.1"), [400], CLOSED),
    "a space in the target": (get(b"GET /a b HTTP/1.1"), [400], CLOSED),
    "a tab": (get(b"GET\t/a HTTP/1.1"), [400], CLOSED),
    "a control character": (get(b"GET /\x01 HTTP/1.1"), [400], CLOSED),
    "a zero byte": (get(b"GET /\x00 HTTP/1.1"), [400], CLOSED),
    "a raw byte": (get(b"GET /\xe9 HTTP/1.1"), [400], CLOSED),
    "half an encoding": (get(b"GET /%4 HTTP/1.1"), [400], CLOSED),
    "HTTP/0.9": (b"GET /a\r\n\r\n", [400], CLOSED),
    "HTTP/2": (get(b"GET /a HTTP/2.0"), [505], CLOSED),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505], CLOSED),
    "lower case HTTP": (get(b"GET /a http/1.1"), [400], CLOSED),
    "a long target": (get(b"GET /" + b"a" * 20000 + b" HTTP/1.1"), [414], CLOSED),
    # Host (RFC 9112, 3.2)
    "no Host": (get(host=None), [400], CLOSED),
    "two Hosts": (get(b"GET /a HTTP/1.1", b"Host: b"), [400], CLOSED),
    "the same Host twice": (get(b"GET /a HTTP/1.1", b"Host: a"), [400], CLOSED),
    "a bad Host": (get(host=b"Host: a b"), [400], CLOSED),
    "a Host with a path": (get(host=b"Host: a/b"), [400], CLOSED),
    "a Host with a port": (get(host=b"Host: a:80"), [200], KEPT),
    # Fields (RFC 9112, 5)
    "a space before the colon": (get(b"GET /a HTTP/1.1", b"A : b"), [400], CLOSED),
    "a folded line": (get(b"GET /a HTTP/1.1", b"A: b", b" c"), [400], CLOSED),
    "a bare LF": (b"GET /a HTTP/1.1\nHost: a\n\n", [400], CLOSED),
    "a bare LF behind a field": (get(b"GET /a HTTP/1.1", b"A: b\nC: d"), [400], CLOSED),
    "a bare CR": (get(b"GET /a HTTP/1.1", b"A: b\rC: d"), [400], CLOSED),
    "a zero byte in a value": (get(b"GET /a HTTP/1.1", b"A: \x00"), [400], CLOSED),
    "no name": (get(b"GET /a HTTP/1.1", b": b"), [400], CLOSED),
    "no colon": (get(b"GET /a HTTP/1.1", b"A"), [400], CLOSED),
    "an empty value": (get(b"GET /a HTTP/1.1", b"A:"), [200], KEPT),
    "too many fields": (get(b"GET /a HTTP/1.1", *[b"A: b"] * 200), [431], CLOSED),
    "too large a field": (get(b"GET /a HTTP/1.1", b"A: " + b"b" * 70000), [431], CLOSED),
    # Framing (RFC 9112, 6)
    "a body": (post(b"Content-Length: 3", body=b"abc") + GET, [200, 200], KEPT),
    "no length": (post() + GET, [200, 200], KEPT),
    "two lengths": (post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), [400], CLOSED),
    "two different lengths": (post(b"Content-Length: 3", b"Content-Length: 0", body=b"abc"), [400], CLOSED),
    "a list of lengths": (post(b"Content-Length: 3, 3", body=b"abc"), [400], CLOSED),
    "a signed length": (post(b"Content-Length: +3", body=b"abc"), [400], CLOSED),
    "a negative length": (post(b"Content-Length: -3", body=b"abc"), [400], CLOSED),
    "a hexadecimal length": (post(b"Content-Length: 0x3", body=b"abc"), [400], CLOSED),
    "no number": (post(b"Content-Length: abc", body=b"abc"), [400], CLOSED),
    "a huge length": (post(b"Content-Length: 99999999999999999999"), [413], CLOSED),
    "length and chunks": (chunked(b"0\r\n\r\n", b"Content-Length: 5"), [400], CLOSED),
    "chunks twice": (post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), [400], CLOSED),
    "another coding": (post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), [501], CLOSED),
    "not chunked at last": (post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n"), [400], CLOSED),
    "an unknown coding": (post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), [400], CLOSED),
    "chunks of HTTP/1.0": (get(b"POST /a HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n", [400], CLOSED),
    # Chunks (RFC 9112, 7.1)
    "chunks": (chunked(b"3\r\nabc\r\n0\r\n\r\n") + GET, [200, 200], KEPT),
    "an extension": (chunked(b"3;a=\"b\"\r\nabc\r\n0\r\n\r\n"), [200], KEPT),
    "trailers": (chunked(b"0\r\nA: b\r\n\r\n") + GET, [200, 200], KEPT),
    "a bad size": (chunked(b"x\r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "a signed size": (chunked(b"+3\r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "a prefixed size": (chunked(b"0x3\r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "a space behind the size": (chunked(b"3 \r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "an overflowing size": (chunked(b"10000000000000003\r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "a huge size": (chunked(b"ffffffffffff\r\n"), [413], CLOSED),
    "a size that ends in LF": (chunked(b"3\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "a chunk that is too long": (chunked(b"2\r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "an extension with LF": (chunked(b"3;a\nb\r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "an empty extension": (chunked(b"3;\r\nabc\r\n0\r\n\r\n"), [400], CLOSED),
    "a folded trailer": (chunked(b"0\r\nA: b\r\n c\r\n\r\n"), [400], CLOSED),
    # Expectations (RFC 9110, 10.1.1)
    "an unknown expectation": (post(b"Content-Length: 1", b"Expect: x", body=b"a"), [417], CLOSED),
    # Other protocols
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400], CLOSED),
    "nonsense": (b"hello\r\n\r\n", [400], CLOSED),
}

# Sending these byte by byte takes long and shows nothing.
LARGE = 10000


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.received = b""

    def close(self):
        self.socket.close()

    def send(self, data, byte_by_byte=False):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in ([data[i:i + 1] for i in range(len(data))] if byte_by_byte else [data]):
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has been refused already

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.received += data
        return bool(data)

    def answer(self):
        """Status and body of the next answer; None when the server has closed."""
        while b"\r\n\r\n" not in self.received:
            if not self.more():
                return None
        head, _, rest = self.received.partition(b"\r\n\r\n")
        status = int(re.match(rb"HTTP/1\.1 (\d{3}) ", head)[1])
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        size = int(length[1]) if length else 0
        while len(rest) < size:
            if not self.more():
                raise AssertionError("an answer is cut")
            rest = self.received.partition(b"\r\n\r\n")[2]
        self.received = rest[size:]
        return status, rest[:size]


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("echo", "--workers", "1"))

    def run_case(self, data, statuses, end, byte_by_byte):
        connection = Connection(self.service.port)
        self.addCleanup(connection.close)
        connection.send(data, byte_by_byte)
        for expected in statuses:
            answer = connection.answer()
            self.assertIsNotNone(answer, f"closed instead of {expected}")
            self.assertEqual(answer[0], expected)
        if end == KEPT:
            connection.send(GET)
            answer = connection.answer()
            self.assertIsNotNone(answer, "closed")
            self.assertEqual(answer[0], 200)
        else:
            self.assertIsNone(connection.answer())

    def test_cases(self):
        for name, (data, statuses, end) in CASES.items():
            for byte_by_byte in (False, True):
                if byte_by_byte and len(data) > LARGE:
                    continue
                with self.subTest(name, byte_by_byte=byte_by_byte):
                    self.run_case(data, statuses, end, byte_by_byte)

    def test_bodies_come_back_in_order(self):
        connection = Connection(self.service.port)
        self.addCleanup(connection.close)
        bodies = [b"", b"a", b"GET / HTTP/1.1\r\n\r\n", b"0\r\n\r\n", bytes(range(256))]
        data = b""
        for body in bodies:
            data += post(b"Content-Length: %d" % len(body), body=body)
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7))
            data += chunked(chunks + b"0\r\n\r\n")
        connection.send(data)
        for body in bodies:
            self.assertEqual(connection.answer(), (200, body))
            self.assertEqual(connection.answer(), (200, body))

    def test_continue_comes_before_the_body(self):
        connection = Connection(self.service.port)
        self.addCleanup(connection.close)
        connection.send(post(b"Content-Length: 2", b"Expect: 100-continue"))
        self.assertEqual(connection.answer(), (100, b""))
        connection.send(b"ab")
        self.assertEqual(connection.answer(), (200, b"ab"))

    def test_head_has_no_body(self):
        connection = Connection(self.service.port)
        self.addCleanup(connection.close)
        connection.send(get(b"HEAD /a HTTP/1.1", b"Content-Length: 3") + b"abc" + GET)
        while b"HTTP/1.1 200" not in connection.received[10:]:
            self.assertTrue(connection.more(), "closed")
        first = connection.received.split(b"\r\n\r\n")[0]
        self.assertIn(b"\r\nContent-Length: 3", first)
        self.assertEqual(connection.received.count(b"abc"), 0)


if __name__ == "__main__":
    unittest.main()
