#!/usr/bin/env python3
"""A translation unit that includes the header of 100 steps and 60 slots: what it includes, and how long it takes.

usage: header_test.py --compiler ZERVER_COMPILE --std-dir DIR --include DIR... --cxx CXX (--includes | --time)

--includes  fails when a header of Asio, Boost, OpenSSL, simdjson or SQLite is reachable
--time      fails when compiling it at -O2 takes a second of processor time or more, the best of five
"""

import argparse
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

STEPS = 100
SLOTS = 60
FORBIDDEN = re.compile(r"/(boost|asio|openssl|simdjson[^/ ]*|sqlite3[^/ ]*)(/|\.h)")


def flow_text():
    lines = ["/// As many steps and slots as a large package has.", "package large;", 'service large { owner "tests"; }', ""]
    lines += ['@http(422) error Refused { why: string; }', ""]
    lines += [f"struct Value{index} {{ id: i64; title: string; note: string?; }}" for index in range(SLOTS)]
    lines += ["", "slots {"] + [f"  slot{index}: Value{index};" for index in range(SLOTS)] + ["}", ""]
    lines += [f"step fill{index} -> slot{index} fails Refused;" for index in range(SLOTS)]
    for index in range(SLOTS, STEPS):
        reads = ", ".join(f"slot{(3 * index + offset) % SLOTS}" for offset in range(4))
        lines.append(f"step look{index}({reads}) fails Refused may done;")
    lines += ["", 'flow all on GET "/all" public {']
    lines += [f"  fill{index};" for index in range(SLOTS)] + [f"  look{index};" for index in range(SLOTS, STEPS)]
    lines += ["  return 204;", "}"]
    return "\n".join(lines) + "\n"


def compile_command(arguments, folder):
    includes = [f"-I{path}" for path in [folder, *arguments.include]]
    return [arguments.cxx, "-std=c++20", "-O2", *includes]


def check_includes(command, unit):
    result = subprocess.run([*command, "-M", unit], capture_output=True, text=True, check=True)
    found = sorted({word for word in result.stdout.split() if FORBIDDEN.search(word)})
    if found:
        sys.exit("the generated header includes:\n" + "\n".join(found))
    print(f"{len(result.stdout.split())} headers, none of a library")


def check_time(command, unit):
    best = float("inf")
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, "-c", unit, "-o", "/dev/null"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print(f"{best:.2f} s of processor time")
    if best >= 1:
        sys.exit("a second or more")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--std-dir", required=True)
    parser.add_argument("--include", nargs="+", required=True)
    parser.add_argument("--cxx", required=True)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--includes", action="store_true")
    mode.add_argument("--time", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "large.flow").write_text(flow_text())
        (folder / "unit.cc").write_text('#include "large.flow.h"\n\nlarge::fill0::Decision large::fill0::run(View& view) {\n'
                                        '  view.set_slot0({.id = 1, .title = "one", .note = {}});\n  return proceed();\n}\n')
        for source in [folder / "large.flow", pathlib.Path(arguments.std_dir) / "zerver.flow"]:
            subprocess.run([arguments.compiler, f"--std-dir={arguments.std_dir}", "-o", folder, "--emit=cpp", source], check=True)
        command = compile_command(arguments, folder)
        (check_includes if arguments.includes else check_time)(command, folder / "unit.cc")


if __name__ == "__main__":
    main()
