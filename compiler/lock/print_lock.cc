// Writes a lock file.

#include "compiler/lock/text.h"
#include "compiler/lock/type_text.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace zc::lock {
namespace {

constexpr llvm::StringLiteral kHeader =
    "# What this program promises to its clients, its queued jobs, its suspended requests and its "
    "dashboards.\n"
    "# zerver-compile writes this file with `--lock` and compares with it; docs/evolution.md has the rules.\n"
    "# Commit it. Do not edit it: a change that is meant is accepted with `--lock-accept`.\n";

// A word that needs no quotes.
bool is_bare(llvm::StringRef word) {
  return !word.empty() && word.front() != '#' && std::all_of(word.begin(), word.end(), [](char c) {
    return llvm::isAlnum(c) || llvm::StringRef("_.-/{}<>,:?*+@|&()[]~$!%^;#").contains(c);
  });
}

std::string word(llvm::StringRef text) { return is_bare(text) ? text.str() : quoted(text); }

void print(const Entry& entry, std::size_t depth, std::string& out) {
  out.append(2 * depth, ' ');
  out += entry.kind + " " + word(entry.name);
  for (const Attribute& attribute : entry.attributes) {
    out += " " + word(attribute.name);
    if (!attribute.value.empty()) out += "=" + word(attribute.value);
  }
  out += '\n';
  for (const Entry& member : entry.members)
    print(member, depth + 1, out);
}

}  // namespace

std::string print_lock(const Lock& lock) {
  std::string out = kHeader.str() + "zerver-lock " + std::to_string(kFormatVersion) + "\n";
  const Entry* before = nullptr;
  for (const Entry& entry : lock.entries) {
    const bool is_close =
        before != nullptr && before->kind == entry.kind && before->members.empty() && entry.members.empty();
    if (!is_close) out += '\n';
    print(entry, 0, out);
    before = &entry;
  }
  return out;
}

}  // namespace zc::lock
