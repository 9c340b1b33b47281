// A limiter of its own for each key, such as a tenant or an address; bounded.
#pragma once

#include <zerver/async/rate/limit.h>

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace zerver::async {

// At most `capacity` keys are remembered. A key that is new then takes the place of the one that was used
// longest ago, if that one's limiter is idle: nothing is lost with it. If it is not, all keys that found no
// place share one limiter, so a flood of made-up keys neither grows memory nor gives anyone a fresh
// allowance. No allocation for a key that is known. One thread at a time.
template <RateLimiter Limiter> class KeyedLimiter {
 public:
  KeyedLimiter(const RateLimit& limit, std::size_t capacity, TimePoint now)
      : capacity_(capacity), shared_(limit, now) {}
  KeyedLimiter(const KeyedLimiter&) = delete;
  KeyedLimiter& operator=(const KeyedLimiter&) = delete;

  Admission take(std::string_view key, TimePoint now, std::uint32_t cost = 1) {
    return limiter_of(key, now).take(now, cost);
  }
  std::size_t size() const noexcept { return index_.size(); }
  // How often a key found no place and was counted together with others.
  std::uint64_t overflows() const noexcept { return overflows_; }

 private:
  struct Entry {
    std::string key;
    Limiter limiter;
  };
  using Entries = std::list<Entry>;

  Limiter& limiter_of(std::string_view key, TimePoint now) {
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->limiter;
    }
    if (index_.size() >= capacity_ && !forget_oldest(now)) {
      ++overflows_;
      return shared_;
    }
    entries_.push_front({std::string(key), Limiter(shared_.limit(), now)});
    index_.emplace(entries_.front().key, entries_.begin());
    return entries_.front().limiter;
  }

  bool forget_oldest(TimePoint now) {
    if (entries_.empty() || !entries_.back().limiter.idle(now)) return false;
    index_.erase(entries_.back().key);
    entries_.pop_back();
    return true;
  }

  std::size_t capacity_;
  Limiter shared_;
  std::uint64_t overflows_ = 0;
  Entries entries_;                                                         // used last, first
  std::unordered_map<std::string_view, typename Entries::iterator> index_;  // views of the keys in entries_
};

}  // namespace zerver::async
