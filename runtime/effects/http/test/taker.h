// Whoever takes a stream.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/stream/source.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {

// Takes a stream to its end, or as far as it is told.
class Taker final : private flow::Source::Reader {
 public:
  // `read` makes text of a part; that of bytes without one.
  explicit Taker(flow::Source& source, std::string (*read)(const void* part) = read_bytes)
      : source_(&source), read_(read) {}
  ~Taker() { close(); }

  void ask() { source_->next(*this); }
  void close() {
    if (source_ != nullptr) std::exchange(source_, nullptr)->close();
  }
  // All of it: each part is asked for behind the one before.
  void take_all() {
    goes_on_ = true;
    ask_on();
  }
  bool is_over() const { return ended_ || failed_; }
  bool has_failed() const { return failed_; }
  std::size_t parts() const { return parts_; }
  const std::string& text() const { return text_; }
  // Of the fault that it ended with.
  const std::string& why() const { return why_; }
  const std::string& pointer() const { return pointer_; }

 private:
  void on_part(const void* part) noexcept override {
    text_ += read_(part);
    ++parts_;
    if (goes_on_) ask_on();
  }
  void on_end() noexcept override { ended_ = true; }
  void on_failure(const Fault& fault) noexcept override {
    failed_ = true;
    why_ = fault.why;
    pointer_ = fault.pointer;
  }

  static std::string read_bytes(const void* part) {
    return std::string(*static_cast<const std::string_view*>(part));
  }

  // Not deeper than once within itself, however many parts there are at hand.
  void ask_on() {
    if (std::exchange(is_asking_, true)) {
      asks_again_ = true;
      return;
    }
    do {
      asks_again_ = false;
      ask();
    } while (asks_again_);
    is_asking_ = false;
  }

  flow::Source* source_;
  std::string (*read_)(const void* part);
  std::string text_;
  std::string why_;
  std::string pointer_;
  std::size_t parts_ = 0;
  bool goes_on_ = false;
  bool is_asking_ = false;
  bool asks_again_ = false;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace zerver::effects
