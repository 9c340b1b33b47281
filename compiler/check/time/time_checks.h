// The checks of time: deadlines against worst cases, caps against declared rates.

#pragma once

#include "compiler/check/analyses/flow_checks.h"

#include <map>
#include <vector>

namespace zc::check {

// A timeout is written once and used by many flows: what is said about it names all of them.
class LongTimeouts {
 public:
  // Takes the timeouts of the flow's calls that are longer than its deadline.
  void collect(const FlowContext& flow);
  void report(Context& context) const;

 private:
  struct Entry {
    model::Nanoseconds timeout = 0;
    std::vector<model::FlowId> flows;
  };
  void collect(const FlowContext& flow, const model::EffectCall& call);

  std::map<Span, Entry> entries_;  // by the place of the timeout
};

// The longest path of the flow against its deadline.
void check_deadline(FlowContext& flow);
// The longest path of a cron against the time until it comes again.
void check_period(FlowContext& flow);
// The crons that say how long they compute, all together, against the time of a worker.
void check_admission(Context& context);
// Caps of targets against the rates that are declared for calls of them.
void check_capacity(Context& context);

}  // namespace zc::check
