#include <zerver/flow/durable/durable_run.h>

#include <algorithm>
#include <utility>

namespace zerver::flow {

namespace {

void append_loops(std::string& line, const DurableSite& site) {
  for (unsigned i = 0; i < site.loops; ++i)
    line += "[]";
}

std::string named(std::string_view name, const DurablePlace& place) {
  std::string result(name);
  for (std::size_t i = 0; i < place.loops; ++i)
    result.append("[").append(std::to_string(place.runs[i])).append("]");
  return result;
}

// Whether the line of a shape is of this site, by the name that it has or had.
bool is_of(std::string_view line, const DurableSite& site) {
  const auto is = [&](std::string_view name) {
    std::string own(name);
    append_loops(own, site);
    return line == own;
  };
  return is(site.name) || (!site.was.empty() && is(site.was));
}

}  // namespace

DurableRun::DurableRun(JobJournal& journal, async::Loop& loop, const Clock& clock,
                       std::span<const DurableSite> sites, std::uint64_t token, JobHistory history)
    : journal_(&journal),
      loop_(&loop),
      clock_(&clock),
      sites_(sites),
      token_(token),
      history_(std::move(history)) {
  for (const JournalEntry& entry : history_.entries)
    known_.emplace(entry.continuation, &entry.data);
}

std::string DurableRun::shape_of(std::span<const DurableSite> sites) {
  std::string shape;
  for (const DurableSite& site : sites) {
    shape += site.name;
    append_loops(shape, site);
    shape += '\n';
  }
  return shape;
}

std::string DurableRun::mismatch() const {
  std::string_view left = history_.shape;
  for (const DurableSite& site : sites_) {
    const std::string_view line = left.substr(0, left.find('\n'));
    if (!is_of(line, site)) {
      std::string here(site.name);
      append_loops(here, site);
      return "it was begun by another version of the job, with " +
             (line.empty() ? std::string("nothing") : "`" + std::string(line) + "`") +
             " where this one has `" + here + "`";
    }
    left.remove_prefix(std::min(left.size(), line.size() + 1));
  }
  if (left.empty()) return {};
  return "it was begun by another version of the job, which has `" +
         std::string(left.substr(0, left.find('\n'))) + "` where this one ends";
}

std::string DurableRun::continuation(const DurablePlace& place) const {
  return named(sites_[place.site].name, place);
}

const std::string* DurableRun::find(const DurablePlace& place) noexcept {
  if (known_.empty()) return nullptr;
  const DurableSite& site = sites_[place.site];
  auto found = known_.find(named(site.name, place));
  if (found == known_.end() && !site.was.empty()) found = known_.find(named(site.was, place));
  if (found == known_.end()) return nullptr;
  ++replayed_;
  return found->second;
}

void DurableRun::append(const DurablePlace& place, std::string_view data) {
  note(JournalRecordKind::kEntry, continuation(place), data);
  ++written_;
}

void DurableRun::hold(const DurablePlace& place, std::string_view data) {
  failures_.push_back({place, std::string(data)});
}

void DurableRun::take_failures(const DurablePlace& first, std::uint32_t end) {
  std::erase_if(failures_, [&](const Failure& failure) {
    if (failure.place.site < first.site || failure.place.site >= end) return false;
    if (!failure.place.is_inside(first)) return false;
    append(failure.place, failure.data);
    return true;
  });
}

void DurableRun::note(JournalRecordKind kind, std::string_view name, std::string_view data) noexcept {
  journal_->append(
      {.job = history_.id, .token = token_, .kind = kind, .name = name, .data = data, .at = clock_->wall()});
}

}  // namespace zerver::flow
