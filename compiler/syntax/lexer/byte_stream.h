// Source bytes as the grammar's lexer wants them.

#pragma once

#include <antlr4-runtime.h>
#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <string>

namespace zc::syntax {

// Positions are byte offsets. Bytes outside ASCII are handed out as 0x7F: the lexer's tables are cached for
// ASCII only, and no rule tells one such byte from another.
class ByteStream final : public antlr4::CharStream {
 public:
  explicit ByteStream(llvm::StringRef text) : text_(text) {}

  void consume() override { ++position_; }
  std::size_t LA(ssize_t offset) override {
    const std::size_t at = position_ + static_cast<std::size_t>(offset) - (offset > 0 ? 1 : 0);
    if (at >= text_.size()) return EOF;
    const auto byte = static_cast<unsigned char>(text_[at]);
    return byte < kNotAscii ? byte : kNotAscii;
  }
  ssize_t mark() override { return 0; }
  void release(ssize_t /*marker*/) override {}
  std::size_t index() override { return position_; }
  void seek(std::size_t position) override { position_ = position; }
  std::size_t size() override { return text_.size(); }
  std::string getSourceName() const override { return {}; }
  std::string getText(const antlr4::misc::Interval& interval) override {
    return text_.slice(static_cast<std::size_t>(interval.a), static_cast<std::size_t>(interval.b) + 1).str();
  }
  std::string toString() const override { return text_.str(); }

 private:
  static constexpr unsigned char kNotAscii = 0x7F;

  llvm::StringRef text_;
  std::size_t position_ = 0;
};

}  // namespace zc::syntax
