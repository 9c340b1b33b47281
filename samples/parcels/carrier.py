"""A carrier with gRPC's own library: carrier.py FOLDER PORT.

FOLDER has `parcels_pb2.py`, which `protoc --python_out=FOLDER parcels.proto` makes of what `zerver-compile --emit=proto
parcels.flow` writes. It runs with Debian's packages python3-grpcio and python3-protobuf.
"""

import concurrent.futures
import sys
import threading

import grpc

sys.path.insert(0, sys.argv[1])
import parcels_pb2  # noqa: E402

PLACES = ("Shop", "Depot", "Road", "Door")


class Carrier:
    def __init__(self):
        self.lock = threading.Lock()
        self.parcels = {}

    def find(self, number, context):
        with self.lock:
            parcel = self.parcels.get(number)
        if parcel is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"nobody has announced {number}")
        return parcel

    def FindParcel(self, request, context):
        return self.find(request.number, context)

    def Announce(self, request, context):
        with self.lock:
            known = self.parcels.setdefault(request.number, request)
        if known.grams != request.grams:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{request.number} weighs {known.grams} g")
        return known

    def Track(self, request, context):
        parcel = self.find(request.number, context)
        for stage, place in enumerate(PLACES):
            event = parcels_pb2.Event(stage=stage, place=place)
            event.at.GetCurrentTime()
            with self.lock:
                self.parcels[request.number] = parcels_pb2.Parcel(number=parcel.number, grams=parcel.grams, stage=stage)
            yield event


def main():
    carrier = Carrier()
    service = parcels_pb2.DESCRIPTOR.services_by_name["Carrier"]

    def handler(method, streams=False):
        make = grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        request = getattr(parcels_pb2, service.methods_by_name[method].input_type.name)
        return make(getattr(carrier, method), request_deserializer=request.FromString,
                    response_serializer=lambda message: message.SerializeToString())

    handlers = {method: handler(method, method == "Track") for method in ("FindParcel", "Announce", "Track")}
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
    if not server.add_insecure_port("127.0.0.1:" + sys.argv[2]):
        sys.exit("the port is taken")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
