// The crons of a program against the time of a worker.

#include "compiler/check/time/time_checks.h"
#include "compiler/model/timing/periodic.h"
#include "compiler/model/timing/text.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace zc::check {

namespace {

using model::PeriodicTask;

class AdmissionCheck {
 public:
  explicit AdmissionCheck(Context& context)
      : context_(context), tasks_(model::periodic_tasks(context.program)), admission_(model::admit(tasks_)) {}

  void check() {
    if (tasks_.empty()) return;
    if (admission_.utilisation > 1) return report_overcommitted();
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const PeriodicTask& task = tasks_[i];
      // What has no bound, or waits for longer by itself, is said elsewhere.
      if (task.overlap == model::Overlap::kAllow || !task.waits || *task.waits > task.period) continue;
      if (!admission_.responses[i] || *admission_.responses[i] > task.period) report_late(i);
    }
  }

 private:
  const model::Flow& flow_of(const PeriodicTask& task) const { return context_.program.flows[task.flow]; }

  void report_overcommitted() {
    const auto share = [](const PeriodicTask& task) {
      return static_cast<double>(task.computes) / static_cast<double>(task.period);
    };
    const auto most = std::max_element(
        tasks_.begin(), tasks_.end(),
        [&](const PeriodicTask& left, const PeriodicTask& right) { return share(left) < share(right); });
    const auto percent = static_cast<std::uint64_t>(std::ceil(100 * admission_.utilisation));
    auto& diagnostic = context_.engine.report(Kind::kCronsOvercommitted, flow_of(*most).cron.computes_span,
                                              std::to_string(percent));
    for (const PeriodicTask& task : tasks_) {
      if (&task != &*most)
        diagnostic.secondary(flow_of(task).cron.computes_span,
                             "of each " + model::duration_text(task.period));
    }
    diagnostic.note("of each " + model::duration_text(most->period) + " this one computes for " +
                    model::duration_text(most->computes));
    diagnostic.help("let them come less often, or hand work over to jobs, which may run later");
  }

  void report_late(std::size_t index) {
    const PeriodicTask& task = tasks_[index];
    const model::Flow& cron = flow_of(task);
    const std::string over =
        admission_.responses[index] ? model::duration_text(*admission_.responses[index]) : "any bounded time";
    auto& diagnostic = context_.engine.report(Kind::kCronWithoutSlack, cron.origin.span, cron.origin.name,
                                              over, model::duration_text(task.period));
    std::string sum = model::duration_text(task.computes) + " of its own";
    if (*task.waits != 0) sum += ", " + model::duration_text(*task.waits) + " of waiting";
    diagnostic.note(sum + "; what the others compute comes before or in between");
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (i != index)
        diagnostic.secondary(flow_of(tasks_[i]).cron.computes_span,
                             "of each " + model::duration_text(tasks_[i].period));
    }
    diagnostic.help("let it come less often, or let the others compute less at a time");
  }

  Context& context_;
  std::vector<PeriodicTask> tasks_;
  model::Admission admission_;
};

}  // namespace

void check_admission(Context& context) { AdmissionCheck(context).check(); }

}  // namespace zc::check
