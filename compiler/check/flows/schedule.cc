// A reader of crontab fields.

#include "compiler/check/flows/schedule.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <cstdint>
#include <iterator>

namespace zc::check {

namespace {

struct FieldRule {
  llvm::StringLiteral name;
  std::uint32_t least;
  std::uint32_t most;
  llvm::StringLiteral words;  // three letters each, for `least` and on
};

constexpr FieldRule kFields[] = {
    {"second", 0, 59, ""},
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of the month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

std::optional<std::uint32_t> number(const FieldRule& rule, llvm::StringRef text) {
  std::uint32_t value = 0;
  if (text.size() == 3 && !rule.words.empty()) {
    const std::size_t at = rule.words.find(text.lower());
    if (at != llvm::StringRef::npos && at % 3 == 0) return rule.least + static_cast<std::uint32_t>(at / 3);
  }
  if (text.empty() || text.getAsInteger(10, value) || value < rule.least || value > rule.most)
    return std::nullopt;
  return value;
}

// The values of an item such as `8-17/2`, one bit each; none when it is no item.
std::optional<std::uint64_t> read_item(const FieldRule& rule, llvm::StringRef item) {
  const auto [span, step] = item.split('/');
  std::uint32_t every = 1;
  if (item.contains('/') && (step.getAsInteger(10, every) || every == 0)) return std::nullopt;
  std::uint32_t first = rule.least;
  std::uint32_t last = rule.most;
  if (span != "*") {
    const auto [low, high] = span.split('-');
    const std::optional<std::uint32_t> from = number(rule, low);
    const std::optional<std::uint32_t> to = span.contains('-') ? number(rule, high) : from;
    if (!from || !to || *from > *to || (item.contains('/') && !span.contains('-'))) return std::nullopt;
    first = *from;
    last = *to;
  }
  std::uint64_t values = 0;
  for (std::uint64_t value = first; value <= last; value += every)
    values |= std::uint64_t{1} << value;
  return values;
}

// Whether a day of the month comes up in one of the months.
bool has_day(const model::Schedule& schedule) {
  constexpr std::uint32_t kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (std::uint32_t month = 1; month <= std::size(kDays); ++month) {
    const std::uint64_t days = (std::uint64_t{2} << kDays[month - 1]) - 1;
    if ((schedule.months >> month & 1) != 0 && (schedule.days & days) != 0) return true;
  }
  return false;
}

}  // namespace

ScheduleReading read_schedule(llvm::StringRef text) {
  ScheduleReading reading;
  llvm::SmallVector<llvm::StringRef, 8> fields;
  text.split(fields, ' ', -1, /*KeepEmpty=*/false);
  const std::size_t skipped = fields.size() == std::size(kFields) ? 0 : 1;
  if (fields.size() + skipped != std::size(kFields)) {
    reading.error = "has " + std::to_string(fields.size()) + " fields";
    return reading;
  }
  std::uint64_t values[std::size(kFields)] = {1};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldRule& rule = kFields[i + skipped];
    std::uint64_t& of_field = values[i + skipped];
    of_field = 0;
    llvm::SmallVector<llvm::StringRef, 8> items;
    fields[i].split(items, ',');
    for (const llvm::StringRef item : items) {
      const std::optional<std::uint64_t> of_item = read_item(rule, item);
      if (!of_item) {
        reading.error = "`" + item.str() + "` is no " + rule.name.str();
        return reading;
      }
      of_field |= *of_item;
    }
  }
  constexpr std::uint64_t kSunday = 1U << 7;
  if ((values[5] & kSunday) != 0) values[5] = (values[5] & ~kSunday) | 1;
  model::Schedule& schedule = reading.schedule;
  schedule = {.seconds = values[0],
              .minutes = values[1],
              .hours = values[2],
              .days = values[3],
              .months = values[4],
              .weekdays = values[5]};
  schedule.either_day = !fields[3 - skipped].starts_with("*") && !fields[5 - skipped].starts_with("*");
  if (!schedule.either_day && !has_day(schedule)) reading.error = "its months have no such day";
  return reading;
}

bool is_time_zone(llvm::StringRef name) {
  const auto is_part = [](llvm::StringRef part) {
    return !part.empty() &&
           llvm::all_of(part, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '-' || c == '+'; });
  };
  llvm::SmallVector<llvm::StringRef, 4> parts;
  name.split(parts, '/');
  return name.size() <= 64 && llvm::all_of(parts, is_part);
}

}  // namespace zc::check
