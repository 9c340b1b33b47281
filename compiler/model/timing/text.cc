// Formats times and aligns tables.

#include "compiler/model/timing/text.h"

#include "compiler/model/effects.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>
#include <array>
#include <utility>

namespace zc::model {

namespace {

constexpr std::size_t kWorstColumn = 4;
constexpr std::size_t kBarWidth = 40;

// `time` in units of `unit`, with as many decimals as it needs.
std::string decimal_text(Nanoseconds time, Nanoseconds unit, llvm::StringRef name) {
  std::string text = std::to_string(time / unit);
  if (time % unit != 0) {
    std::string fraction = std::to_string(unit + time % unit).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + " " + name.str();
}

std::string group_word(Join join) {
  static constexpr std::array kWords{"all",  "all_required", "any",   "first_success",
                                     "race", "quorum",       "hedge", "sequential"};
  return kWords.at(static_cast<std::size_t>(join));
}

// The policy that is named, else the default one.
std::string policy_text(const Program& program, PackageId from, const TimedCall& timed) {
  PolicyId policy = timed.call->policy;
  if (!policy.is_valid())
    policy = default_policy(program, program.steps[timed.step].origin.package, timed.call->target);
  return policy.is_valid() ? name_text(program, from, program.policies[policy].origin) : "-";
}

Nanoseconds sum_of(llvm::ArrayRef<TimedCall> calls) {
  Nanoseconds sum = 0;
  for (const TimedCall& call : calls)
    sum = add_times(sum, call.total());
  return sum;
}

// The part of a line of `kBarWidth` that `[begin, end)` covers, at least one mark.
std::string bar(Nanoseconds begin, Nanoseconds end, Nanoseconds scale) {
  const auto position = [scale](Nanoseconds time) {
    const double part = static_cast<double>(time) / static_cast<double>(scale);
    return std::min(kBarWidth, static_cast<std::size_t>(part * kBarWidth + 0.5));
  };
  const std::size_t first = std::min(position(begin), kBarWidth - 1);
  const std::size_t behind = std::max(position(end), first + 1);
  return "|" + std::string(first, ' ') + std::string(behind - first, '#') +
         std::string(kBarWidth - behind, ' ') + "|";
}

}  // namespace

std::string duration_text(Nanoseconds time) {
  if (time == kForever) return "more than 500 years";
  if (time < 1'000) return std::to_string(time) + (time == 0 ? " s" : " ns");
  if (time < 1'000'000) return decimal_text(time, 1'000, "us");
  if (time < kSecond) return decimal_text(time, 1'000'000, "ms");
  static constexpr std::pair<const char*, Nanoseconds> kLong[] = {
      {"d", 86'400 * kSecond}, {"h", 3'600 * kSecond}, {"min", 60 * kSecond}};
  std::string text;
  for (const auto& [name, unit] : kLong) {
    if (time < unit) continue;
    text += std::to_string(time / unit) + " " + name + " ";
    time %= unit;
  }
  if (time != 0 || text.empty()) return text + decimal_text(time, kSecond, "s");
  text.pop_back();
  return text;
}

std::string formula_text(const CallTime& time, std::uint64_t times) {
  if (!time.timeout) return "no timeout";
  const auto multiple = [](std::uint64_t count, const std::string& what) {
    return count == 1 ? what : std::to_string(count) + " x " + what;
  };
  std::string text = duration_text(*time.timeout);
  if (time.by_default) text += " by default";
  bool is_sum = time.hedges != 0 && time.hedge_after != 0;
  if (is_sum) text = multiple(time.hedges, duration_text(time.hedge_after)) + " + " + text;
  if (time.retries != 0) {
    text = multiple(std::uint64_t{time.retries} + 1, is_sum ? "(" + text + ")" : text);
    for (const BackoffWait& wait : time.waits)
      text += " + " + multiple(wait.count, duration_text(wait.longest));
    is_sum = true;
  }
  return times == 1 ? text : multiple(times, is_sum ? "(" + text + ")" : text);
}

std::string effect_text(const Program& program, PackageId from, const TimedCall& call) {
  const Target& target = program.targets[call.call->target];
  std::string text = name_text(program, from, target.origin) + "." +
                     program.adapters[target.adapter].operations[call.call->operation].origin.name;
  if (call.group != nullptr) text += " (" + group_word(call.group->join) + ")";
  return text;
}

CallTable::Row CallTable::row(const TimedCall& call) const {
  return {name_text(program_, from_, program_.steps[call.step].origin),
          effect_text(program_, from_, call),
          policy_text(program_, from_, call),
          formula_text(call.time, call.times),
          call.time.is_bounded() ? duration_text(call.total()) : "-",
          call.fails ? "fails" : ""};
}

std::vector<std::string> CallTable::lines(llvm::ArrayRef<TimedCall> calls, std::size_t limit) const {
  std::vector<bool> is_shown(calls.size(), calls.size() <= limit);
  if (calls.size() > limit) {
    std::vector<std::size_t> order(calls.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
      const Nanoseconds longer = calls[left].total();
      const Nanoseconds shorter = calls[right].total();
      return longer != shorter ? longer > shorter : left < right;
    });
    for (std::size_t i = 0; i < limit; ++i)
      is_shown[order[i]] = true;
  }
  std::vector<Row> rows{{"step", "effect", "policy", "waits", "worst"}};
  Nanoseconds rest = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (is_shown[i]) {
      rows.push_back(row(calls[i]));
    } else {
      rest = add_times(rest, calls[i].total());
    }
  }
  if (calls.size() > limit)
    rows.push_back({"...", std::to_string(calls.size() - limit) + " more", "", "", duration_text(rest)});
  if (calls.size() > 1) rows.push_back({"", "", "", "", duration_text(sum_of(calls))});
  return align_columns(rows, kWorstColumn);
}

std::vector<std::string> CallTable::lines_with_bars(llvm::ArrayRef<TimedCall> calls,
                                                    Nanoseconds scale) const {
  const std::string end = duration_text(scale);
  const std::size_t blanks = kBarWidth > end.size() + 1 ? kBarWidth - end.size() - 1 : 1;
  std::vector<Row> rows{
      {"step", "effect", "policy", "waits", "worst", " 0" + std::string(blanks, ' ') + end}};
  Nanoseconds now = 0;
  for (const TimedCall& call : calls) {
    Row cells = row(call);
    const Nanoseconds begin = std::exchange(now, add_times(now, call.total()));
    cells.back() = bar(begin, now, scale) + (call.fails ? " fails" : "");
    rows.push_back(std::move(cells));
  }
  if (calls.size() > 1) rows.push_back({"", "", "", "", duration_text(now)});
  return align_columns(rows, kWorstColumn);
}

std::vector<std::string> align_columns(llvm::ArrayRef<std::vector<std::string>> rows,
                                       llvm::ArrayRef<std::size_t> to_the_right) {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  std::vector<std::string> lines;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      line += llvm::is_contained(to_the_right, i) ? blanks + row[i] : row[i] + blanks;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace zc::model
