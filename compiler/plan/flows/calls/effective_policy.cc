#include "compiler/plan/flows/calls/effective_policy.h"

#include "compiler/model/timing/call_time.h"
#include "compiler/model/timing/text.h"

#include <cstdint>
#include <optional>

namespace zc::plan {

namespace {

// Of policy_defaults.def, as the documents show them.
std::string default_of(llvm::StringRef setting) {
#define POLICY_DEFAULT(identifier, value, name, text, meaning) \
  if (setting == (name)) return text;
#define ADAPTER_TIMEOUT(name, milliseconds)
#define OTHER_TIMEOUT(milliseconds)
#include "runtime/flow/include/zerver/flow/call/policy_defaults.def"
#undef POLICY_DEFAULT
#undef ADAPTER_TIMEOUT
#undef OTHER_TIMEOUT
  return "";
}

std::string number_or_default(std::optional<std::uint32_t> number, llvm::StringRef setting) {
  return setting.str() + " " + (number ? std::to_string(*number) : default_of(setting));
}

}  // namespace

std::string effective_policy(const model::Program& program, const model::EffectCall& call) {
  if (program.targets[call.target].builtin) return "";
  const model::CallTime time = model::time_call(program, call, model::Otherwise::kDefault);
  std::string text =
      "attempts " + std::to_string(time.retries + 1) + " of " + model::duration_text(*time.timeout);
  if (time.by_default) text += " (the default)";
  if (time.retries != 0) {
    text += ", pauses of at most ";
    std::string pauses;
    for (const model::BackoffWait& wait : time.waits) {
      if (!pauses.empty()) pauses += " + ";
      if (wait.count != 1) pauses += std::to_string(wait.count) + " x ";
      pauses += model::duration_text(wait.longest);
    }
    text += pauses.empty() ? model::duration_text(0) : pauses;
  }
  text += ", hedges ";
  text += time.hedges == 0 ? default_of("hedge")
                           : std::to_string(time.hedges) + " after " + model::duration_text(time.hedge_after);
  return text;
}

std::string effective_limits(const model::Target& target) {
  std::string text = number_or_default(target.in_flight, "in_flight") + ", " +
                     number_or_default(target.queue_bound, "queue") + ", breaker ";
  if (const std::optional<model::Breaker>& breaker = target.breaker) {
    text += std::to_string(breaker->percent) + "% of " + std::to_string(breaker->of) + " open " +
            model::duration_text(breaker->open);
  } else {
    text += default_of("breaker");
  }
  text += ", retry_budget ";
  return text + (target.retry_budget_percent ? std::to_string(*target.retry_budget_percent) + "%"
                                             : default_of("retry_budget"));
}

}  // namespace zc::plan
