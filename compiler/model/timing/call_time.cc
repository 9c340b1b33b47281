// The arithmetic of policies and joins.

#include "compiler/model/timing/call_time.h"

#include <algorithm>
#include <utility>

namespace zc::model {

Nanoseconds add_times(Nanoseconds left, Nanoseconds right) {
  return left > kForever - right ? kForever : left + right;
}

Nanoseconds multiply_time(Nanoseconds time, std::uint64_t count) {
  if (time == 0 || count == 0) return 0;
  return time > kForever / count ? kForever : time * count;
}

std::vector<BackoffWait> longest_waits(const Backoff& backoff, std::uint32_t retries) {
  const Nanoseconds cap = std::max(backoff.least, backoff.most);
  std::vector<BackoffWait> waits;
  Nanoseconds wait = backoff.least;
  std::uint32_t left = backoff.least == 0 ? 0 : retries;
  for (; left != 0 && wait < cap; --left) {
    waits.push_back({1, wait});
    wait = wait > cap / 2 ? cap : wait * 2;
  }
  if (left != 0) waits.push_back({left, cap});
  return waits;
}

Nanoseconds CallTime::attempt() const {
  return timeout ? add_times(multiply_time(hedge_after, hedges), *timeout) : 0;
}

Nanoseconds CallTime::worst() const {
  if (!timeout) return 0;
  Nanoseconds sum = multiply_time(attempt(), std::uint64_t{retries} + 1);
  for (const BackoffWait& wait : waits)
    sum = add_times(sum, multiply_time(wait.longest, wait.count));
  return sum;
}

Nanoseconds CallTime::held() const {
  return multiply_time(multiply_time(timeout.value_or(0), std::uint64_t{hedges} + 1),
                       std::uint64_t{retries} + 1);
}

Nanoseconds default_timeout(llvm::StringRef adapter) {
  constexpr Nanoseconds kMillisecond = 1'000'000;
#define POLICY_DEFAULT(identifier, value, setting, text, meaning)
#define ADAPTER_TIMEOUT(name, milliseconds) \
  if (adapter == (name)) return (milliseconds) * kMillisecond;
#define OTHER_TIMEOUT(milliseconds) return (milliseconds) * kMillisecond;
#include "runtime/flow/include/zerver/flow/call/policy_defaults.def"
#undef POLICY_DEFAULT
#undef ADAPTER_TIMEOUT
#undef OTHER_TIMEOUT
}

CallTime time_call(const Program& program, const EffectCall& call, Otherwise otherwise) {
  CallTime time;
  if (program.targets[call.target].builtin) {
    time.timeout = 0;
    return time;
  }
  const PolicySettings& settings = call.settings;
  time.timeout = settings.timeout;
  if (!time.timeout && otherwise == Otherwise::kDefault) {
    const Origin& adapter = program.adapters[program.targets[call.target].adapter].origin;
    time.timeout = default_timeout(program.packages[adapter.package].name + "." + adapter.name);
    time.by_default = true;
  }
  if (settings.retry) {
    time.retries = settings.retry->times;
    time.waits = longest_waits(settings.retry->backoff, time.retries);
  }
  if (settings.hedge) {
    time.hedges = settings.hedge->times;
    time.hedge_after = settings.hedge->after;
  }
  return time;
}

namespace {

// One of the things that a join waits for: a call or a nested group.
struct Part {
  StepTime time;
  bool required = true;

