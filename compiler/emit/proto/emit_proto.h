// What others need to implement the services of gRPC that a package calls: their `.proto` files.

#pragma once

#include "compiler/model/program.h"

#include <string>
#include <vector>

namespace zc::emit {

struct ProtoFile {
  std::string package;  // of Protocol Buffers: "people.v1"; empty: none
  std::string text;
};

// One for each package of Protocol Buffers that has services which adapters of `package` are declared for,
// ordered by its name, with the messages that they take and give. Names of messages and fields are those of
// the
// `.flow` file, which nothing on the wire depends on; numbers and types are what is sent. docs/grpc.md.
[[nodiscard]] std::vector<ProtoFile> emit_proto(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
