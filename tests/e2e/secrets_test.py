"""Secrets that are rotated while a service runs: their files change, and SIGHUP says so."""

import http.server
import signal
import threading
import time
import unittest

from service import TIMEOUT, Service, folder


class Upstream(http.server.BaseHTTPRequestHandler):
    """Says what it was shown."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        shown = self.headers.get("Authorization", "nothing").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(shown)))
        self.end_headers()
        self.wfile.write(shown)

    def log_message(self, *_):
        pass


class SecretsTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(folder())
        self.put("UPSTREAM_TOKEN", "first-token")
        self.put("AUTH_TOKENS", "alice:alices-token")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.environment = {"UPSTREAM": f"http://127.0.0.1:{server.server_port}", "ZERVER_SECRETS_DIR": str(self.folder)}

    def put(self, name, value):
        (self.folder / name).write_text(value + "\n")

    def start(self):
        return Service("e2e_secrets", "--workers", "2", environment=self.environment)

    def seen(self, service):
        return service.ask("GET", "/seen").body.decode()

    def mine(self, service, token):
        return service.ask("GET", "/mine", headers={"Authorization": f"Bearer {token}"}).status

    def rotate(self, service, line):
        """Behind the line that says so the secrets are the new ones, on each worker."""
        service.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + TIMEOUT
        while not any(line in each for each in list(service.output)):
            self.assertLess(time.monotonic(), end, service.output)
            # A round trip, so it is no busy wait.
            self.assertIn(self.seen(service), ("Bearer first-token", "Bearer second-token"))

    def test_the_next_call_has_the_new_ones(self):
        with self.start() as service:
            self.assertEqual(self.seen(service), "Bearer first-token")
            self.assertEqual(self.mine(service, "alices-token"), 204)
            self.put("UPSTREAM_TOKEN", "second-token")
            self.put("AUTH_TOKENS", "alice:alices-new-token,bob:bobs-token")
            self.assertEqual(self.seen(service), "Bearer first-token")
            self.rotate(service, "target `secrets.v1.up`: `bearer` is another one from now on")
            self.rotate(service, "target `zerver.auth.users`: `users` is another one from now on")
            for _ in range(10):
                self.assertEqual(self.seen(service), "Bearer second-token")
                self.assertEqual(self.mine(service, "alices-token"), 401)
                self.assertEqual(self.mine(service, "alices-new-token"), 204)
                self.assertEqual(self.mine(service, "bobs-token"), 204)
        output = "".join(service.output)
        for secret in ("first-token", "second-token", "alices-token", "alices-new-token", "bobs-token"):
            self.assertNotIn(secret, output)

    def test_what_cannot_be_used_changes_nothing(self):
        with self.start() as service:
            self.put("UPSTREAM_TOKEN", "a\nSet-Cookie: evil")
            (self.folder / "AUTH_TOKENS").unlink()
            self.rotate(service, "target `secrets.v1.up`: `bearer` stays as it was: its `bearer` cannot stand in a header field")
            self.rotate(service, "secret.AUTH_TOKENS: it is not there any more, and stays what it was")
            self.assertEqual(self.seen(service), "Bearer first-token")
            self.assertEqual(self.mine(service, "alices-token"), 204)
            self.put("UPSTREAM_TOKEN", "second-token")
            self.rotate(service, "target `secrets.v1.up`: `bearer` is another one from now on")
            self.assertEqual(self.seen(service), "Bearer second-token")

    def test_says_when_there_is_nothing_new(self):
        with self.start() as service:
            self.rotate(service, "no target has another secret")


if __name__ == "__main__":
    unittest.main()
