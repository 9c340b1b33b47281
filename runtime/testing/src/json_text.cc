// Comparing JSON texts by what they say.
#include <zerver/flow/data/json_reader.h>
#include <zerver/testing/json_text.h>

#include <charconv>
#include <cstdint>
#include <map>

namespace zerver::testing {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xC0 | (point >> 6));
    return byte(0x80 | (point & 0x3F));
  }
  if (point < 0x10000) {
    byte(0xE0 | (point >> 12));
  } else {
    byte(0xF0 | (point >> 18));
    byte(0x80 | ((point >> 12) & 0x3F));
  }
  byte(0x80 | ((point >> 6) & 0x3F));
  byte(0x80 | (point & 0x3F));
}

// Goes over a text that is known to be JSON and writes it in one form: no white space, fields in the order of
// their names, strings with their length, numbers as to_chars writes them.
class Canonical {
 public:
  explicit Canonical(std::string_view text) noexcept : text_(text) {}

  std::string value() {
    skip_space();
    switch (text_[at_]) {
      case '{':
        return object();
      case '[':
        return array();
      case '"':
        return counted(string());
      default:
        return scalar();
    }
  }
  // The fields of an object, by name, as texts of the source.
  std::map<std::string, std::string_view> fields() {
    std::map<std::string, std::string_view> result;
    skip_space();
    if (text_[at_] != '{') return result;
    for (++at_; skip_space(), text_[at_] != '}';) {
      if (text_[at_] == ',') ++at_, skip_space();
      std::string name = string();
      skip_space();
      ++at_;  // the colon
      skip_space();
      const std::size_t begin = at_;
      value();
      result.insert_or_assign(std::move(name), text_.substr(begin, at_ - begin));
    }
    return result;
  }

 private:
  static std::string counted(const std::string& text) {
    return '"' + std::to_string(text.size()) + ':' + text;
  }

  std::string object() {
    std::string result = "{";
    for (const auto& [name, text] : fields())
      result += counted(name) + '=' + Canonical(text).value() + ';';
    ++at_;
    return result + '}';
  }
  std::string array() {
    std::string result = "[";
    for (++at_; skip_space(), text_[at_] != ']';) {
      if (text_[at_] == ',') ++at_;
      result += value() + ';';
    }
    ++at_;
    return result + ']';
  }
  std::string string() {
    std::string result;
    for (++at_; text_[at_] != '"';) {
      if (text_[at_] == '\\') {
        escape(result);
      } else {
        result += text_[at_++];
      }
    }
    ++at_;
    return result;
  }
  void escape(std::string& out) {
    constexpr std::string_view kShort = "bfnrt";
    constexpr std::string_view kMeant = "\b\f\n\r\t";
    const char letter = text_[at_ + 1];
    at_ += 2;
    if (const std::size_t found = kShort.find(letter); found != std::string_view::npos) {
      out += kMeant[found];
    } else if (letter != 'u') {
      out += letter;
    } else {
      std::uint32_t point = hexadecimal();
      if (point >= 0xD800 && point < 0xDC00) {
        at_ += 2;  // the other half of a pair
        point = 0x10000 + ((point - 0xD800) << 10) + (hexadecimal() - 0xDC00);
      }
      append_utf8(out, point);
    }
  }
  std::uint32_t hexadecimal() {
    std::uint32_t number = 0;
    std::from_chars(text_.data() + at_, text_.data() + at_ + 4, number, 16);
    at_ += 4;
    return number;
  }
  // A number, `true`, `false` or `null`. Whole numbers are exact, others as a double.
  std::string scalar() {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(" \t\n\r,]}", at_), text_.size());
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.find_first_of(".eE") == std::string_view::npos || word == "true" || word == "false")
      return std::string(word == "-0" ? "0" : word);
    double number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, number).ptr};
  }
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size()); }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_json(std::string_view text) {
  flow::JsonReader reader;
  Arena arena;
  return reader.parse(text, 0, arena) != nullptr;
}

}  // namespace

bool json_equal(std::string_view left, std::string_view right) {
  return is_json(left) && is_json(right) && Canonical(left).value() == Canonical(right).value();
}

std::string json_field(std::string_view object, std::string_view name) {
  if (!is_json(object)) return {};
  const auto fields = Canonical(object).fields();
  const auto field = fields.find(std::string(name));
  return field == fields.end() ? std::string() : std::string(field->second);
}

}  // namespace zerver::testing
