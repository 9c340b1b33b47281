#include "compiler/plan/names/names.h"

#include "compiler/plan/names/reserved.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <algorithm>
#include <iterator>

namespace zc::plan {
namespace {

using llvm::StringRef;

// Keywords and alternative tokens of C++20.
constexpr StringRef kReserved[] = {
    "alignas",     "alignof",  "and",        "and_eq",    "asm",       "auto",         "bitand",
    "bitor",       "bool",     "break",      "case",      "catch",     "char",         "char16_t",
    "char32_t",    "char8_t",  "class",      "co_await",  "co_return", "co_yield",     "compl",
    "concept",     "const",    "const_cast", "consteval", "constexpr", "constinit",    "continue",
    "decltype",    "default",  "delete",     "do",        "double",    "dynamic_cast", "else",
    "enum",        "explicit", "export",     "extern",    "false",     "float",        "for",
    "friend",      "goto",     "if",         "inline",    "int",       "long",         "mutable",
    "namespace",   "new",      "noexcept",   "not",       "not_eq",    "nullptr",      "operator",
    "or",          "or_eq",    "private",    "protected", "public",    "register",     "reinterpret_cast",
    "requires",    "return",   "short",      "signed",    "sizeof",    "static",       "static_assert",
    "static_cast", "struct",   "switch",     "template",  "this",      "thread_local", "throw",
    "true",        "try",      "typedef",    "typeid",    "typename",  "union",        "unsigned",
    "using",       "virtual",  "void",       "volatile",  "wchar_t",   "while",        "xor",
    "xor_eq"};

// Names that the C library declares outside any namespace, and that a package may well want.
constexpr StringRef kGlobal[] = {
    "abort",    "abs",    "accept",  "access", "alarm",   "atof",  "atoi",   "basename", "bind",
    "chmod",    "chown",  "clock",   "close",  "connect", "crypt", "daemon", "difftime", "dirname",
    "div",      "dup",    "environ", "exit",   "exp",     "fabs",  "floor",  "fork",     "free",
    "gamma",    "getenv", "gets",    "index",  "ioctl",   "kill",  "link",   "linux",    "listen",
    "log",      "lock",   "lseek",   "main",   "malloc",  "mount", "nice",   "open",     "pause",
    "pipe",     "poll",   "pow",     "printf", "puts",    "raise", "rand",   "random",   "read",
    "recv",     "reboot", "remove",  "rename", "rewind",  "round", "scanf",  "select",   "send",
    "shutdown", "signal", "sin",     "sleep",  "socket",  "sqrt",  "stat",   "swab",     "swap",
    "symlink",  "sync",   "syslog",  "system", "tan",     "time",  "timer",  "timezone", "trunc",
    "truncate", "unix",   "unlink",  "user",   "vhangup", "wait",  "write"};

bool contains(llvm::ArrayRef<StringRef> sorted, StringRef name) {
  return std::find(sorted.begin(), sorted.end(), name) != sorted.end();
}

}  // namespace

std::string identifier(StringRef name) {
  std::string result;
  for (const char c : name) {
    const char next = llvm::isAlnum(c) ? c : '_';
    // Two underscores in a row are the implementation's, anywhere in a name.
    if (next != '_' || result.empty() || result.back() != '_') result.push_back(next);
  }
  if (result.empty() || llvm::isDigit(result.front())) result.insert(0, "n");
  if (result.front() == '_') result.insert(0, "n");
  if (contains(kReserved, result) || is_macro(result)) result.push_back('_');
  return result;
}

std::string upper_camel(StringRef name) {
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (!llvm::isAlnum(c)) {
      upper = true;
      continue;
    }
    result.push_back(upper ? llvm::toUpper(c) : c);
    upper = false;
  }
  return identifier(result);
}

std::string constant(StringRef name) { return "k" + upper_camel(name); }

std::string snake(StringRef name) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool starts_word =
        i > 0 && llvm::isUpper(name[i]) &&
        (!llvm::isUpper(name[i - 1]) || (i + 1 < name.size() && llvm::isLower(name[i + 1])));
    if (starts_word) result.push_back('_');
    result.push_back(llvm::toLower(name[i]));
  }
  return identifier(result);
}

std::string cpp_namespace(StringRef package) {
  llvm::SmallVector<StringRef> parts;
  package.split(parts, '.');
  std::string result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string part = identifier(parts[i]);
    const bool hides = i == 0 ? part == "std" || contains(kGlobal, part) : part == "std" || part == "zerver";
    if (hides) part.push_back('_');
    if (i != 0) result += "::";
    result += part;
  }
  return result;
}

std::string string_literal(StringRef text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\r':
        result += "\\r";
        break;
      default:
        // Three octal digits end by themselves, which hexadecimal escapes do not. Text outside ASCII stays
        // readable.
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          const auto byte = static_cast<unsigned char>(c);
          result.push_back('\\');
          result.push_back(static_cast<char>('0' + (byte >> 6U)));
          result.push_back(static_cast<char>('0' + ((byte >> 3U) & 7U)));
          result.push_back(static_cast<char>('0' + (byte & 7U)));
        } else if (c == '?' && result.back() == '?') {
          result += "\\?";  // no trigraph
        } else {
          result.push_back(c);
        }
    }
  }
  result.push_back('"');
  return result;
}

std::vector<std::string> string_literals(StringRef text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const StringRef line = end == StringRef::npos ? text : text.take_front(end + 1);
    result.push_back(string_literal(line));
    text = text.drop_front(line.size());
  }
  if (result.empty()) result.emplace_back("\"\"");
  return result;
}

std::string NameScope::claim(StringRef wanted) {
  std::string name = identifier(wanted);
  while (!taken_.insert(name).second)
    name.push_back(name.ends_with("_") ? '2' : '_');
  return name;
}

}  // namespace zc::plan
