// Whether the crons of a program can all keep their schedules on one worker.

#include "compiler/model/timing/periodic.h"

#include "compiler/model/timing/timing.h"

#include <algorithm>
#include <cstdint>

namespace zc::model {

namespace {

constexpr std::uint32_t kDay = 24 * 60 * 60;
// Whoever has not come to a fixed point after so many periods has none that matters.
constexpr std::uint64_t kMostPeriods = 100;

bool has(std::uint64_t values, std::uint32_t value) { return (values >> value & 1) != 0; }

// How often it can be released in that time, when it may have been late by `jitter` before.
std::uint64_t releases(Nanoseconds time, Nanoseconds jitter, Nanoseconds period) {
  const Nanoseconds span = add_times(time, jitter);
  return static_cast<std::uint64_t>(span / period) + (span % period == 0 ? 0 : 1);
}

// The responses of all tasks grow together until nothing changes.
class Analysis {
 public:
  explicit Analysis(llvm::ArrayRef<PeriodicTask> tasks) : tasks_(tasks) {
    for (const PeriodicTask& task : tasks) {
      if (task.waits) {
        responses_.push_back(add_times(*task.waits, task.computes));
      } else {
        responses_.push_back(std::nullopt);
      }
    }
  }

  std::vector<std::optional<Nanoseconds>> run() {
    while (grow()) {
    }
    return std::move(responses_);
  }

 private:
  bool grow() {
    bool changed = false;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (!responses_[i]) continue;
      const Nanoseconds next = response(i);
      if (next == *responses_[i]) continue;
      changed = true;
      responses_[i] = next;
      if (next > multiply_time(tasks_[i].period, kMostPeriods)) responses_[i].reset();
    }
    return changed;
  }

  Nanoseconds response(std::size_t index) const {
    const PeriodicTask& task = tasks_[index];
    Nanoseconds sum = *task.waits;
    // Runs that were due before, and are not left out, may not be over either.
    std::uint64_t own = 1;
    if (task.overlap != Overlap::kSkip && *responses_[index] > task.period)
      own = releases(*responses_[index], *responses_[index] - task.computes, task.period);
    sum = add_times(sum, multiply_time(task.computes, own));
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (i == index) continue;
      const PeriodicTask& other = tasks_[i];
      // Without a bound of its own it is taken to be over before it comes again.
      const Nanoseconds over = std::max(responses_[i].value_or(other.period), other.computes);
      const Nanoseconds jitter = over - other.computes;
      sum = add_times(sum, multiply_time(other.computes, releases(*responses_[index], jitter, other.period)));
    }
    return sum;
  }

  llvm::ArrayRef<PeriodicTask> tasks_;
  std::vector<std::optional<Nanoseconds>> responses_;
};

}  // namespace

Nanoseconds shortest_period(const Schedule& schedule) {
  std::uint32_t first = kDay;
  std::uint32_t last = kDay;
  std::uint32_t shortest = kDay;
  for (std::uint32_t second = 0; second < kDay; ++second) {
    if (!has(schedule.hours, second / 3600) || !has(schedule.minutes, second / 60 % 60) ||
        !has(schedule.seconds, second % 60))
      continue;
    if (first == kDay) {
      first = second;
    } else {
      shortest = std::min(shortest, second - last);
    }
    last = second;
  }
  return std::min(shortest, first + kDay - last) * kSecond;
}

std::vector<PeriodicTask> periodic_tasks(const Program& program) {
  std::vector<PeriodicTask> tasks;
  for (std::size_t i = 0; i < program.flows.size(); ++i) {
    const FlowId id(i);
    const Flow& flow = program.flows[id];
    if (flow.trigger != Trigger::kCron || !flow.cron.computes) continue;
    if (flow.cron.times.hours == 0) continue;  // its schedule is none
    const FlowTiming timing = compute_timing(program, id);
    PeriodicTask task;
    task.flow = id;
    task.period = shortest_period(flow.cron.times);
    task.computes = *flow.cron.computes;
    if (timing.is_bounded()) task.waits = timing.worst;
    task.overlap = flow.cron.overlap;
    tasks.push_back(task);
  }
  return tasks;
}

Admission admit(llvm::ArrayRef<PeriodicTask> tasks) {
  Admission admission;
  for (const PeriodicTask& task : tasks)
    admission.utilisation += static_cast<double>(task.computes) / static_cast<double>(task.period);
  if (admission.utilisation > 1) {
    admission.responses.resize(tasks.size());
  } else {
    admission.responses = Analysis(tasks).run();
  }
  return admission;
}

}  // namespace zc::model
