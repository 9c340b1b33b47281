"""`--emit=proto`: files that protoc understands, and that say what is on the wire."""

import pathlib
import re
import subprocess
import unittest

import cli

PEER = pathlib.Path(__file__).resolve().parents[2] / "runtime" / "effects" / "grpc" / "test"

SHOP = """\
package shop;

enum State { @number(0) open, @number(5) done }
struct Order { @field(1) id: u64; @field(2) state: State?; }

@grpc("acme.orders.v1.Orders")
adapter orders {
  @read get(@field(1) id: u64) -> Order;
  @read @stream all() -> stream<Order>;
  @write forget(@field(2) id: u64);
}
"""


def described(folder, file):
    """What protoc makes of the file, as text."""
    compiled = subprocess.run(["protoc", f"-I{folder}", "--descriptor_set_out=/dev/stdout", file], check=True,
                              capture_output=True)
    return subprocess.run(["protoc", "-I/usr/include", "--decode=google.protobuf.FileDescriptorSet",
                           "google/protobuf/descriptor.proto"], input=compiled.stdout, check=True,
                          capture_output=True).stdout.decode()


def fields_by_message(text):
    """{message: {number: (type, label, type of the message or enum)}}, of all of them, those of maps too."""
    messages, stack = {}, []
    for line in map(str.strip, text.splitlines()):
        if line.endswith("{"):
            stack.append({"kind": line[:-2]})
        elif line == "}":
            closed = stack.pop()
            if closed["kind"] == "field":
                fields = stack[-1].setdefault("fields", {})
                fields[int(closed["number"])] = (closed["type"], closed["label"],
                                                 closed.get("type_name", "").rsplit(".", 1)[-1],
                                                 closed.get("proto3_optional"))
            elif closed["kind"] in ("message_type", "nested_type"):
                outer = stack[-1].get("name", "") if closed["kind"] == "nested_type" else ""
                messages[outer + "." + closed["name"]] = closed.get("fields", {})
        elif match := re.fullmatch(r"(\w+): \"?([^\"]*)\"?", line):
            stack[-1][match[1]] = match[2]
    return messages


class Proto(cli.CliTest):
    def emit(self, name, text):
        self.put(f"{name}.flow", text)
        self.assertEqual(self.run_compiler("--emit=proto", f"{name}.flow").status, 0)

    def test_methods_take_and_give_messages(self):
        self.emit("shop", SHOP)
        text = described(self.folder, "shop.proto")
        methods = re.findall(r'method \{\s+name: "(\w+)"\s+input_type: "([\w.]+)"\s+output_type: "([\w.]+)"'
                             r'(\s+server_streaming: true)?', text)
        self.assertEqual([(name, given, made, bool(streams)) for name, given, made, streams in methods],
                         [("Get", ".acme.orders.v1.GetRequest", ".acme.orders.v1.Order", False),
                          ("All", ".google.protobuf.Empty", ".acme.orders.v1.Order", True),
                          ("Forget", ".acme.orders.v1.ForgetRequest", ".google.protobuf.Empty", False)])

    def test_services_of_several_packages_are_in_several_files(self):
        self.emit("shop", SHOP + '@grpc("audit.Log")\nadapter audit { @write note(order: Order); }\n')
        self.assertEqual(self.listing(), ["shop.acme.orders.v1.proto", "shop.audit.proto", "shop.flow"])
        for file in ("shop.acme.orders.v1.proto", "shop.audit.proto"):
            described(self.folder, file)

    def test_without_a_service_there_is_no_file(self):
        self.emit("shop", SHOP.replace('@grpc("acme.orders.v1.Orders")', "").split("adapter")[0])
        self.assertEqual(self.listing(), ["shop.flow"])

    # The service of the tests was written by hand in both languages.
    def test_types_and_numbers_are_those_of_a_file_that_somebody_wrote(self):
        self.emit("peer", (PEER / "peer.flow").read_text(encoding="utf-8"))
        made = fields_by_message(described(self.folder, "peer.proto"))
        written = fields_by_message(described(PEER, "peer.proto"))
        for message in (".Everything", ".Inner", ".Item", ".Made", ".Seen", ".Blob", ".Listing"):
            self.assertTrue(written[message])
            self.assertEqual(self.comparable(made[message]), self.comparable(written[message]), message)
        for message in (".FetchRequest", ".CountRequest", ".FailRequest"):
            self.assertTrue(made[message], message)

    @staticmethod
    def comparable(fields):
        # That a message may be missing need not be said.
        return {number: (kind, label, of, None if kind == "TYPE_MESSAGE" else optional)
                for number, (kind, label, of, optional) in fields.items()}


if __name__ == "__main__":
    unittest.main()
