"""Documents in MessagePack, held against its own libraries, and in JSON, held against those of JSON."""

import base64
import datetime
import gzip
import json
import shutil
import subprocess
import unittest
import urllib.request

import msgpack

from relay_test import Bank
from service import TIMEOUT, Service

TYPE = "application/msgpack"
TIME = datetime.datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=datetime.timezone.utc)

DOCUMENT = {
    "yes": True, "i32": -(2**31), "i64": -(2**63), "u32": 2**32 - 1, "u64": 2**64 - 1, "f64": 0.1,
    "money": "12.50", "text": "Grüße \"\n😀", "data": b"\x00\xff\x80", "id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "time": TIME, "span": "PT1.5S", "any": {"deep": [None, 1, {"x": -2.5}], "": "y"}, "colour": "deep-blue",
    "weight": 7.25, "note": {"title": "one", 'due "on"': TIME}, "notes": [{"title": "n"}] * 20,
    "by_name": {"a": 1, "b/c": -2}, "maybe": "x", "size": 300,
}


def as_json(value):
    """As JSON has it."""
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def pack(value):
    return msgpack.packb(value, datetime=True)


def unpack(body):
    return msgpack.unpackb(body, timestamp=3)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


class FormatsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = Bank()
        cls.addClassCleanup(cls.bank.close)
        cls.service = cls.enterClassContext(
            Service("e2e_formats", environment={"BANK_URL": f"http://127.0.0.1:{cls.bank.server_port}"}))

    def setUp(self):
        self.bank.requests.clear()
        self.bank.answers.clear()

    def ask(self, method, path, value=None, body=None, **fields):
        headers = {name.replace("_", "-").title(): text for name, text in fields.items()}
        if value is not None:
            body = pack(value)
        if body is not None:
            headers.setdefault("Content-Type", TYPE)
        return self.service.ask(method, path, body, headers)

    def test_a_document_comes_back_as_it_was(self):
        answer = self.ask("POST", "/all", DOCUMENT, accept=TYPE)
        self.assertEqual((answer.status, answer.media_type), (200, TYPE), answer.body)
        self.assertEqual(answer.headers["Vary"], "Accept")
        self.assertEqual(unpack(answer.body), DOCUMENT)
        # To the byte as the library writes it: the names are in the order of the declaration.
        self.assertEqual(answer.body, pack(DOCUMENT))

    def test_the_same_value_through_both_formats(self):
        written = json.dumps(as_json(DOCUMENT), ensure_ascii=False).encode()
        from_json = self.ask("POST", "/all", body=written, content_type="application/json")
        from_packed = self.ask("POST", "/all", DOCUMENT)
        self.assertEqual((from_json.status, from_json.media_type), (200, "application/json"), from_json.body)
        self.assertEqual(from_json.body, from_packed.body)
        self.assertEqual(from_packed.json, as_json(DOCUMENT))
        to_packed = self.ask("POST", "/all", body=written, content_type="application/json", accept=TYPE)
        self.assertEqual(unpack(to_packed.body), DOCUMENT)

    def test_what_is_missing_and_what_is_left_out(self):
        least = {name: DOCUMENT[name] for name in DOCUMENT if name not in ("maybe", "size")}
        answer = self.ask("POST", "/all", least | {"maybe": None, "unknown": {"x": [1, b"", TIME]}}, accept=TYPE)
        self.assertEqual(unpack(answer.body), least | {"size": 3})

    def test_the_client_chooses(self):
        for accept, expected in (("*/*", "application/json"), ("application/json", "application/json"),
                                 ("application/vnd.msgpack", "application/vnd.msgpack"),
                                 ("application/x-msgpack;q=0.9, application/json;q=0.1", "application/x-msgpack"),
                                 ("application/msgpack, */*", TYPE), ("text/html", "application/json"),
                                 ("application/msgpack;q=0", "application/json")):
            answer = self.ask("POST", "/part", DOCUMENT, accept=accept)
            self.assertEqual((answer.status, answer.headers["Content-Type"], answer.headers["Vary"]),
                             (201, expected, "Accept"), accept)
            self.assertEqual(answer.headers["Location"], "/all")
            expected_value = {"note": DOCUMENT["note"], "list": [DOCUMENT["i32"], 7], "flag": True}
            if expected == "application/json":
                self.assertEqual(answer.json, as_json(expected_value))
            else:
                self.assertEqual(answer.body, pack(expected_value))
        answer = self.ask("GET", "/constant", accept=TYPE)
        self.assertEqual(answer.body, pack({"hello": 'w"orld', "numbers": [1, 2], "none": None}))
        for content_type in ("application/vnd.msgpack", "application/x-msgpack; charset=binary"):
            self.assertEqual(self.ask("POST", "/part", DOCUMENT, content_type=content_type).status, 201)

    def test_what_has_a_type_of_its_own_keeps_it(self):
        for path, content_type in (("/own", "application/vnd.own+json"), ("/text", "text/plain; charset=utf-8")):
            answer = self.ask("GET", path, accept=TYPE)
            self.assertEqual((answer.headers["Content-Type"], answer.headers["Vary"]), (content_type, None))

    def test_problems_are_json(self):
        answer = self.ask("POST", "/all", DOCUMENT | {"weight": 101}, accept=TYPE)
        self.assertEqual((answer.status, answer.media_type), (400, "application/problem+json"))
        self.assertEqual(answer.json["pointer"], "/weight")
        self.assertEqual(self.ask("GET", "/nowhere", accept=TYPE).media_type, "application/problem+json")

    def test_a_wrong_value_is_named(self):
        for wrong, pointer in (({"yes": 1}, "/yes"), ({"i32": 2**31}, "/i32"), ({"u32": -1}, "/u32"),
                               ({"f64": float("nan")}, "/f64"), ({"f64": float("inf")}, "/f64"),
                               ({"weight": float("nan")}, "/weight"), ({"money": 12.5}, "/money"),
                               ({"text": b"x"}, "/text"), ({"data": "AP8="}, "/data"),
                               ({"time": msgpack.ExtType(5, b"1234")}, "/time"),
                               ({"time": "yesterday"}, "/time"),
                               ({"any": {"x": msgpack.ExtType(1, b"")}}, "/any"),
                               ({"colour": "blue"}, "/colour"), ({"note": {"title": ""}}, "/note/title"),
                               ({"note": []}, "/note"), ({"notes": [{"title": "a"}, {"title": 1}]}, "/notes/1/title"),
                               ({"by_name": {"a": "1"}}, "/by_name/a")):
            answer = self.ask("POST", "/all", DOCUMENT | wrong)
            self.assertEqual((answer.status, answer.json.get("pointer")), (400, pointer), wrong)
        answer = self.ask("POST", "/all", {name: DOCUMENT[name] for name in DOCUMENT if name != "id"})
        self.assertEqual((answer.status, answer.json["pointer"]), (400, "/id"))

    def test_hostile_bytes_are_the_clients_mistake(self):
        whole = pack(DOCUMENT)
        twice = b"\x82\xa5title\xa1a\xa5title\xa1b"
        for key, body in enumerate((b"", b"\xc1", whole + b"\x00", b"\xdd\xff\xff\xff\xff\x01", b"\xdf\xff\xff\xff\xff\xa1a",
                     b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xc9\xff\xff\xff\xff\x01",
                     b"\x81\xa1\xff\x01", b"\x81\x01\x02", pack(nested(40)), b"\x91" * 60_000, pack(7), b"{}")):
            for path in ("/all", "/notes"):
                answer = self.ask("POST", path, body=body, idempotency_key=f'"hostile-{key}"')
                self.assertEqual((answer.status, answer.media_type), (400, "application/problem+json"), body[:20])
        self.assertEqual(self.ask("POST", "/notes", body=twice, idempotency_key='"t"').json["pointer"], "/title")
        for size in range(0, len(whole), 7):
            self.assertEqual(self.ask("POST", "/all", body=whole[:size]).status, 400, size)
        # Nested as deep as JSON may be, and one deeper.
        for depth, status in ((14, 200), (15, 400)):
            for body, content_type in ((pack(DOCUMENT | {"any": nested(depth)}), TYPE),
                                       (json.dumps(as_json(DOCUMENT | {"any": nested(depth)})), "application/json")):
                answer = self.service.ask("POST", "/all", body, {"Content-Type": content_type})
                self.assertEqual(answer.status, status, (depth, content_type))
        self.assertEqual(self.ask("POST", "/all", body=b"\xc0" * 70_000).status, 413)

    def test_another_type_is_told_which_ones_there_are(self):
        answer = self.ask("POST", "/all", DOCUMENT, content_type="application/cbor")
        self.assertEqual((answer.status, answer.headers["Accept"]), (415, "application/json, application/msgpack"))
        self.assertIn("application/msgpack", answer.json["detail"])
        answer = self.ask("POST", "/all", DOCUMENT, content_encoding="gzip")
        self.assertEqual(answer.status, 415)
        # Nobody can say which of two it is.
        body = pack(DOCUMENT)
        head = "".join(f"Content-Type: {each}\r\n" for each in (TYPE, "application/json"))
        received = self.service.send_raw(f"POST /all HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}"
                                         f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.assertTrue(received.startswith(b"HTTP/1.1 415"), received[:100])
        # Without a type it is JSON or nothing.
        self.assertEqual(self.service.ask("POST", "/all", pack(DOCUMENT), {}).status, 400)

    def test_an_answer_is_replayed_as_it_was(self):
        note = {"title": "replay"}
        first = self.ask("POST", "/notes", note, accept=TYPE, idempotency_key='"r"')
        self.assertEqual((first.status, unpack(first.body)), (201, {"n": 1, "title": "replay"}))
        again = self.ask("POST", "/notes", note, accept=TYPE, idempotency_key='"r"')
        self.assertEqual((again.status, again.body, again.headers["Content-Type"], again.headers["Vary"]),
                         (201, first.body, TYPE, "Accept"))
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        other = self.ask("POST", "/notes", {"title": "other"}, idempotency_key='"r"')
        self.assertEqual(other.status, 422)

    def test_a_service_is_asked_in_messagepack(self):
        hold = {"id": "h1", "at": TIME, "seal": b"\x01\x02", "cents": 5}
        self.bank.answers.append((200, {"Content-Type": TYPE}, pack(hold)))
        answer = self.ask("POST", "/hold", DOCUMENT, accept=TYPE)
        self.assertEqual((answer.status, unpack(answer.body)), (201, hold), answer.body)
        method, path, headers, body = self.bank.requests[0]
        self.assertEqual((method, path, headers["Content-Type"]), ("POST", "/holds", TYPE))
        self.assertEqual(headers["Accept"], "application/msgpack, application/json;q=0.5")
        self.assertEqual(unpack(body), {"at": TIME, "seal": DOCUMENT["data"], "cents": DOCUMENT["i64"],
                                        "note": DOCUMENT["note"]})

    def test_a_whole_struct_is_sent(self):
        self.bank.answers.append((204, {}, b""))
        large = DOCUMENT | {"text": "x" * 2000}
        self.assertEqual(self.ask("PUT", "/sent", large).status, 204)
        _, _, headers, body = self.bank.requests[0]
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertEqual(unpack(gzip.decompress(body)), large)

    def test_a_service_that_answers_in_json_is_understood(self):
        hold = {"id": "h1", "at": TIME, "seal": b"\x01\x02", "cents": 5}
        self.bank.answers.append((200, {"Content-Type": "application/json; charset=utf-8"},
                                  json.dumps(as_json(hold)).encode()))
        self.assertEqual(self.ask("POST", "/hold", DOCUMENT).json, as_json(hold))

    def test_an_error_in_messagepack_fills_the_fields_of_ours(self):
        self.bank.answers.append((402, {"Content-Type": TYPE}, pack({"code": "poor", "detail": "no money"})))
        answer = self.ask("POST", "/hold", DOCUMENT)
        self.assertEqual((answer.status, answer.json["code"]), (402, "poor"))

    def test_any_page_becomes_json(self):
        self.bank.answers.append((200, {"Content-Type": TYPE}, pack({"a": [1, b"\x00", TIME]})))
        self.assertEqual(self.ask("GET", "/pages/x").json, {"a": [1, "AA==", as_json(TIME)]})

    def test_an_answer_that_is_broken_is_an_internal_error(self):
        for body in (b"\xc1", b"\xdd\xff\xff\xff\xff", pack({"id": 1})):
            self.bank.answers.append((200, {"Content-Type": TYPE}, body))
            self.assertEqual(self.ask("POST", "/hold", DOCUMENT).status, 500, body)

    def test_big_endian_numbers_of_every_size(self):
        for number in (0, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, -1, -32, -33, -128, -129, -32768, -32769):
            value = DOCUMENT | {"i32": number, "i64": number * 2**16, "f64": float(number)}
            answer = self.ask("POST", "/all", value, accept=TYPE)
            self.assertEqual(answer.body, pack(value), number)


class ClientsTest(unittest.TestCase):
    """Programs that people have, each as it is without options."""

    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("e2e_formats"))
        cls.url = f"http://127.0.0.1:{cls.service.port}"
        cls.json = json.dumps(as_json(DOCUMENT))

    def run_tool(self, *command, text=None):
        if shutil.which(command[0]) is None:
            self.skipTest(f"no {command[0]}")
        return subprocess.run(command, input=text, capture_output=True, timeout=TIMEOUT, check=True).stdout

    def test_curl(self):
        packed = self.run_tool("curl", "-fsS", "-H", f"Content-Type: {TYPE}", "-H", f"Accept: {TYPE}", "--data-binary",
                               "@-", f"{self.url}/all", text=pack(DOCUMENT))
        self.assertEqual(unpack(packed), DOCUMENT)
        for version in ("--http1.0", "--http1.1", "--http2"):  # the last one asks for an upgrade, which is not taken
            body = self.run_tool("curl", "-fsS", version, "-d", self.json, f"{self.url}/all")
            self.assertEqual(json.loads(body), as_json(DOCUMENT))

    def test_urllib(self):
        request = urllib.request.Request(f"{self.url}/all", pack(DOCUMENT), {"Content-Type": TYPE, "Accept": TYPE})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            self.assertEqual(unpack(answer.read()), DOCUMENT)

    def test_wget(self):
        body = self.run_tool("wget", "-qO-", "--header", "Content-Type: application/json", "--post-data", self.json,
                             f"{self.url}/all")
        self.assertEqual(json.loads(body), as_json(DOCUMENT))

    def test_jq_reads_what_is_answered(self):
        body = self.run_tool("curl", "-fsS", "-d", self.json, f"{self.url}/all")
        self.assertEqual(self.run_tool("jq", "-c", "[.colour, .any.deep[2].x, (.notes | length)]", text=body),
                         b'["deep-blue",-2.5,20]\n')

    def test_fetch_of_node(self):
        script = """
          const [url, body] = process.argv.slice(1);
          const answer = await fetch(url, {method: 'POST', body, headers: {'content-type': 'application/json'}});
          const packed = await fetch(url, {method: 'POST', body, headers: {'content-type': 'application/json',
                                                                           accept: 'application/msgpack'}});
          const bytes = new Uint8Array(await packed.arrayBuffer());
          console.log(JSON.stringify([answer.status, (await answer.json()).text, packed.headers.get('content-type'),
                                      bytes.length]));
        """
        seen = json.loads(self.run_tool("node", "--input-type=module", "-e", script, f"{self.url}/all", self.json))
        self.assertEqual(seen, [200, DOCUMENT["text"], TYPE, len(pack(DOCUMENT))])


if __name__ == "__main__":
    unittest.main()
