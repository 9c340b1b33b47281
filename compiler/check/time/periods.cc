// Crons against their schedules.

#include "compiler/check/time/time_checks.h"
#include "compiler/model/timing/text.h"
#include "compiler/model/timing/timing.h"

#include <algorithm>
#include <cstdint>

namespace zc::check {

namespace {

using model::Nanoseconds;

constexpr std::uint32_t kDay = 24 * 60 * 60;
constexpr Nanoseconds kSecond = 1'000'000'000;

bool has(std::uint64_t values, std::uint32_t value) { return (values >> value & 1) != 0; }

// The shortest time between two runs, which may be those of two days in a row: days that are left out only
// make it longer.
Nanoseconds shortest_period(const model::Schedule& schedule) {
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

}  // namespace

void check_period(FlowContext& flow) {
  const model::Flow& cron = flow.flow();
  if (cron.trigger != model::Trigger::kCron || cron.cron.overlap == model::Overlap::kAllow) return;
  if (cron.cron.times.hours == 0) return;  // its schedule is none
  const model::FlowTiming timing = model::compute_timing(flow.context.program, flow.cfg);
  const Nanoseconds period = shortest_period(cron.cron.times);
  if (timing.worst <= period) return;
  auto& diagnostic =
      flow.context.engine.report(Kind::kLongerThanPeriod, cron.origin.span, cron.origin.name,
                                 model::duration_text(timing.worst), model::duration_text(period));
  diagnostic.note(cron.cron.overlap == model::Overlap::kSkip ? "with `overlap skip` runs are left out then"
                                                             : "with `overlap queue` runs pile up then");
  diagnostic.help("let it come less often, shorten its timeouts, or retry less often");
}

}  // namespace zc::check
