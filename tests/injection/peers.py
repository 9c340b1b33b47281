"""Servers that answer with what they were sent, over TCP, UDP and WebSockets."""

import base64
import contextlib
import hashlib
import socketserver
import threading

ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


class Lines(socketserver.StreamRequestHandler):
    """Each line back; counts them, so that one that was smuggled in is seen."""

    disable_nagle_algorithm = True
    received = 0

    def handle(self):
        for line in self.rfile:
            type(self).received += 1
            self.wfile.write(line)


class Datagrams(socketserver.BaseRequestHandler):
    def handle(self):
        data, answer = self.request
        answer.sendto(data, self.client_address)


class WebSocket(socketserver.StreamRequestHandler):
    """Each message back. Clients mask and do not fragment (RFC 6455, section 5.2)."""

    disable_nagle_algorithm = True

    def handle(self):
        key = None
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-key":
                key = value.strip()
        accept = base64.b64encode(hashlib.sha1(key + ACCEPT).digest())
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while len(head := self.rfile.read(2)) == 2:
            size = head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(self.rfile.read(2 if size == 126 else 8), "big")
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[position % 4] for position, byte in enumerate(self.rfile.read(size)))
            if head[0] & 0x0F == 8:
                return
            length = bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2, "big")
            self.wfile.write(head[:1] + length + data)


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextlib.contextmanager
def running(kind, handler):
    """Its port."""
    with kind(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def lines():
    Lines.received = 0
    return running(Threads, Lines)


def datagrams():
    return running(socketserver.UDPServer, Datagrams)


def websockets():
    return running(Threads, WebSocket)
