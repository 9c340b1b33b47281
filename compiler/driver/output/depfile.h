// The rule that tells Make and Ninja which files an output was made of.

#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <string>

namespace zc::driver {

// `targets: inputs` in Make's syntax, one input a line, escaped as GCC does it (`\ ` for a space, `\#`, `$$`,
// `\:`). No path may hold a line break: Make has no way to write it.
[[nodiscard]] std::string make_rule(llvm::ArrayRef<std::string> targets, llvm::ArrayRef<std::string> inputs);

// The target of the rule in `depfile`: its own path without `.d`, which is the stamp of a build; empty when
// the name has another ending, and the outputs are the targets then.
[[nodiscard]] llvm::StringRef stamp_of(llvm::StringRef depfile);

}  // namespace zc::driver
