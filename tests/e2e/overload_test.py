"""What a service answers when it has no time: by `on overload`, or 503; and what it says about itself then."""

import json
import signal
import time
import unittest

from service import TIMEOUT, Service


class OverloadTest(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service("e2e_catalogue", "--workers", "1", "--batch-workers", "0"))
        self.busy = []
        self.addCleanup(self.leave)

    def leave(self):
        for connection in self.busy:
            connection.close()

    def occupy(self, path):
        """A request that takes the place of its flow, until it is left."""
        connection = self.service.socket()
        self.busy.append(connection)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())

    def snapshot(self):
        """What SIGUSR1 prints: the first line of its kind behind those that are there."""
        begin = len(self.service.output)
        self.service.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            for line in self.service.output[begin:]:
                if "{" in line:
                    return json.loads(line[line.index("{"):])
            self.service.ask("GET", "/none")  # a round trip, so that it is no busy wait
        self.fail("no snapshot: " + "".join(self.service.output))

    def wait_for_live(self, flow):
        end = time.monotonic() + TIMEOUT
        while not any(live["flow"] == flow for live in self.snapshot()["live"]):
            self.assertLess(time.monotonic(), end)

    def test_answers_with_less(self):
        self.occupy("/items/1")
        self.wait_for_live("show")
        for shelf in ("a", "b"):
            answer = self.service.ask("GET", f"/items/7?shelf={shelf}")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json, {"id": 7, "shelf": shelf, "degraded": True})
            self.assertIsNone(answer.headers["Retry-After"])
        self.assertEqual(self.service.ask("GET", "/items/seven").status, 400)
        snapshot = self.snapshot()
        self.assertEqual([flow["degraded"] for flow in snapshot["flows"]], [3, 0])
        self.assertEqual([flow["refused"] for flow in snapshot["flows"]], [0, 0])
        self.assertEqual(snapshot["workers"][0]["degraded"], 3)
        self.assertEqual([(live["flow"], live["waits_for"]) for live in snapshot["live"]],
                         [("show", "search of catalogue.v1.db")])

    def test_refuses_without_it(self):
        self.occupy("/strict/1")
        self.wait_for_live("strict")
        answer = self.service.ask("GET", "/strict/7")
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.headers["Retry-After"], "1")

    def test_has_time_again(self):
        self.occupy("/items/1")
        self.wait_for_live("show")
        self.assertTrue(self.service.ask("GET", "/items/2").json["degraded"])
        self.busy.pop().close()
        self.occupy("/items/3")  # takes the place as soon as it is free, else it is answered at once
        end = time.monotonic() + TIMEOUT
        while not self.snapshot()["live"]:
            self.assertLess(time.monotonic(), end)
            self.occupy("/items/3")


if __name__ == "__main__":
    unittest.main()
