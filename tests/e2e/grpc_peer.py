"""Servers of gRPC beside a test: programs for Debian's interpreter, which finds Debian's packages."""

import socket
import subprocess
import time

from service import TIMEOUT


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Peer:
    """PROGRAM FOLDER PORT [PORT]: with what `protoc` makes of the `.proto` file in the folder."""

    def __init__(self, program, folder, proto, ports=1):
        subprocess.run(["protoc", f"-I{proto.parent}", f"--python_out={folder}", proto.name], check=True)
        for _ in range(5):
            taken = [free_port() for _ in range(ports)]
            self.port = taken[0]
            self.process = subprocess.Popen(["/usr/bin/python3", program, folder, *map(str, taken)])
            if self._accepts():
                return
        raise AssertionError(f"{program.name} does not come up")

    def _accepts(self):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                try:
                    self.process.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()
