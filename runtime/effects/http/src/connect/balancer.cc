#include "connect/balancer.h"

#include <algorithm>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::uint32_t kMostDoublings = 16;

}  // namespace

void Balancer::update(const std::vector<Place>& places) {
  std::vector<Entry> entries;
  for (const Place& place : places) {
    if (std::ranges::find(entries, place, &Entry::place) != entries.end()) continue;
    const auto known = std::ranges::find(entries_, place, &Entry::place);
    entries.push_back(known != entries_.end() ? *known : Entry{.place = place, .id = last_id_ + 1});
    last_id_ = std::max(last_id_, entries.back().id);
  }
  entries_ = std::move(entries);
}

const Balancer::Entry* Balancer::find(Id id) const noexcept {
  const auto place = std::ranges::find(entries_, id, &Entry::id);
  return place == entries_.end() ? nullptr : &*place;
}
Balancer::Entry* Balancer::find(Id id) noexcept {
  const auto place = std::ranges::find(entries_, id, &Entry::id);
  return place == entries_.end() ? nullptr : &*place;
}

std::optional<Balancer::Id> Balancer::try_next(TimePoint now) noexcept {
  Entry* first = nullptr;
  for (Entry& entry : entries_)
    if (entry.state == State::kIdle && (first == nullptr || entry.not_before < first->not_before))
      first = &entry;
  if (first == nullptr) return std::nullopt;
  const bool is_last_hope =
      std::ranges::all_of(entries_, [](const Entry& entry) { return entry.state == State::kIdle; });
  if (first->not_before > now && !is_last_hope) return std::nullopt;
  first->state = State::kConnecting;
  return first->id;
}

void Balancer::connected(Id id) noexcept {
  Entry* const entry = find(id);
  if (entry == nullptr) return;
  entry->state = State::kConnected;
  entry->failures = 0;
  entry->not_before = {};
}

void Balancer::failed(Id id, TimePoint now) noexcept {
  Entry* const entry = find(id);
  if (entry == nullptr) return;
  const std::int64_t pause = std::min(kLongestPause.nanoseconds, kFirstPause.nanoseconds << entry->failures);
  entry->failures = std::min(entry->failures + 1, kMostDoublings);
  const auto more = static_cast<std::int64_t>(random_->below(static_cast<std::uint64_t>(pause / 5) + 1));
  entry->not_before = now + Duration{pause + more};
  entry->state = State::kIdle;
}

bool Balancer::is_any(State state) const noexcept {
  return std::ranges::find(entries_, state, &Entry::state) != entries_.end();
}

}  // namespace zerver::effects::http_client
