// Writes paths the way Make reads them.

#include "compiler/driver/output/depfile.h"

#include <cstddef>

namespace zc::driver {
namespace {

void append_escaped(llvm::StringRef path, std::string& out) {
  for (std::size_t i = 0; i != path.size(); ++i) {
    switch (path[i]) {
      case ' ':
      case '\t':
        // Backslashes mean themselves but before white space.
        for (std::size_t j = i; j != 0 && path[j - 1] == '\\'; --j)
          out += '\\';
        out += '\\';
        break;
      case '#':
      case ':':
        out += '\\';
        break;
      case '$':
        out += '$';
        break;
      default:
        break;
    }
    out += path[i];
  }
}

}  // namespace

std::string make_rule(llvm::ArrayRef<std::string> targets, llvm::ArrayRef<std::string> inputs) {
  std::string rule;
  for (const std::string& target : targets) {
    if (!rule.empty()) rule += ' ';
    append_escaped(target, rule);
  }
  rule += ':';
  for (const std::string& input : inputs) {
    rule += " \\\n  ";
    append_escaped(input, rule);
  }
  rule += '\n';
  return rule;
}

llvm::StringRef stamp_of(llvm::StringRef depfile) {
  llvm::StringRef stamp = depfile;
  return stamp.consume_back(".d") ? stamp : llvm::StringRef();
}

}  // namespace zc::driver
