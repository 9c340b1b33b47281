"""The service of peer.proto with gRPC's own library, for tests: peer.py DIRECTORY PORT TLS_PORT.

DIRECTORY has what `protoc --python_out` made of peer.proto, and server.key and server.pem.
"""

import concurrent.futures
import itertools
import pathlib
import random
import struct
import sys
import threading

import grpc
from google.protobuf import descriptor_pb2

directory = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(directory))
import peer_pb2  # noqa: E402

MOST_STREAMS = 100  # of a connection to the port without TLS


def listing(message):
    """What a message holds, by the names and numbers of its descriptor."""

    def text(field, value):
        kind = field.type
        if kind == field.TYPE_STRING:
            return "'" + value.encode().hex()
        if kind == field.TYPE_BYTES:
            return "#" + value.hex()
        if kind in (field.TYPE_DOUBLE, field.TYPE_FLOAT):
            return "~" + struct.pack(">d", value).hex()
        if kind == field.TYPE_MESSAGE:
            return listing(value)
        return str(int(value))

    parts = []
    for field in sorted(message.DESCRIPTOR.fields, key=lambda each: each.number):
        value = getattr(message, field.name)
        entry = field.message_type is not None and field.message_type.GetOptions().map_entry
        if entry:
            of = field.message_type.fields_by_name["value"]
            items = (key.encode().hex() + "=" + text(of, value[key]) for key in sorted(value, key=str.encode))
            parts.append("{" + ",".join(items) + "}")
        elif field.label == field.LABEL_REPEATED:
            parts.append("[" + ",".join(text(field, each) for each in value) + "]")
        elif field.has_presence and not message.HasField(field.name):
            parts.append("-")
        else:
            parts.append(text(field, value))
    return "(" + ",".join(parts) + ")"


