// Names as a `.flow` file writes them.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

// With the package's last segment in front when it is neither `from` nor the prelude.
[[nodiscard]] inline std::string written_name(const model::Program& program, const model::Origin& origin,
                                              model::PackageId from) {
  if (origin.package == from || program.packages[origin.package].is_prelude) return origin.name;
  const std::string& package = program.packages[origin.package].name;
  const std::size_t dot = package.rfind('.');
  return (dot == std::string::npos ? package : package.substr(dot + 1)) + "." + origin.name;
}

}  // namespace zc::emit
