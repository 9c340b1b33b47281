#!/usr/bin/env python3
"""Whatever a `.flow` file calls its declarations, the C++ of it compiles without a warning.

usage: hostile_names_test.py --compiler ZERVER_COMPILE --std-dir DIR --include DIR... --cxx CXX [--all]

The names are C++ keywords, macros of the C library, names of the runtime, and those that the generator itself makes. Each
kind of declaration gets them, one file a kind: with `--all` every name, else the worst.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]

KEYWORDS = """alignas and asm auto bool bitand catch char8_t class co_await co_return concept const_cast consteval
constinit decltype default delete do double dynamic_cast explicit export final float for friend goto if import inline int
long module mutable namespace new noexcept not nullptr operator or override private protected public register
reinterpret_cast requires short signed sizeof static static_assert struct switch template this thread_local throw try
typedef typeid typename union unsigned using virtual void volatile wchar_t while xor_eq""".split()

MACROS = """errno EOF NULL NAN INFINITY BUFSIZ EINVAL EDOM SIGTERM SIGINT INT_MAX SIZE_MAX RAND_MAX CHAR_BIT HUGE_VAL
FLT_EPSILON M_PI UINT64_C LC_ALL EXIT_SUCCESS CLOCKS_PER_SEC stdin stdout stderr assert offsetof setjmp va_list va_start
alloca htons linux unix isnan signbit""".split()

RUNTIME = """zerver std core flow http async Arena Exchange Handled StepView Value List Map Json String Bytes Uuid Decimal
Timestamp Duration Result Fault Answer Error Operation Adapter Reply Config Branch Exit Each Saga Transaction Target Call
Group Worker Task Method Status Rate Loop Log Clock Random size_t int64_t optional array string_view""".split()

GENERATED = """S O E package View Decision Kind Slots Route Captures FoundRoute TravellingError AnySlots AnyValue AnyError
exchange slots path view decision call arguments parameters group fault part error json values match route rest at
handle handle_exchange find_flow_route methods_of_path answer_error answer_with read_json write_json read_row to_string
from_string violation request_arena arena arena_ kind kind_ none none_ value name out in row fields reader config
environment result results index start each saga_step saga_1 exit_1 leave_1 rescue_1 noted request job job_arguments text
message run proceed fail done over report wrote set_value operation reply kOperation kOperations kOne kNone kProceed kPackage
kFlows kSteps kTargets kJobs kCalls kSagaSteps run_f0 configure_t0 route_post route_get F0Slots St0Capture J0Arguments
WArguments AAdapter AConfig has_a commit cancel let_go roll_back joins parse""".split()

WORST = """S E class errno EOF linux zerver std Exchange Value Slots Error Kind View Decision Route arena arena_ StepView value text
name out read_json answer_error handle_exchange kOperations kFlows operation reply kind none run fail done request_arena
exchange slots F0Slots St0Capture run_f0 route_post saga_1 exit_1 Arena Json package""".split()

# The language keeps these for itself.
STATEMENTS = {"each", "call", "return", "parallel", "when", "on", "in", "package"}
ROOTS = {"request", "secret", "env"}

HEAD = 'package hostile;\nservice hostile { owner "tests"; }\n'
FAILS = "fails unavailable, timeout"


def types(keyword, body):
    """Types of that keyword in slots, steps, requests and answers."""
    def text(names):
        lines = [f"{keyword} {name}{body}" for name in names]
        lines += ["slots {", *(f"  s{i}: {name};" for i, name in enumerate(names)), "}"]
        for i in range(len(names)):
            part = "request.json" if keyword == "struct" else "request.path.id"
            lines.append(f"step st{i} -> s{i} = {part}; step use{i}(s{i}) -> s{i};")
            lines.append(f'flow f{i} on POST "/p{i}/{{id}}" public {{ st{i}; use{i}; return 200 {{ v: s{i} }}; }}')
        return lines
    return text


def errors(names):
    for i, name in enumerate(names):
        yield f"@http(409) error {name} {{ left: i64; }}"
        yield f"step st{i} fails {name};"
        yield f'flow f{i} on POST "/p{i}" public {{ saga {{ st{i}; }} return 204; }}'
        yield f'flow g{i} on POST "/q{i}" public {{ st{i}; rescue {name} {{ return 200 "x" as text; }} return 204; }}'


def error_fields(names):
    yield "@http(409) error E {" + " ".join(f"{name}: string;" for name in names) + "}"
    yield 'step st fails E; flow f on POST "/p" public { saga { st; } return 204; }'


def fields(names):
    yield "struct S {" + " ".join(f"{name}: i64;" for name in names) + "} slots { s: S; }"
    yield "struct O {" + " ".join(f"{name}: string?;" for name in names) + "} slots { o: O; }"
    yield "step st -> s = request.json; step op -> o = request.json;"
    yield 'flow f on POST "/p" public { st; return 200 { ' + ", ".join(f"{name}: s.{name}" for name in names) + " }; }"
    yield 'flow g on POST "/q" public { op; return 200 o; }'


def enumerators(names):
    yield "enum E { " + ", ".join(names) + " } slots { s: E; } step st -> s = request.query.s;"
    yield 'flow f on POST "/p" public { st; return 200 { v: s }; }'


def slots(names):
    yield "slots {" + " ".join(f"{name}: i64;" for name in names) + "}"
    for i, name in enumerate(names):
        yield f"step st{i} -> {name} = request.query.{name}; step use{i}({name}) -> {name}; step op{i}({name}?) -> {name}?;"
        yield (f'flow f{i} on POST "/p{i}" public {{ st{i}; use{i}; op{i}; when {name} == 3 {{ return 200 {name}; }} '
               f"return 200 {{ {name} }}; }}")


def steps(names):
    yield "slots { s: i64; }"
    for i, name in enumerate(names):
        yield f'step {name} -> s; flow f{i} on POST "/p{i}" public {{ {name}; return 200 {{ s }}; }}'


def effect_steps(names):
    yield f"adapter a(url: string) {{ @write @idempotent w(x: i64) -> i64 {FAILS}; }} target t = a(env.X); slots {{ s: i64; }}"
    for i, name in enumerate(names):
        yield f"step {name} -> s = t.w(1) fails Unavailable, Timeout undo t.w(2);"
        yield f'flow f{i} on POST "/p{i}" public {{ deadline 90s; saga {{ {name}; }} return 200 {{ s }}; }}'


def flows(names):
    yield "slots { s: i64; }"
    for i, name in enumerate(names):
        yield f'step st{i} -> s; flow {name} on POST "/p{i}" public {{ st{i}; return 200 {{ s }}; }}'


def jobs(names):
    yield "slots { s: i64; } step st -> s = request.query.s; step use(s);"
    yield from (f"job {name}(s) {{ attempts 2; use; }}" for name in names)
    yield 'flow f on POST "/p" public { st; ' + " ".join(f"enqueue {name}(s);" for name in names) + " return 204; }"


def job_arguments(names):
    yield "slots {" + " ".join(f"{name}: i64;" for name in names) + "}"
    for i, name in enumerate(names):
        yield f"step st{i} -> {name} = request.query.x; step use{i}({name}); job j{i}({name}) {{ attempts 2; use{i}; }}"
        yield f'flow f{i} on POST "/p{i}" public {{ st{i}; enqueue j{i}({name}) unique {name}; return 204; }}'


def adapters(names):
    for i, name in enumerate(names):
        yield f"adapter {name}(url: string) {{ @write w(x: i64) -> i64 {FAILS}; }} target t{i} = {name}(\"u\");"
        yield f"slots {{ s{i}: i64; }} step st{i} -> s{i} = t{i}.w(3);"
        yield f'flow f{i} on POST "/p{i}" public {{ deadline 90s; st{i}; return 200 {{ v: s{i} }}; }}'


def operations(names):
    yield "adapter a(url: string) {" + " ".join(f"@write {name}(x: i64) -> i64 {FAILS};" for name in names) + "}"
    yield 'target t = a("u"); slots { s: i64; }'
    for i, name in enumerate(names):
        yield f'step st{i} -> s = t.{name}(3); flow f{i} on POST "/p{i}" public {{ deadline 90s; st{i}; return 200 {{ s }}; }}'


def parameters(names):
    yield "adapter a(" + ", ".join(f"{name}: string" for name in names) + ") { @write w("
    yield ", ".join(f"{name}: i64" for name in names) + f") -> i64 {FAILS}; }}"
    yield "target t = a(" + ", ".join('"x"' for _ in names) + "); slots { s: i64; }"
    yield "step st -> s = t.w(" + ", ".join("1" for _ in names) + ");"
    yield 'flow f on POST "/p" public { deadline 90s; st; return 200 { s }; }'


def targets(names):
    yield f"slots {{ s: i64; }} adapter a(url: string) {{ @write w(x: i64) -> i64 {FAILS}; }}"
    for i, name in enumerate(names):
        yield f"target {name} = a(env.X); step st{i} -> s = {name}.w(3);"
        yield f'flow f{i} on POST "/p{i}" public {{ deadline 90s; st{i}; return 200 {{ s }}; }}'


def members(names):
    yield "slots {" + " ".join(f"{name}: i64;" for name in names) + "}"
    yield f"adapter a(url: string) {{ @read w(x: i64) -> i64 {FAILS}; }} target t = a(\"u\");"
    for i in range(0, len(names), 5):
        group = names[i:i + 5]
        yield f"step st{i} -> {', '.join(group)} = all {{ " + " ".join(f"{name} = t.w(3);" for name in group) + " }"
        yield "fails Unavailable, Timeout;"
        yield f'flow f{i} on POST "/p{i}" public {{ deadline 90s; st{i}; return 200 {{ {", ".join(group)} }}; }}'


KINDS = {
    "struct": (types("struct", " { a: i64; b: bool; }"), {"string", "i64", "bool"}),
    "scalar": (types("scalar", ": string;"), {"string"}),
    "enum": (types("enum", " { a, b }"), {"string"}),
    "error": (errors, set()),
    "error_field": (error_fields, set()),
    "field": (fields, set()),
    "enumerator": (enumerators, set()),
    "slot": (slots, ROOTS),
    "step": (steps, STATEMENTS),
    "effect_step": (effect_steps, STATEMENTS),
    "flow": (flows, set()),
    "job": (jobs, set()),
    "job_argument": (job_arguments, ROOTS),
    "adapter": (adapters, set()),
    "operation": (operations, set()),
    "parameter": (parameters, set()),
    "target": (targets, ROOTS),
    "member": (members, ROOTS),
}


def failure_of(kind, names, options, folder):
    """What is wrong with the C++ of a file with these names; empty when nothing is."""
    make, kept = KINDS[kind]
    # A file has no two declarations of a name, so those that the rest of it uses are left out.
    used = {"t", "a", "s", "o", "f", "g", "st", "op", "use", "w"}
    chosen = [name for name in names if name not in kept and name not in used]
    here = pathlib.Path(folder) / kind
    here.mkdir()
    source = here / "hostile.flow"
    source.write_text(HEAD + "\n".join(make(chosen)) + "\n", encoding="utf-8")
    done = subprocess.run([options.compiler, f"--std-dir={options.std_dir}", "-o", here, source], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        return f"{kind}: the test's own file is wrong\n{done.stdout}{done.stderr}"
    done = subprocess.run([options.cxx, "-std=c++20", "-fsyntax-only", *WARNINGS,
                           *(f"-I{path}" for path in [here, folder, *options.include]), here / "hostile.flow.cc"],
                          capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{kind}: {done.stderr[:4000]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--std-dir", required=True)
    parser.add_argument("--include", nargs="+", required=True)
    parser.add_argument("--cxx", required=True)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    names = list(dict.fromkeys(KEYWORDS + MACROS + RUNTIME + GENERATED if options.all else WORST))
    with tempfile.TemporaryDirectory() as folder:
        prelude = pathlib.Path(options.std_dir) / "zerver.flow"
        subprocess.run([options.compiler, f"--std-dir={options.std_dir}", "-o", folder, prelude], check=True)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            failures = list(filter(None, pool.map(lambda kind: failure_of(kind, names, options, folder), KINDS)))
    print("\n".join([*failures, f"{len(names)} names for {len(KINDS)} kinds of declarations: {len(failures)} failed"]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
