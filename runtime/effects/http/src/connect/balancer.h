// Which of several addresses of one service is asked next, and which one is left alone for a while.
#pragma once

#include <zerver/core/random.h>
#include <zerver/core/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace zerver::effects::http_client {

// One address. `name` is what was asked for it: the Host field and TLS go by that.
struct Place {
  std::string address;
  std::uint16_t port = 0;
  std::string name;

  friend bool operator==(const Place&, const Place&) = default;
};

// A value that is told what happens, and opens nothing. Of those that are connected the one with the fewest
// calls under way is next, and those with as many take turns. One that cannot be reached is tried again
// behind a pause, which doubles each time; one that only fails is left out for such a pause.
class Balancer {
 public:
  // Of a place, never used for another one, and not 0.
  using Id = std::uint32_t;
  // What an answer, or none, says about its place.
  enum class Verdict : std::uint8_t { kGood, kBad, kNothing };

  static constexpr Duration kFirstPause = Duration::from_milliseconds(100);
  static constexpr Duration kLongestPause = Duration::from_milliseconds(2000);  // and up to a fifth more
  // So many failures without another answer between them leave a place out, and each one behind that again.
  static constexpr std::uint32_t kFailures = 5;

  explicit Balancer(Random& random) noexcept : random_(&random) {}

  // From now on these are all. What is known of those that stay is kept. Throws std::bad_alloc.
  void update(const std::vector<Place>& places);
  bool empty() const noexcept { return entries_.empty(); }
  // False for one that is no more.
  bool has(Id id) const noexcept { return find(id) != nullptr; }
  const Place& place(Id id) const noexcept { return find(id)->place; }
  template <class Each> void for_each(Each each) const {
    for (const Entry& entry : entries_)
      each(entry.id, entry.place);
  }

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
  // All have been tried, and none can be reached.
  bool is_hopeless() const noexcept;

  // Of those that are connected and of which `can_take(id)` is true. One that is left out, or that the call
  // has `tried` before (a set of places, by bit_of), is for when there is no other.
  template <class CanTake> std::optional<Id> next(TimePoint now, std::uint64_t tried, CanTake can_take) {
    const Entry* best = nullptr;
    const auto rank = [&](const Entry& entry) {
      return std::tuple(entry.left_out_until > now, (tried & bit_of(entry.id)) != 0, entry.under_way);
    };
    std::size_t found = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const std::size_t index = (turn_ + i) % entries_.size();
      const Entry& entry = entries_[index];
      if (entry.state != State::kConnected || !can_take(entry.id)) continue;
      if (best != nullptr && rank(entry) >= rank(*best)) continue;
      best = &entry;
      found = index;
    }
    if (best == nullptr) return std::nullopt;
    turn_ = found + 1;
    return best->id;
  }
  // Of two places at most of one service the same.
  static constexpr std::uint64_t bit_of(Id id) noexcept { return std::uint64_t{1} << (id % 64); }

  // A call goes there, and is over.
  void began(Id id) noexcept;
  void ended(Id id) noexcept;
  // True: the place is left out from now on. Never so many that fewer than half of them remain.
  bool judge(Id id, Verdict verdict, TimePoint now) noexcept;

 private:
  enum class State : std::uint8_t { kIdle, kConnecting, kConnected };
  struct Entry {
    Place place = {};
    Id id = 0;
    State state = State::kIdle;
    std::uint32_t under_way = 0;  // calls
    std::uint32_t failures = 0;   // to connect, since it was connected
    std::uint32_t bad = 0;        // answers, since a good one
    TimePoint not_before = {};
    TimePoint left_out_until = {};
  };

  Duration pause_behind(std::uint32_t failures) noexcept;
  const Entry* find(Id id) const noexcept;
  Entry* find(Id id) noexcept;

  Random* random_;
  std::vector<Entry> entries_;
  std::size_t turn_ = 0;
  Id last_id_ = 0;
};

}  // namespace zerver::effects::http_client
