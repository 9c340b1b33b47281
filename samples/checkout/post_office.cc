#include "post_office.h"

namespace checkout {

void PostOffice::send(const std::string& key, const Letter& letter) {
  const std::scoped_lock lock(mutex_);
  const auto [sent, is_new] = letters_.emplace(key, letter);
  if (!is_new && sent->second != letter) ++mistaken_;
}

std::optional<PostOffice::Letter> PostOffice::find(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  const auto letter = letters_.find(key);
  if (letter == letters_.end()) return std::nullopt;
  return letter->second;
}

std::size_t PostOffice::mistaken() const {
  const std::scoped_lock lock(mutex_);
  return mistaken_;
}

}  // namespace checkout
