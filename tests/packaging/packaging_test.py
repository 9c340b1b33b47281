#!/usr/bin/env python3
"""Builds a project of somebody else's against an installed Zerver, the way its author would.

The build is installed into a temporary folder, and copies of consumer/ are configured against that.
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

CONSUMER = pathlib.Path(__file__).resolve().parent / "consumer"
ROOT = CONSUMER.parent.parent.parent
TIMEOUT_SECONDS = 900
ARGUMENTS = argparse.Namespace()


def run(*command, expect=0, cwd=None):
    """Runs a command and gives what it printed; a status other than `expect` fails the test and shows all of it."""
    done = subprocess.run([str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd=cwd, timeout=TIMEOUT_SECONDS)
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, command))}\nended with {done.returncode}, not {expect}:\n{done.stdout}")
    return done.stdout


def changed_files(before, after):
    return sorted(name for name in after if before.get(name) != after[name])


class Consumer:
    """A copy of the consumer's sources and a build folder for them."""

    def __init__(self, folder, prefix):
        self.source = folder / "source"
        self.build_dir = folder / "build"
        self.prefix = prefix
        shutil.copytree(CONSUMER, self.source)

    def configure(self, *options, expect=0):
        return run("cmake", "-S", self.source, "-B", self.build_dir, "-G", ARGUMENTS.generator,
                   f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Debug",
                   f"-DCMAKE_CXX_COMPILER={ARGUMENTS.compiler}", "-DCMAKE_CXX_FLAGS=-std=c++20 -Wall -Wextra -Werror",
                   *options, expect=expect)

    def build(self, *targets):
        return run("cmake", "--build", self.build_dir, "--parallel", "2", *(["--target", *targets] if targets else []))

    def times(self):
        """Of everything that building makes: when it was last written."""
        files = [*self.build_dir.rglob("*.flow.h"), *self.build_dir.rglob("*.flow.cc"), *self.build_dir.rglob("*.o"),
                 *self.build_dir.rglob("*.stamp"), *self.build_dir.rglob("zerver_main.cc")]
        return {str(path.relative_to(self.build_dir)): path.stat().st_mtime_ns for path in files}

    def restore(self):
        """Gives every source its first text back; those that differed become newer than what was built of them."""
        for path in CONSUMER.rglob("*.flow"):
            name = path.relative_to(CONSUMER)
            if (self.source / name).read_bytes() != path.read_bytes():
                shutil.copyfile(path, self.source / name)
                self.touch(name)

    def touch(self, name):
        """Makes a source newer than everything else, by the clock of the file system, however seldom that ticks.

        A time of the future would not do: Ninja takes the newest of a rule's inputs for the time at which it ran.
        """
        path = self.source / name
        newest = max(*self.times().values(), *(each.stat().st_mtime_ns for each in self.source.rglob("*")))
        path.touch()
        while path.stat().st_mtime_ns <= newest:
            path.touch()


class Packaging(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory(prefix="zerver-packaging-")))
        cls.addClassCleanup(cls.stack.close)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", ARGUMENTS.build, "--prefix", cls.prefix)

    def consumer(self, prefix=None):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        return Consumer(folder, prefix or self.prefix)


class Install(Packaging):
    def test_the_prefix_holds_what_the_package_promises(self):
        for name in ("bin/zerver-compile", "include/zerver/core", "include/zerver/flow", "share/zerver/std/zerver"):
            self.assertTrue((self.prefix / name).exists(), name)
        self.assertTrue(list(self.prefix.rglob("ZerverConfig.cmake")))
        for header in (self.prefix / "include").rglob("*.h"):
            self.assertNotIn(str(ROOT), header.read_text(encoding="utf-8"), header)

    def test_no_exported_target_names_the_build(self):
        for path in self.prefix.rglob("*.cmake"):
            self.assertNotIn(str(ARGUMENTS.build), path.read_text(encoding="utf-8"), path)

    def test_every_public_header_stands_alone(self):
        headers = sorted(path.relative_to(self.prefix / "include") for path in (self.prefix / "include").rglob("*.h"))
        self.assertTrue(headers)
        for header in headers:
            source = self.folder / "alone.cc"
            source.write_text(f'#include "{header}"\n', encoding="utf-8")
            run(ARGUMENTS.compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
                "-Werror", f"-I{self.prefix / 'include'}", source)

    def test_a_service_is_built_and_answers(self):
        consumer = self.consumer()
        consumer.configure()
        consumer.build()
        run(consumer.build_dir / "uses_money")
        service = subprocess.Popen([consumer.build_dir / "orders", "--listen", "127.0.0.1:0", "--workers", "1"],
                                   stdout=subprocess.PIPE, text=True, cwd=self.folder)
        try:
            port = int(service.stdout.readline().rsplit(":", 1)[1])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST", "/quotes", '{"count": 4}', {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            self.assertEqual(json.loads(answer.read()), {"amount": 1000, "currency": "EUR"})
            connection.close()
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=30)
        self.assertEqual(service.returncode, 0)


