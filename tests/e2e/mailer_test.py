#!/usr/bin/env python3
"""The sample with an adapter of its own: letters end up in a folder, and `--targets` tells about it."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from service import BIN, TIMEOUT, Service


class MailerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "outbox"

    def targets(self, *arguments, **environment):
        return subprocess.run([BIN / "mailer", *arguments], env=os.environ | {"MAIL_FOLDER": str(self.folder)} | environment,
                              capture_output=True, text=True, timeout=TIMEOUT)

    def test_a_letter_is_written_and_shown(self):
        with Service("mailer", environment={"MAIL_FOLDER": str(self.folder), "MAIL_PAPER": "fine"}) as service:
            sent = service.ask("POST", "/letters", {"to": "ann@example.com", "text": "Hello"})
            self.assertEqual((sent.status, sent.json), (201, {"id": "1"}), sent.body)
            shown = service.ask("GET", "/letters/1")
            self.assertEqual(shown.body, b"From: shop@example.com\nTo: ann@example.com\nPaper: fine\n\nHello")
            self.assertEqual(service.ask("POST", "/letters", {"to": "ann", "text": "Hello"}).status, 422)
            self.assertEqual(service.ask("GET", "/letters/2").status, 404)
        self.assertTrue((self.folder / "1.letter").exists())

    def test_its_target_is_listed(self):
        listed = self.targets("--targets=json", MAIL_MOST="5")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        target = json.loads(listed.stdout)["targets"][0]
        self.assertEqual((target["name"], target["adapter"], target["version"], target["state"], target["goes_to"]),
                         ("letters.mail", "letters.mailer", "1.0.0", "up", str(self.folder)))
        self.assertEqual(target["policy"]["in_flight"], {"value": 16, "source": "declared"})
        calls = {call["step"]: call for call in target["calls"]}
        self.assertEqual(calls["send"]["timeout"], {"ms": 500, "source": "declared"})
        self.assertIn({"kinds": ["missing"], "error": "zerver.Missing", "status": 404}, calls["show"]["answers"])

    def test_a_wrong_setting_ends_the_start(self):
        wrong = self.targets("--listen", "127.0.0.1:0", MAIL_MOST="many", MAIL_PAPER="blue")
        self.assertEqual(wrong.returncode, 2)
        self.assertEqual(wrong.stderr,
                         "mailer: target `letters.mail`: adapter `letters.mailer`: parameter `most` must be a whole "
                         "number from 0 to 4294967295, not `many` (`env.MAIL_MOST`); parameter `paper` must be "
                         "`plain` or `fine`, not `blue` (`env.MAIL_PAPER`)\n")
        self.assertFalse(self.folder.exists(), "nothing was opened")


if __name__ == "__main__":
    unittest.main()
