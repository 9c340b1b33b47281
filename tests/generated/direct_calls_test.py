"""The way of a request through generated code without effects has no call through a pointer.

    direct_calls_test.py OBJECT[:OBJECT...]

Reads the machine code of a service's generated source. `zerver_main.cc` is passed over: start-up may call as it likes.
"""
import pathlib
import re
import subprocess
import sys
import unittest

INDIRECT = re.compile(r"\b(?:call\w*\s+\*|blr\b|jalr\b)")
DIRECT = re.compile(r"\b(?:call\w*\s+[0-9a-f]|bl\s+[0-9a-f])")


def instructions(path):
    run = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


class DirectCalls(unittest.TestCase):
    objects = []

    def test_generated_code_calls_directly(self):
        sources = [path for path in self.objects if pathlib.Path(path).name.endswith(".flow.cc.o")]
        self.assertTrue(sources, "no object of a generated source among " + ", ".join(self.objects))
        for path in sources:
            lines = instructions(path)
            self.assertTrue(any(DIRECT.search(line) for line in lines), path + ": no call at all was recognised")
            self.assertEqual([line for line in lines if INDIRECT.search(line)], [], path)


if __name__ == "__main__":
    DirectCalls.objects = sys.argv.pop().split(":")
    unittest.main()
