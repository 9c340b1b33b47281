// Which of several addresses of one service is asked next, and which one is left alone for a while.
#pragma once

#include <zerver/core/random.h>
#include <zerver/core/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zerver::effects::http_client {

// One address. `name` is what was asked for it: the Host field and TLS go by that.
struct Place {
  std::string address;
  std::uint16_t port = 0;
  std::string name;

  friend bool operator==(const Place&, const Place&) = default;
};

// A value that is told what happens, and opens nothing. Those that are connected take turns. One that cannot
// be reached is tried again behind a pause, which doubles each time.
class Balancer {
 public:
  // Of a place, never used for another one.
  using Id = std::uint32_t;

  static constexpr Duration kFirstPause = Duration::from_milliseconds(100);
  static constexpr Duration kLongestPause = Duration::from_milliseconds(2000);  // and up to a fifth more

  explicit Balancer(Random& random) noexcept : random_(&random) {}

  // From now on these are all. What is known of those that stay is kept. Throws std::bad_alloc.
  void update(const std::vector<Place>& places);
  bool empty() const noexcept { return entries_.empty(); }
  // False for one that is no more.
  bool has(Id id) const noexcept { return find(id) != nullptr; }
  const Place& place(Id id) const noexcept { return find(id)->place; }

  // One to which a connection should be made: it has none, and its pause is over; when none has any, the one
  // whose pause ends first. Connecting begins with it.
  std::optional<Id> try_next(TimePoint now) noexcept;
  void connected(Id id) noexcept;
  void failed(Id id, TimePoint now) noexcept;
  // Of those that are connected: where `is_gone(id)`, another connection is wanted.
  template <class IsGone> void note_lost(IsGone is_gone) {
    for (Entry& entry : entries_)
      if (entry.state == State::kConnected && is_gone(entry.id)) entry.state = State::kIdle;
  }
  bool is_connecting() const noexcept { return is_any(State::kConnecting); }
  bool is_connected() const noexcept { return is_any(State::kConnected); }

  // The next in turn that is connected and of which `can_take(id)` is true.
  template <class CanTake> std::optional<Id> next(CanTake can_take) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const std::size_t index = (turn_ + i) % entries_.size();
      if (entries_[index].state != State::kConnected || !can_take(entries_[index].id)) continue;
      turn_ = index + 1;
      return entries_[index].id;
    }
    return std::nullopt;
  }

 private:
  enum class State : std::uint8_t { kIdle, kConnecting, kConnected };
  struct Entry {
    Place place = {};
    Id id = 0;
    State state = State::kIdle;
    std::uint32_t failures = 0;  // since it was connected
    TimePoint not_before = {};
  };

  bool is_any(State state) const noexcept;
  const Entry* find(Id id) const noexcept;
  Entry* find(Id id) noexcept;

  Random* random_;
  std::vector<Entry> entries_;
  std::size_t turn_ = 0;
  Id last_id_ = 0;
};

}  // namespace zerver::effects::http_client
