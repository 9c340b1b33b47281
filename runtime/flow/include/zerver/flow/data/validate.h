// Checks of the traits @length, @range and @pattern.
#pragma once

#include <zerver/flow/data/utf8.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace zerver::flow {

// Of text, in code points.
inline bool has_length(std::string_view text, std::size_t least, std::size_t most) noexcept {
  if (text.size() < least) return false;  // there are no more code points than bytes
  const std::size_t length = code_points(text);
  return least <= length && length <= most;
}

// Whether the whole text is what a regular expression describes. The expression is compiled once; matching
// takes time linear in the text, whatever the expression (Thompson's construction, simulated; Cox, "Regular
// Expression Matching Can Be Simple And Fast"). The syntax is RE2's, without flags, `\C` and `\p`.
class Pattern {
 public:
  // Throws std::invalid_argument for an expression that is none; the compiler has checked those in a `.flow`
  // file.
  explicit Pattern(std::string_view expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // Any thread.
  bool matches(std::string_view text) const;

 private:
  struct Program;
  std::unique_ptr<const Program> program_;
};

}  // namespace zerver::flow