class Maker:
    """Messages that are different for each seed, with what lies on the edges."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def integer(self, bits, signed):
        least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        edges = [0, 1, 127, 128, 300, least, most]
        return self.random.choice(edges + [self.random.randint(least, most), self.random.randint(0, 1000)])

    def real(self):
        return self.random.choice([0.0, -0.0, 1.5, -2.25, 1e300, float("inf"), self.random.random()])

    def text(self):
        return "".join(self.random.choice("ab\u00fc\u20ac\U0001f600\0") for _ in range(self.random.randint(0, 150) ** 2 // 150))

    def blob(self):
        return self.random.randbytes(self.random.randint(0, 40))

    def many(self, make, *arguments):
        return [make(*arguments) for _ in range(self.random.choice([0, 0, 1, 2, 50]))]

    def inner(self):
        inner = peer_pb2.Inner(a=self.integer(64, True), b=self.many(self.integer, 32, True), c=self.text())
        if self.random.random() < 0.5:
            inner.d = self.text()
        return inner

    def standing(self):
        return self.random.choice([0, 3, 1000])

    def by(self, make, *arguments):
        return {self.text(): make(*arguments) for _ in range(self.random.choice([0, 1, 5]))}

    def everything(self):
        value = peer_pb2.Everything(
            flag=self.random.random() < 0.5, i32=self.integer(32, True), i64=self.integer(64, True),
            u32=self.integer(32, False), u64=self.integer(64, False), f64=self.real(), s32=self.integer(32, True),
            s64=self.integer(64, True), x32=self.integer(32, False), x64=self.integer(64, False),
            y32=self.integer(32, True), y64=self.integer(64, True),
            f32=self.random.choice([0.0, 0.5, -3.75, float("-inf")]), text=self.text(), raw=self.blob(),
            standing=self.standing(), inner=self.inner(), numbers=self.many(self.integer, 64, True),
            signed_numbers=self.many(self.integer, 32, True), fixed_numbers=self.many(self.integer, 64, False),
            reals=self.many(self.real), flags=[self.random.random() < 0.5 for _ in range(self.random.randint(0, 5))],
            standings=self.many(self.standing), texts=self.many(self.text), blobs=self.many(self.blob),
            inners=[self.inner() for _ in range(self.random.choice([0, 1, 3]))], counts=self.by(self.integer, 64, True),
            names=self.by(self.text), signed_by=self.by(self.integer, 64, True),
            amount=self.random.choice(["", "0.01", "-12.50", "9223372036854775807"]),
            id=self.random.choice(["", "c0ffee00-1234-4678-9abc-def012345678"]))
        value.at.seconds = self.random.randint(-62135596800, 253402300799)
        value.at.nanos = self.random.randint(0, 999_999) * 1000
        value.span.seconds = self.random.randint(-9_000_000_000, 9_000_000_000)
        value.span.nanos = self.random.randint(0, 999_999_999) * (1 if value.span.seconds >= 0 else -1)
        for key, inner in self.by(self.inner).items():
            value.inners_by[key].CopyFrom(inner)
        if self.random.random() < 0.5:
            value.maybe_number = self.integer(64, True)
        if self.random.random() < 0.5:
            value.maybe_text = self.text()
        if self.random.random() < 0.5:
            value.maybe_inner.CopyFrom(self.inner())
        if self.random.random() < 0.5:
            value.maybe_standing = self.standing()
        return value


class Peer:
    def __init__(self):
        self.begun = 0
        self.given_up = 0

    def Echo(self, request, context):
        request.DiscardUnknownFields()
        return request

    def List(self, request, context):
        return peer_pb2.Listing(text=listing(request))

    def Make(self, request, context):
        value = Maker(request.seed).everything()
        return peer_pb2.Made(value=value, listing=listing(value))

    def Fail(self, request, context):
        if request.pushback:
            context.set_trailing_metadata((("grpc-retry-pushback-ms", request.pushback),))
        codes = {code.value[0]: code for code in grpc.StatusCode}
        context.abort(codes[request.code], request.why)

    def Count(self, request, context):
        if request.fail_behind < 0:
            context.abort(grpc.StatusCode.NOT_FOUND, "none at all")
        for n in range(request.most):
            if request.fail_behind and n == request.fail_behind:
                context.abort(grpc.StatusCode.DATA_LOSS, "no more of them")
            yield peer_pb2.Item(n=n)

    def ShowMetadata(self, request, context):
        fields = [name + "=" + str(value) for name, value in context.invocation_metadata()]
        fields.append("server=" + sys.argv[2])
        fields.append("connection=" + context.peer())
        left = context.time_remaining()
        fields.append("left=" + ("never" if left is None or left > 1e9 else str(int(left * 1000))))
        return peer_pb2.Seen(fields=fields)

    def begin(self, context):
        """An event that is set when the client has gone."""
        over = threading.Event()

        def note():
            self.given_up += 1
            over.set()

        if not context.add_callback(note):
            note()
        self.begun += 1
        return over

    def Wait(self, request, context):
        self.begin(context).wait()
        return peer_pb2.Item()

    def Watch(self, request, context):
        over = self.begin(context)
        yield self.ShowMetadata(request, context)
        over.wait()

    def Endless(self, request, context):
        over = self.begin(context)
        for n in itertools.count():
            if over.is_set():
                return
            yield peer_pb2.Item(n=n % 1000)

    def Begun(self, request, context):
        return peer_pb2.Item(n=self.begun)

    def Given(self, request, context):
        return peer_pb2.Item(n=self.given_up)

    def Fetch(self, request, context):
        if request.compressed:
            context.set_compression(grpc.Compression.Gzip)
        return peer_pb2.Blob(content=b"x" * request.bytes)

    def Sum(self, requests, context):
        over = self.begin(context)
        numbers = [request.n for request in requests]
        if not over.is_set():
            return peer_pb2.Total(count=len(numbers), sum=sum(numbers))

    def Measure(self, requests, context):
        sizes = [len(request.content) for request in requests]
        return peer_pb2.Total(count=len(sizes), sum=sum(sizes))

    def TakeTwo(self, requests, context):
        return peer_pb2.Total(count=2, sum=next(requests).n + next(requests).n)

    def RefuseSecond(self, requests, context):
        next(requests)
        next(requests)
        context.abort(grpc.StatusCode.ABORTED, "not two of them")

    def Hold(self, requests, context):
        self.begin(context).wait()

    def Swap(self, requests, context):
        self.begin(context)
        yield from requests

    def FetchMany(self, request, context):
        for _ in range(request.count):
            yield self.Fetch(request, context)


def main():
    peer = Peer()
    descriptor = peer_pb2.DESCRIPTOR.services_by_name["Peer"]
    handlers = {}
    declared = descriptor_pb2.ServiceDescriptorProto()
    descriptor.CopyToProto(declared)
    makers = {(False, False): grpc.unary_unary_rpc_method_handler, (False, True): grpc.unary_stream_rpc_method_handler,
              (True, False): grpc.stream_unary_rpc_method_handler, (True, True): grpc.stream_stream_rpc_method_handler}
    for method, kind in zip(descriptor.methods, declared.method):
        function = getattr(peer, method.name, None)
        if function is None:
            continue
        make = makers[kind.client_streaming, kind.server_streaming]
        request = getattr(peer_pb2, method.input_type.name)
        handlers[method.name] = make(
            function, request_deserializer=request.FromString, response_serializer=lambda message: message.SerializeToString())

    def make_server(options):
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=32), options=options)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(descriptor.full_name, handlers),))
        return server

    key, certificate = ((directory / name).read_bytes() for name in ("server.key", "server.pem"))
    # The port with TLS first: whoever waits for the other one finds both. Its connections are retired soon.
    secure = make_server([("grpc.max_connection_age_ms", 200)])
    if not secure.add_secure_port("127.0.0.1:" + sys.argv[3], grpc.ssl_server_credentials(((key, certificate),))):
        sys.exit("the port of TLS is taken")
    plain = make_server([("grpc.max_concurrent_streams", MOST_STREAMS), ("grpc.http2.max_ping_strikes", 0)])
    if not plain.add_insecure_port("127.0.0.1:" + sys.argv[2]):
        sys.exit("the port is taken")
    secure.start()
    plain.start()
    plain.wait_for_termination()


if __name__ == "__main__":
    main()
