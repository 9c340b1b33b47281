// A sliding window of times, in the bytes of a value.
#pragma once

#include <zerver/core/time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace zerver::effects::kv {

// How a limit answers.
struct Taken {
  bool granted = false;
  std::int64_t left = 0;  // of the limit, now
  Duration wait;          // when not granted: nothing is before
};

// A ring of the latest times at which something was let through: how many there are, where the oldest is, and
// the times in nanoseconds. The bytes may stand anywhere, so they are copied in and out.
class Window {
 public:
  static constexpr std::size_t bytes_for(std::size_t count) noexcept {
    return (count + 2) * sizeof(std::int64_t);
  }

  // All zero bytes are an empty one.
  explicit Window(std::span<char> bytes) noexcept : bytes_(bytes) {}

  // Those of one of another size, the latest that there is room for.
  void take_over(std::string_view other) noexcept {
    const auto word_of = [other](std::size_t position) {
      std::int64_t word = 0;
      std::memcpy(&word, other.data() + position * sizeof(word), sizeof(word));
      return word;
    };
    const auto places = static_cast<std::int64_t>(other.size() / sizeof(std::int64_t)) - 2;
    const std::int64_t kept = std::min(word_of(0), capacity());
    for (std::int64_t i = word_of(0) - kept; i < word_of(0); ++i)
      push(word_of(static_cast<std::size_t>(2 + (word_of(1) + i) % places)));
  }

  Taken take(Duration per, TimePoint now) noexcept {
    while (size() > 0 && oldest() + per.nanoseconds <= now.nanoseconds)
      pop();
    if (size() == capacity()) return {false, 0, Duration{oldest() + per.nanoseconds - now.nanoseconds}};
    push(now.nanoseconds);
    return {true, capacity() - size(), {}};
  }

 private:
  std::int64_t word(std::int64_t position) const noexcept {
    std::int64_t value = 0;
    std::memcpy(&value, bytes_.data() + static_cast<std::size_t>(position) * sizeof(value), sizeof(value));
    return value;
  }
  void set_word(std::int64_t position, std::int64_t value) noexcept {
    std::memcpy(bytes_.data() + static_cast<std::size_t>(position) * sizeof(value), &value, sizeof(value));
  }
  std::int64_t capacity() const noexcept {
    return static_cast<std::int64_t>(bytes_.size() / sizeof(std::int64_t)) - 2;
  }
  std::int64_t size() const noexcept { return word(0); }
  std::int64_t oldest() const noexcept { return word(2 + word(1)); }
  void pop() noexcept {
    set_word(0, size() - 1);
    set_word(1, (word(1) + 1) % capacity());
  }
  void push(std::int64_t time) noexcept {
    set_word(2 + (word(1) + size()) % capacity(), time);
    set_word(0, size() + 1);
  }

  std::span<char> bytes_;
};

}  // namespace zerver::effects::kv