class Adapters(Packaging):
    """The sample with an adapter of its own, as somebody else's project."""

    def configure(self, flow_options, expect=0):
        source = self.folder / "mailer"
        shutil.copytree(ROOT / "samples" / "mailer", source, dirs_exist_ok=True)
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(Mailer LANGUAGES CXX)\nfind_package(Zerver 0.1 REQUIRED)\n"
            "add_executable(mailer mailer.cc)\n"
            f"zerver_add_flow(TARGET mailer FLOWS mailer.flow {flow_options})\n", encoding="utf-8")
        self.build_dir = self.folder / "mailer_build"
        return run("cmake", "-S", source, "-B", self.build_dir, "-G", ARGUMENTS.generator,
                   f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Debug",
                   f"-DCMAKE_CXX_COMPILER={ARGUMENTS.compiler}", "-DCMAKE_CXX_FLAGS=-std=c++20 -Wall -Wextra -Werror",
                   expect=expect)

    def test_one_is_built_outside_of_the_tree(self):
        self.configure("ADAPTERS mailer.h")
        run("cmake", "--build", self.build_dir, "--parallel", "2")
        listed = run(self.build_dir / "mailer", "--targets=json", cwd=self.folder)
        target = json.loads(listed)["targets"][0]
        self.assertEqual((target["adapter"], target["version"], target["state"]), ("letters.mailer", "1.0.0", "up"))

    def test_a_main_of_its_own_registers_by_itself(self):
        self.assertIn("ADAPTERS is for a generated main", self.configure("NO_MAIN ADAPTERS mailer.h", expect=1))

    def test_a_header_that_is_not_there_is_named(self):
        self.assertIn("ADAPTERS names post.h, which is not in", self.configure("ADAPTERS post.h", expect=1))

    def test_flows_that_are_not_there_or_named_twice_say_so(self):
        self.assertIn("there is no file", self.configure("letters.flow", expect=1))
        self.assertIn("mailer has flows already",
                      self.configure(")\nzerver_add_flow(TARGET mailer FLOWS mailer.flow", expect=1))


