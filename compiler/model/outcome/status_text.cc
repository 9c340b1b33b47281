#include "compiler/model/outcome/status_text.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::model {
namespace {

struct Code {
  std::uint16_t number;
  llvm::StringLiteral name;
};
constexpr Code kCodes[] = {
#define GRPC_CODE(number, name, kind) {number, llvm::StringLiteral(name)},
#include "runtime/flow/include/zerver/flow/rpc/grpc_codes.def"
#undef GRPC_CODE
};

}  // namespace

std::string status_text(std::uint16_t status) {
  const auto* const code = llvm::find_if(kCodes, [&](const Code& each) { return each.number == status; });
  return code == std::end(kCodes) ? std::to_string(status) : code->name.str();
}

std::optional<std::uint16_t> code_of(llvm::StringRef name) {
  const auto* const code = llvm::find_if(kCodes, [&](const Code& each) { return each.name == name; });
  return code == std::end(kCodes) ? std::nullopt : std::optional(code->number);
}

bool is_code(std::uint16_t status) {
  return llvm::any_of(kCodes, [&](const Code& each) { return each.number == status; });
}

}  // namespace zc::model
