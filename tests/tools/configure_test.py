#!/usr/bin/env python3
"""Every preset configures; on a machine that lacks something, the configuration stops and says what to install."""

import json
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TIMEOUT_SECONDS = 120


class Presets(unittest.TestCase):
    def test_every_preset_configures(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text(encoding="utf-8"))
        names = [each["name"] for each in presets["configurePresets"] if not each.get("hidden")]
        for name in names:
            with self.subTest(preset=name), tempfile.TemporaryDirectory(prefix="zerver-preset-") as build:
                done = subprocess.run(["cmake", "--preset", name, "-B", build], cwd=ROOT, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_SECONDS)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_preset_builds_tests_and_has_a_workflow(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text(encoding="utf-8"))
        named = {kind: {each["name"] for each in presets[kind] if not each.get("hidden")} for kind in presets
                 if kind.endswith("Presets")}
        # `soak` is another choice of tests in the build of a preset that there is.
        further = {each["name"]: each["configurePreset"] for each in presets["testPresets"]
                   if not each.get("hidden") and each["name"] not in named["configurePresets"]}
        self.assertEqual(further, {"soak": "release"})
        named["testPresets"] -= set(further)
        self.assertEqual(len({frozenset(names) for names in named.values()}), 1, named)


class Configure(unittest.TestCase):
    def test_with_a_compiler_that_was_given_all_but_its_own_tests_configure(self):
        with tempfile.TemporaryDirectory(prefix="zerver-configure-") as build:
            done = subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DZERVER_COMPILE=/bin/true"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout)

    def stops_with(self, *options):
        with tempfile.TemporaryDirectory(prefix="zerver-configure-") as build:
            done = subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", *options], capture_output=True, text=True,
                                  timeout=TIMEOUT_SECONDS)
        self.assertNotEqual(done.returncode, 0)
        return " ".join(done.stderr.split())

    def test_a_missing_library_is_named_with_version_and_package(self):
        for package, name, version, debian in (
                ("Boost", "Boost", "1.81", "libboost1.81-dev"),
                ("simdjson", "simdjson", "3.0", "libsimdjson-dev"),
                ("SQLite3", "SQLite", "3.40", "libsqlite3-dev"),
                ("antlr4-runtime", "the ANTLR C++ runtime", "4.9", "libantlr4-runtime-dev"),
                ("LLVM", "LLVM", "19.1", "llvm-19-dev"),
                ("GTest", "GoogleTest", "1.12", "libgtest-dev")):
            with self.subTest(package=package):
                message = self.stops_with(f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON")
                self.assertIn(f"Zerver needs {name} {version} or newer and found none", message)
                self.assertIn(f"apt install {debian}", message)

    def test_a_tool_that_is_something_else_is_named(self):
        message = self.stops_with("-DZERVER_ANTLR4_TOOL=/bin/true")
        self.assertIn("Zerver needs the ANTLR tool 4.7.2 or newer; found none that tells its version", message)

    def test_without_a_compiler_of_flow_files_there_is_no_runtime(self):
        message = self.stops_with("-DZERVER_BUILD_COMPILER=OFF")
        self.assertIn("-DZERVER_COMPILE=/path/to/zerver-compile", message)

    def test_an_old_compiler_is_named(self):
        message = self.stops_with("-DCMAKE_CXX_COMPILER_VERSION=11.4.0", "-DCMAKE_CXX_COMPILER_ID_RUN=1",
                                  "-DCMAKE_CXX_COMPILER_ID=GNU", "-DCMAKE_CXX_COMPILER_FORCED=1")
        self.assertIn("Zerver needs GCC 12 or newer; this is GCC 11.4.0", message)


if __name__ == "__main__":
    unittest.main()
