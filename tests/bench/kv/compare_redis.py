#!/usr/bin/env python3
"""SETs a second over one connection, 64 in flight: our client beside redis-benchmark, in turn, on the same server.

usage: compare_redis.py KV_REDIS_BENCH
"""

import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

COUNT = 400_000
IN_FLIGHT = 64
ROUNDS = 5


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("redis-server does not listen")


def ours(program, port):
    out = subprocess.run([program, f"redis://127.0.0.1:{port}", str(COUNT), str(IN_FLIGHT)], check=True,
                         capture_output=True, text=True).stdout
    return float(out)


def theirs(port):
    out = subprocess.run(["redis-benchmark", "-p", str(port), "-t", "set", "-c", "1", "-P", str(IN_FLIGHT), "-n", str(COUNT),
                          "-d", "100", "-r", "100000", "--csv"], check=True, capture_output=True, text=True).stdout
    return float(out.splitlines()[-1].split(",")[1].strip('"'))


@contextlib.contextmanager
def server(folder):
    """A server that keeps nothing on the disk; its port."""
    port = free_port()
    process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
                               stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def main():
    with tempfile.TemporaryDirectory() as folder, server(folder) as port:
        rows = [(ours(sys.argv[1], port), theirs(port)) for _ in range(ROUNDS)]
    for mine, other in rows:
        print(f"ours {mine:12,.0f}/s   redis-benchmark {other:12,.0f}/s   ratio {mine / other:.2f}")
    print(f"median ratio {statistics.median(mine / other for mine, other in rows):.2f}")


if __name__ == "__main__":
    main()
