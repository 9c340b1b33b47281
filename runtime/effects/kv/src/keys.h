// What keys may be.
#pragma once

#include <zerver/core/list.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects::kv {

// With its prefix.
inline constexpr std::size_t kLongestKey = 1024;
inline constexpr std::size_t kLongestPrefix = 256;

// That one read may ask for.
inline constexpr std::size_t kMostKeys = 1000;

// Whether it is among those before it.
inline bool repeats(const List<String>& keys, std::size_t position) noexcept {
  const auto before = keys.span().first(position);
  return std::ranges::find(before, keys[position]) != before.end();
}

// Puts the target's prefix before keys.
class Keys {
 public:
  explicit Keys(std::string prefix) : prefix_(std::move(prefix)) {}

  // A readers' key that is not good is one that nobody has written.
  bool good(std::string_view key) const noexcept {
    return !key.empty() && prefix_.size() + key.size() <= kLongestKey;
  }
  // Valid until the next call.
  std::string_view full(std::string_view key) {
    if (prefix_.empty()) return key;
    text_.assign(prefix_);
    text_.append(key);
    return text_;
  }
  const std::string& prefix() const noexcept { return prefix_; }

 private:
  std::string prefix_;
  std::string text_;
};

}  // namespace zerver::effects::kv
