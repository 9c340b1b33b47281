#include "compiler/lock/type_text.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <utility>

namespace zc::lock {
namespace {

// A `.flow` file may nest brackets this deep at most, each of them one level of a type.
constexpr unsigned kMaxDepth = 256;

bool is_name_character(char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; }

class TypeReader {
 public:
  explicit TypeReader(llvm::StringRef text) : rest_(text) {}

  std::optional<TypeText> type(unsigned depth = 0) {
    if (depth > kMaxDepth) return std::nullopt;
    TypeText result;
    if (rest_.consume_front("{")) {
      if (!fields(result, depth)) return std::nullopt;
    } else {
      result.name = rest_.take_while(is_name_character).str();
      rest_ = rest_.drop_front(result.name.size());
      if (result.name.empty() || !element(result, depth)) return std::nullopt;
    }
    result.is_optional = rest_.consume_front("?");
    return result;
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  bool consume(llvm::StringRef text) { return rest_.consume_front(text); }

 private:
  bool element(TypeText& result, unsigned depth) {
    if (result.name != "list" && result.name != "map" && result.name != "stream") return true;
    if (!rest_.consume_front("<")) return false;
    if (result.name == "map" && !rest_.consume_front("string,")) return false;
    std::optional<TypeText> inner = type(depth + 1);
    if (!inner || !rest_.consume_front(">")) return false;
    result.elements.push_back(std::move(*inner));
    return true;
  }

  bool fields(TypeText& result, unsigned depth) {
    if (rest_.consume_front("}")) return true;
    do {
      std::optional<std::string> name;
      if (rest_.starts_with("\"")) {
        name = take_quoted(rest_);
      } else {
        name = rest_.take_while(is_name_character).str();
        rest_ = rest_.drop_front(name->size());
        if (name->empty()) return false;
      }
      if (!name || !rest_.consume_front(":")) return false;
      std::optional<TypeText> inner = type(depth + 1);
      if (!inner) return false;
      result.field_names.push_back(std::move(*name));
      result.elements.push_back(std::move(*inner));
    } while (rest_.consume_front(","));
    return rest_.consume_front("}");
  }

  llvm::StringRef rest_;
};

}  // namespace

std::optional<TypeText> parse_type(llvm::StringRef text) {
  TypeReader reader(text);
  std::optional<TypeText> type = reader.type();
  return reader.at_end() ? type : std::nullopt;
}

std::optional<std::vector<TypeText>> parse_types(llvm::StringRef text) {
  TypeReader reader(text);
  std::vector<TypeText> types;
  do {
    std::optional<TypeText> type = reader.type();
    if (!type) return std::nullopt;
    types.push_back(std::move(*type));
  } while (reader.consume("|"));
  return reader.at_end() ? std::optional(std::move(types)) : std::nullopt;
}

std::string to_text(const TypeText& type) {
  std::string text = type.name;
  if (type.name == "list" || type.name == "stream") {
    text += "<" + to_text(type.elements.front()) + ">";
  } else if (type.name == "map") {
    text += "<string," + to_text(type.elements.front()) + ">";
  } else if (type.name.empty()) {
    text += '{';
    for (std::size_t i = 0; i < type.elements.size(); ++i) {
      if (i > 0) text += ',';
      text += field_name_text(type.field_names[i]) + ":" + to_text(type.elements[i]);
    }
    text += '}';
  }
  return type.is_optional ? text + "?" : text;
}

std::string field_name_text(llvm::StringRef name) {
  const bool is_plain = !name.empty() && std::all_of(name.begin(), name.end(), is_name_character);
  return is_plain ? name.str() : quoted(name);
}

std::string quoted(llvm::StringRef text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      (result += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += "\\x" + llvm::utohexstr(static_cast<unsigned char>(c), /*LowerCase=*/true, /*Width=*/2);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::optional<std::string> take_quoted(llvm::StringRef& rest) {
  if (!rest.consume_front("\"")) return std::nullopt;
  std::string result;
  while (!rest.empty()) {
    if (rest.consume_front("\"")) return result;
    const bool is_escape = rest.consume_front("\\");
    if (!is_escape || rest.starts_with("\"") || rest.starts_with("\\")) {
      result += rest.front();
      rest = rest.drop_front();
    } else {
      unsigned byte = 0;
      if (!rest.consume_front("x") || rest.take_front(2).size() != 2 ||
          rest.take_front(2).getAsInteger(16, byte))
        return std::nullopt;
      result += static_cast<char>(byte);
      rest = rest.drop_front(2);
    }
  }
  return std::nullopt;
}

}  // namespace zc::lock
