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

Duration Balancer::pause_behind(std::uint32_t failures) noexcept {
  const std::int64_t pause =
      std::min(kLongestPause.nanoseconds, kFirstPause.nanoseconds << std::min(failures, kMostDoublings));
  return {pause + static_cast<std::int64_t>(random_->below(static_cast<std::uint64_t>(pause / 5) + 1))};
}

void Balancer::failed(Id id, TimePoint now) noexcept {
  Entry* const entry = find(id);
  if (entry == nullptr) return;
  entry->not_before = now + pause_behind(entry->failures++);
  entry->state = State::kIdle;
}

bool Balancer::is_hopeless() const noexcept {
  return std::ranges::all_of(
      entries_, [](const Entry& entry) { return entry.state == State::kIdle && entry.failures != 0; });
}

void Balancer::began(Id id) noexcept {
  if (Entry* const entry = find(id)) ++entry->under_way;
}

void Balancer::ended(Id id) noexcept {
  if (Entry* const entry = find(id)) --entry->under_way;
}

bool Balancer::judge(Id id, Verdict verdict, TimePoint now) noexcept {
  Entry* const entry = find(id);
  if (entry == nullptr || verdict == Verdict::kNothing) return false;
  if (verdict == Verdict::kGood) {
    entry->bad = 0;
    entry->left_out_until = {};
    return false;
  }
  // What was under way when it was left out says nothing new.
  if (entry->left_out_until > now || ++entry->bad < kFailures) return false;
  const auto out = std::ranges::count_if(entries_, [&](const Entry& each) {
    return each.state != State::kConnected || each.left_out_until > now;
  });
  if (2 * (static_cast<std::size_t>(out) + 1) > entries_.size()) return false;
  entry->left_out_until = now + pause_behind(entry->bad - kFailures);
  return true;
}

}  // namespace zerver::effects::http_client
