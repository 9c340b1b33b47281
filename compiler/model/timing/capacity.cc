// Collects the calls of each target.

#include "compiler/model/timing/capacity.h"

#include "compiler/model/effects.h"

#include <algorithm>

namespace zc::model {

namespace {

class Loads {
 public:
  explicit Loads(const Program& program) : program_(program), loads_(program.targets.size()) {}

  std::vector<TargetLoad> run() {
    for (std::size_t i = 0; i < program_.steps.size(); ++i) {
      const StepId id(i);
      const Step& step = program_.steps[id];
      for_each_call(step, [&](const EffectCall& call) { add(id, call); });
      if (step.undo) add(id, *step.undo);
    }
    std::vector<TargetLoad> result;
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      if (!loads_[i].step.is_valid()) continue;
      loads_[i].target = TargetId(i);
      result.push_back(std::move(loads_[i]));
    }
    return result;
  }

 private:
  void add(StepId step, const EffectCall& call) {
    if (program_.targets[call.target].builtin) return;
    const CallTime time = time_call(program_, call);
    TargetLoad& load = loads_[call.target.index()];
    if (!load.step.is_valid() || is_longer(time, load)) {
      load.step = step;
      load.call = &call;
      load.held = time.held();
      load.is_bounded = time.is_bounded();
    }
    if (!call.settings.rate) return;
    auto rated = std::find_if(load.rates.begin(), load.rates.end(), [&](const RatedCall& known) {
      return known.call->settings.rate_span == call.settings.rate_span;
    });
    if (rated == load.rates.end()) {
      load.rates.push_back({step, &call, time.held(), time.is_bounded()});
    } else if (is_longer(time, *rated)) {
      *rated = {step, &call, time.held(), time.is_bounded()};
    }
  }

  template <typename Known> static bool is_longer(const CallTime& time, const Known& known) {
    if (!known.is_bounded) return false;
    return !time.is_bounded() || time.held() > known.held;
  }

  const Program& program_;
  std::vector<TargetLoad> loads_;  // by target
};

}  // namespace

double RatedCall::in_progress() const {
  const Rate& rate = *call->settings.rate;
  return static_cast<double>(rate.count) * static_cast<double>(held) / static_cast<double>(rate.per);
}

double TargetLoad::in_progress() const {
  double sum = 0;
  for (const RatedCall& rated : rates)
    sum += rated.is_bounded ? rated.in_progress() : 0;
  return sum;
}

std::vector<TargetLoad> compute_loads(const Program& program) { return Loads(program).run(); }

}  // namespace zc::model
