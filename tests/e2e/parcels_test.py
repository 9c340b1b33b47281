"""The sample that asks a carrier over gRPC: the carrier's messages are made of what the compiler writes for it."""

import json
import os
import pathlib
import subprocess
import unittest

from grpc_peer import Peer, free_port
from service import SOURCE, Service, folder

PARCELS = SOURCE / "samples" / "parcels"


class ParcelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(folder()))
        subprocess.run([os.environ["ZERVER_COMPILE"], "--emit=proto", "-o", cls.folder, PARCELS / "parcels.flow"], check=True)
        cls.carrier = Peer(PARCELS / "carrier.py", cls.folder, cls.folder / "parcels.proto")
        cls.addClassCleanup(cls.carrier.stop)

    def start(self, port=None):
        return Service("parcels", environment={"CARRIER_URL": f"http://127.0.0.1:{port or self.carrier.port}"})

    def test_a_parcel_is_announced_and_found(self):
        with self.start() as service:
            announced = service.ask("POST", "/parcels", {"number": "p1", "grams": 300})
            self.assertEqual((announced.status, announced.json), (201, {"number": "p1", "grams": 300, "stage": "announced"}))
            self.assertEqual(service.ask("GET", "/parcels/p1").json["grams"], 300)
            other = service.ask("POST", "/parcels", {"number": "p1", "grams": 301})
            self.assertEqual((other.status, other.json["detail"]), (409, "p1 weighs 300 g"))

    def test_its_events_come_until_it_is_delivered(self):
        with self.start() as service:
            service.ask("POST", "/parcels", {"number": "p2", "grams": 1})
            followed = service.ask("GET", "/parcels/p2/events")
            self.assertEqual((followed.status, followed.media_type), (200, "text/event-stream"))
            events = [json.loads(line.removeprefix(b"data: ")) for line in followed.body.splitlines() if line]
            self.assertEqual([(event["stage"], event["place"]) for event in events],
                             [("announced", "Shop"), ("collected", "Depot"), ("on_its_way", "Road"), ("delivered", "Door")])
            self.assertEqual(service.ask("GET", "/parcels/p2").json["stage"], "delivered")

    def test_a_parcel_that_nobody_knows(self):
        with self.start() as service:
            for path in ("/parcels/p0", "/parcels/p0/events"):
                missing = service.ask("GET", path)
                self.assertEqual((missing.status, missing.json["number"]), (404, "p0"), path)

    def test_without_a_carrier(self):
        with self.start(free_port()) as service:
            for path in ("/parcels/p1", "/parcels/p1/events"):
                self.assertEqual(service.ask("GET", path).status, 503, path)


if __name__ == "__main__":
    unittest.main()
