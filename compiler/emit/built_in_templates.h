// The templates that are compiled into the program; the definition is made from templates/ at build time.

#pragma once

#include <llvm/ADT/ArrayRef.h>

#include <string_view>

namespace zc::emit {

struct BuiltInTemplate {
  std::string_view name;  // path under templates/ without the extension
  std::string_view text;
};

[[nodiscard]] llvm::ArrayRef<BuiltInTemplate> built_in_templates();

}  // namespace zc::emit