class Imports(Packaging):
    """Who makes C++ of an imported file."""

    def configured(self, *changes):
        consumer = self.consumer()
        path = consumer.source / "CMakeLists.txt"
        text = path.read_text(encoding="utf-8")
        for before, after in changes:
            self.assertIn(before, text)
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
        consumer.configure()
        return consumer

    WITHOUT = ("FLOWS orders.flow imports/shop/money.flow", "FLOWS orders.flow")

    def test_one_that_nobody_does_is_named(self):
        consumer = self.configured(self.WITHOUT)
        done = subprocess.run(["cmake", "--build", consumer.build_dir, "--target", "orders_flow"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_SECONDS)
        self.assertNotEqual(done.returncode, 0)
        said = " ".join(done.stdout.split())
        self.assertIn("the flows of orders import files that nobody makes C++ of: "
                      f"{consumer.source / 'imports/shop/money.flow'} Name them in FLOWS of orders as well", said)

    def test_a_library_that_is_linked_may(self):
        consumer = self.configured(self.WITHOUT, ("target_link_libraries(orders Threads::Threads)",
                                                  "target_link_libraries(orders Threads::Threads between)\n"
                                                  "add_library(between INTERFACE)\ntarget_link_libraries(between INTERFACE money)"))
        consumer.build("orders")


class Rebuild(Packaging):
    """One project for all tests: what a test changes is undone before the next."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project = Consumer(cls.folder / "consumer", cls.prefix)
        cls.project.configure()

    def setUp(self):
        self.project.restore()
        self.project.build("orders")
        self.before = self.project.times()

    def rebuilt(self):
        self.project.build("orders")
        return changed_files(self.before, self.project.times())

    def test_nothing_happens_when_nothing_changed(self):
        self.assertEqual(self.rebuilt(), [])

    def test_a_touched_import_runs_the_compiler_and_rewrites_nothing(self):
        self.project.touch("imports/shop/money.flow")
        self.assertEqual(self.rebuilt(), ["orders.flow/orders.stamp"])

    def test_a_touched_import_settles(self):
        self.project.touch("imports/shop/money.flow")
        self.rebuilt()
        self.before = self.project.times()
        self.assertEqual(self.rebuilt(), [])

    def test_a_changed_import_is_compiled_again(self):
        path = self.project.source / "imports/shop/money.flow"
        path.write_text(path.read_text(encoding="utf-8").replace("amount: i64;", "amount: i64;\n  @range(0..100) tax: i32 = 0;"),
                        encoding="utf-8")
        self.project.touch("imports/shop/money.flow")
        changed = self.rebuilt()
        self.assertIn("orders.flow/shop/money.flow.h", changed)
        self.assertTrue([name for name in changed if name.endswith(".o")], changed)

    def test_a_new_comment_in_a_flow_leaves_the_imported_header_alone(self):
        path = self.project.source / "orders.flow"
        path.write_text(path.read_text(encoding="utf-8").replace("/// Orders, priced", "/// All orders, priced"), encoding="utf-8")
        self.project.touch("orders.flow")
        self.assertNotIn("orders.flow/shop/money.flow.h", self.rebuilt())

    def test_a_wrong_flow_fails_the_build_and_is_mended(self):
        path = self.project.source / "orders.flow"
        right = path.read_text(encoding="utf-8")
        path.write_text(right.replace("price_order;\n", "price_ordr;\n"), encoding="utf-8")
        self.project.touch("orders.flow")
        done = subprocess.run(["cmake", "--build", self.project.build_dir], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=TIMEOUT_SECONDS)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("price_ordr", done.stdout)
        path.write_text(right, encoding="utf-8")
        self.project.touch("orders.flow")
        self.rebuilt()


class Cross(Packaging):
    """What runs on the target is built here too; CMAKE_SYSTEM_NAME alone makes CMake treat it as foreign."""

    FOREIGN = ("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=foreign")

    def test_without_a_host_compiler_the_message_says_what_to_give(self):
        output = self.consumer().configure(*self.FOREIGN, expect=1)
        self.assertIn("-DZERVER_COMPILE=", output)

    def test_a_host_compiler_that_does_not_exist_is_named(self):
        output = self.consumer().configure(*self.FOREIGN, "-DZERVER_COMPILE=/nowhere/zerver-compile", expect=1)
        self.assertIn("/nowhere/zerver-compile", output)

    def test_a_package_without_programs_builds_with_a_host_compiler(self):
        target = self.folder / "target"
        shutil.copytree(self.prefix, target)
        (target / "bin/zerver-compile").unlink()
        for path in target.rglob("ZerverPrograms*.cmake"):
            path.unlink()
        consumer = self.consumer(target)
        consumer.configure(*self.FOREIGN, f"-DZERVER_COMPILE={self.prefix / 'bin/zerver-compile'}")
        consumer.build("orders")

    def test_the_runtime_is_configured_without_the_compiler(self):
        build = self.folder / "runtime"
        run("cmake", "-S", ROOT, "-B", build, "-G", ARGUMENTS.generator, *self.FOREIGN, "-DZERVER_BUILD_TESTS=OFF",
            f"-DCMAKE_CXX_COMPILER={ARGUMENTS.compiler}", f"-DZERVER_COMPILE={self.prefix / 'bin/zerver-compile'}")
        run("cmake", "--build", build, "--target", "runtime_std_flow")
        self.assertFalse((build / "bin/zerver-compile").exists())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path, help="a finished build of Zerver")
    parser.add_argument("--generator", default="Ninja")
    parser.add_argument("--compiler", default="c++", help="the C++ compiler")
    parser.add_argument("tests", nargs="*", help="Install, Rebuild, Cross or one of their tests")
    parser.parse_args(namespace=ARGUMENTS)
    unittest.main(argv=[sys.argv[0], *ARGUMENTS.tests], verbosity=2)


if __name__ == "__main__":
    main()
