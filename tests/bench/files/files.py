#!/usr/bin/env python3
"""Files over HTTP beside nginx: the same files, one worker each, wrk, one behind the other in each of several rounds.

usage: files.py BIN_DIR [--seconds N] [--rounds N]      needs nginx, wrk and the program e2e_export
"""

import argparse
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
SIZES = {"1 KiB": 1 << 10, "64 KiB": 1 << 16, "1 MiB": 1 << 20, "100 MiB": 100 << 20}
CONNECTIONS = 16


@contextlib.contextmanager
def nginx(root, port):
    configuration = root.parent / "nginx.conf"
    configuration.write_text(f"""daemon off; master_process off; pid {root.parent}/nginx.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port}; location / {{ root {root}; }} }}
}}
""", encoding="ascii")
    process = subprocess.Popen(["nginx", "-p", root.parent, "-c", configuration], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def rate(url, seconds):
    """Bytes a second."""
    text = subprocess.run(["wrk", "-t1", "--timeout", "60s", f"-c{CONNECTIONS}", f"-d{seconds}s", url], capture_output=True, text=True,
                          check=True).stdout
    number, unit = re.search(r"Transfer/sec:\s+([\d.]+)(KB|MB|GB)", text).groups()
    if re.search(r"Non-2xx|Socket errors", text):
        raise RuntimeError(text)
    return float(number) * {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}[unit]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    os.environ["ZERVER_BIN_DIR"] = str(arguments.bin.resolve())
    from service import Service  # pylint: disable=import-outside-toplevel
    sys.path.insert(0, str(ROOT / "tests/cli"))
    from postgresql import free_port  # pylint: disable=import-outside-toplevel
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "files"
        root.mkdir()
        os.chmod(folder, 0o755)
        for size in SIZES.values():
            (root / str(size)).write_bytes(os.urandom(1 << 10) * (size >> 10))
        port = free_port()
        with nginx(root, port), Service("e2e_export", "--workers", "1", environment={"FILES": str(root)}) as service:
            print(f"{'file':>8}  {'zerver':>12}  {'nginx':>12}  ratio")
            for name, size in SIZES.items():
                ours, theirs = [], []
                for _ in range(arguments.rounds):
                    ours.append(rate(f"http://127.0.0.1:{service.port}/files/{size}", arguments.seconds))
                    theirs.append(rate(f"http://127.0.0.1:{port}/{size}", arguments.seconds))
                ratio = statistics.median(mine / other for mine, other in zip(ours, theirs))
                print(f"{name:>8}  {statistics.median(ours) / 1e6:9.1f} MB/s  {statistics.median(theirs) / 1e6:7.1f} MB/s"
                      f"  {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