  // Later than everything with a bound where there is none.
  [[nodiscard]] Nanoseconds end() const { return time.is_bounded() ? time.worst : kForever; }
};

StepTime time_one(const Program& program, const EffectCall& call, Otherwise otherwise) {
  const CallTime time = time_call(program, call, otherwise);
  StepTime result;
  result.worst = time.worst();
  result.best = time.best();
  result.cannot_fail = program.targets[call.target].builtin;
  (time.is_bounded() ? result.longest : result.unbounded).push_back(&call);
  return result;
}

// The last of `parts` decides: as long as the longest, without a bound when one has none.
StepTime last_of(const std::vector<const Part*>& parts) {
  StepTime result;
  const Part* longest = nullptr;
  for (const Part* part : parts) {
    const StepTime& time = part->time;
    result.best = std::max(result.best, time.best);
    result.unbounded.insert(result.unbounded.end(), time.unbounded.begin(), time.unbounded.end());
    if (longest == nullptr || time.worst > longest->time.worst) longest = part;
  }
  if (longest != nullptr) {
    result.worst = longest->time.worst;
    result.longest = longest->time.longest;
  }
  return result;
}

// The first of `parts` decides: it has ended when the shortest has.
StepTime first_of(const std::vector<const Part*>& parts) {
  if (parts.empty()) return {};
  const Part& shortest =
      **std::min_element(parts.begin(), parts.end(),
                         [](const Part* left, const Part* right) { return left->end() < right->end(); });
  if (!shortest.time.is_bounded()) return last_of(parts);
  StepTime result = shortest.time;
  for (const Part* part : parts)
    result.best = std::min(result.best, part->time.best);
  return result;
}

// The n-th success decides, or the failure that puts it out of reach. At the latest all but one have ended,
// and neither is so; only what cannot fail forces a success.
StepTime quorum_of(const std::vector<const Part*>& parts, std::size_t n) {
  const auto forced_before = [&](const Part& part) {
    return static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), [&](const Part* other) {
      return other->time.cannot_fail && other->end() < part.end();
    }));
  };
  std::vector<const Part*> deciding;
  for (const Part* part : parts) {
    if (forced_before(*part) < n) deciding.push_back(part);
  }
  StepTime result = last_of(deciding);
  std::vector<Nanoseconds> best;
  for (const Part* part : parts)
    best.push_back(part->time.best);
  std::sort(best.begin(), best.end());
  if (n >= 1 && n <= best.size()) result.best = best[n - 1];
  return result;
}

StepTime sum_of(const std::vector<const Part*>& parts) {
  StepTime result;
  for (const Part* part : parts) {
    const StepTime& time = part->time;
    result.worst = add_times(result.worst, time.worst);
    result.best = add_times(result.best, time.best);
    result.longest.insert(result.longest.end(), time.longest.begin(), time.longest.end());
    result.unbounded.insert(result.unbounded.end(), time.unbounded.begin(), time.unbounded.end());
  }
  return result;
}

StepTime time_group(const Program& program, const Group& group, Otherwise otherwise) {
  std::vector<Part> parts;
  for (const GroupMember& member : group.members) {
    parts.push_back({member.group ? time_group(program, *member.group, otherwise)
                                  : time_one(program, member.call, otherwise),
                     member.required});
  }
  std::vector<const Part*> all;
  std::vector<const Part*> required;
  bool cannot_fail = true;
  for (const Part& part : parts) {
    all.push_back(&part);
    if (part.required) required.push_back(&part);
    cannot_fail = cannot_fail && part.time.cannot_fail;
  }
  StepTime result;
  switch (group.join) {
    case Join::kAll:
    case Join::kHedge:
      result = last_of(all);
      break;
    case Join::kAllRequired:
      result = last_of(required);
      break;
    case Join::kAny:
    case Join::kRace:
      result = first_of(all);
      break;
    case Join::kFirstSuccess:
      result = quorum_of(all, 1);
      break;
    case Join::kQuorum:
      result = quorum_of(all, group.quorum);
      break;
    case Join::kSequential:
      result = sum_of(all);
      break;
  }
  result.cannot_fail = cannot_fail;
  return result;
}

}  // namespace

StepTime time_step(const Program& program, const Step& step, Otherwise otherwise) {
  if (step.call) return time_one(program, *step.call, otherwise);
  if (step.group) return time_group(program, *step.group, otherwise);
  return {};
}

}  // namespace zc::model
