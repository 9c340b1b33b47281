// Caps of targets that the declared rates need more than.

#include "compiler/model/timing/capacity.h"

#include "compiler/check/time/time_checks.h"
#include "compiler/model/timing/text.h"

#include <cmath>
#include <string>

namespace zc::check {

namespace {

class TargetChecker {
 public:
  TargetChecker(Context& context, const model::TargetLoad& load)
      : context_(context), load_(load), target_(context.program.targets[load.target]) {}

  void check() {
    check("in_flight", target_.in_flight, target_.in_flight_span);
    check("pool", target_.pool, target_.pool_span);
  }

 private:
  void check(const char* name, const std::optional<std::uint32_t>& cap, Span place) {
    const double need = std::ceil(load_.in_progress());
    if (!cap || need <= static_cast<double>(*cap) || need > kMostSensible) return;
    const std::string enough = std::to_string(static_cast<std::uint64_t>(need));
    auto& diagnostic =
        context_.engine.report(Kind::kCapTooSmall, place, name, *cap, target_.origin.name, enough);
    std::string sum;
    for (const model::RatedCall& rated : load_.rates) {
      const model::Rate& rate = *rated.call->settings.rate;
      if (!rated.is_bounded) continue;
      diagnostic.secondary(rated.call->settings.rate_span, "a rate is declared here");
      sum += (sum.empty() ? "" : "\n") + std::to_string(rate.count) + " per " +
             model::duration_text(rate.per) + " x " + model::duration_text(rated.held) + " (step `" +
             model::name_text(context_.program, target_.origin.package,
                              context_.program.steps[rated.step].origin) +
             "`) = " + in_progress_text(rated) + " at a time";
    }
    diagnostic.note(sum);
    diagnostic.fix(std::string("raise `") + name + "` to " + enough, place, enough);
    diagnostic.help("or lower the rate, the timeout or the retries");
  }

  static std::string in_progress_text(const model::RatedCall& rated) {
    std::string text = std::to_string(rated.in_progress());
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
  }

  // What a cap can be written as.
  static constexpr double kMostSensible = 2'147'483'647;

  Context& context_;
  const model::TargetLoad& load_;
  const model::Target& target_;
};

}  // namespace

void check_capacity(Context& context) {
  for (const model::TargetLoad& load : model::compute_loads(context.program))
    TargetChecker(context, load).check();
}

}  // namespace zc::check
