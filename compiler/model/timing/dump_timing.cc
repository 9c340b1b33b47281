// Prints what `compute_timing` and `compute_loads` found.

#include "compiler/model/timing/dump_timing.h"

#include "compiler/model/timing/capacity.h"
#include "compiler/model/timing/text.h"
#include "compiler/model/words.h"

#include <llvm/Support/Format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zc::model {

namespace {

constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

class Printer {
 public:
  Printer(const Program& program, llvm::raw_ostream& out) : program_(program), out_(out) {}

  void print() {
    for (std::size_t i = 0; i < program_.flows.size(); ++i) {
      const FlowId id(i);
      if (program_.packages[program_.flows[id].origin.package].is_root) print(program_.flows[id], id);
    }
    print_targets();
  }

 private:
  void print(const Flow& flow, FlowId id) {
    const FlowTiming timing = compute_timing(program_, id);
    print_head(flow);
    out_ << "  worst case  ";
    if (timing.is_bounded()) {
      out_ << duration_text(timing.worst) << '\n';
    } else {
      out_ << "no bound; " << duration_text(timing.worst) << " without the calls that have no timeout\n";
    }
    out_ << "  best case   " << (timing.best == kForever ? "no bound" : duration_text(timing.best)) << '\n';
    print_deadline(flow, timing);
    if (flow.trigger == Trigger::kJob) print_retries(flow.job);
    if (!timing.path.empty()) {
      out_ << '\n';
      const Nanoseconds scale = std::max(timing.worst, flow.deadline.value_or(0));
      print(CallTable(program_, flow.origin.package).lines_with_bars(timing.path, scale));
    }
    if (!timing.unbounded.empty()) {
      out_ << "\n  without a timeout\n";
      print_names(flow, timing.unbounded);
    }
    for (const SagaTiming& saga : timing.sagas) {
      out_ << "\n  undoing the saga takes "
           << (saga.is_bounded ? duration_text(saga.worst) : "no bounded time")
           << ", outside of the deadline\n";
      print(CallTable(program_, flow.origin.package).lines(saga.undos, kNoLimit));
    }
    out_ << '\n';
  }

  void print_head(const Flow& flow) {
    const std::string name = program_.packages[flow.origin.package].name + "." + flow.origin.name;
    switch (flow.trigger) {
      case Trigger::kRoute:
        out_ << "flow " << name;
        if (flow.route) out_ << " on " << method_word(flow.route->method) << ' ' << flow.route->pattern;
        break;
      case Trigger::kSlug:
        out_ << "flow " << name;
        break;
      case Trigger::kJob:
        out_ << "job " << name;
        break;
      case Trigger::kCron:
        out_ << "cron " << name << " \"" << flow.schedule << "\" " << flow.time_zone;
        break;
    }
    out_ << '\n';
  }

  void print_deadline(const Flow& flow, const FlowTiming& timing) {
    out_ << "  deadline    ";
    if (!flow.deadline) {
      out_ << "none\n";
      return;
    }
    out_ << duration_text(*flow.deadline);
    if (timing.worst > *flow.deadline) {
      out_ << ", " << duration_text(timing.worst - *flow.deadline) << " too short";
    } else if (!timing.is_bounded()) {
      out_ << ", may cut off what has no timeout";
    } else {
      out_ << ", " << duration_text(*flow.deadline - timing.worst) << " to spare";
    }
    out_ << '\n';
  }

  // Each attempt is a run of its own, with its own deadline.
  void print_retries(const JobSettings& job) {
    if (job.attempts <= 1) return;
    out_ << "  attempts    " << job.attempts;
    std::string waits;
    for (const BackoffWait& wait : longest_waits(job.backoff, job.attempts - 1)) {
      waits += waits.empty() ? ", at most " : " + ";
      if (wait.count != 1) waits += std::to_string(wait.count) + " x ";
      waits += duration_text(wait.longest);
    }
    if (!waits.empty()) out_ << waits << " between them";
    out_ << '\n';
  }

  void print_names(const Flow& flow, const std::vector<TimedCall>& calls) {
    std::vector<std::vector<std::string>> rows;
    for (const TimedCall& call : calls) {
      rows.push_back({name_text(program_, flow.origin.package, program_.steps[call.step].origin),
                      effect_text(program_, flow.origin.package, call)});
    }
    print(align_columns(rows, {}));
  }

  void print_targets() {
    std::vector<std::vector<std::string>> rows{
        {"target", "in flight", "pool", "a call holds it", "by", "most calls", "declared rates need"}};
    for (const TargetLoad& load : compute_loads(program_)) {
      const Target& target = program_.targets[load.target];
      if (!program_.packages[target.origin.package].is_root) continue;
      const auto count = [](const std::optional<std::uint32_t>& cap) {
        return cap ? std::to_string(*cap) : std::string("-");
      };
      const std::uint32_t cap =
          std::min(target.in_flight.value_or(UINT32_MAX), target.pool.value_or(UINT32_MAX));
      const bool has_most = cap != UINT32_MAX && load.is_bounded && load.held != 0;
      rows.push_back({target.origin.name, count(target.in_flight), count(target.pool),
                      load.is_bounded ? duration_text(load.held) : "no bound",
                      name_text(program_, target.origin.package, program_.steps[load.step].origin),
                      has_most ? number_text(cap / (static_cast<double>(load.held) / 1e9)) + " per s" : "-",
                      load.rates.empty() ? "-" : number_text(load.in_progress()) + " at a time"});
    }
    if (rows.size() == 1) return;
    out_ << "targets\n";
    print(align_columns(rows, {1, 2, 3}));
  }

  static std::string number_text(double number) {
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%.1f", number);
    if (llvm::StringRef(text).ends_with(".0")) text.resize(text.size() - 2);
    return text;
  }

  void print(const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
      out_ << "  " << line << '\n';
  }

  const Program& program_;
  llvm::raw_ostream& out_;
};

}  // namespace

void dump_timing(const Program& program, llvm::raw_ostream& out) { Printer(program, out).print(); }

}  // namespace zc::model
