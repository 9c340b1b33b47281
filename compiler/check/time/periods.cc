// Crons against their schedules.

#include "compiler/check/time/time_checks.h"
#include "compiler/model/timing/periodic.h"
#include "compiler/model/timing/text.h"
#include "compiler/model/timing/timing.h"

namespace zc::check {

void check_period(FlowContext& flow) {
  const model::Flow& cron = flow.flow();
  if (cron.trigger != model::Trigger::kCron || cron.cron.overlap == model::Overlap::kAllow) return;
  if (cron.cron.times.hours == 0) return;  // its schedule is none
  const model::FlowTiming timing = model::compute_timing(flow.context.program, flow.cfg);
  const model::Nanoseconds period = model::shortest_period(cron.cron.times);
  if (timing.worst <= period) return;
  auto& diagnostic =
      flow.context.engine.report(Kind::kLongerThanPeriod, cron.origin.span, cron.origin.name,
                                 model::duration_text(timing.worst), model::duration_text(period));
  diagnostic.note(cron.cron.overlap == model::Overlap::kSkip ? "with `overlap skip` runs are left out then"
                                                             : "with `overlap queue` runs pile up then");
  diagnostic.help("let it come less often, shorten its timeouts, or retry less often");
}

}  // namespace zc::check
