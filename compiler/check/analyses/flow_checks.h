// The checks that run over the control-flow graph of each flow. Each family is a function over a
// `FlowContext`; a new one is called in `check_flows`.

#pragma once

#include "compiler/check/context.h"
#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>

#include <cstdint>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace zc::check {

// A read or write of a slot at a node; `slot` is local to the flow.
struct LocalUse {
  std::uint32_t slot = 0;
  bool optional = false;
  Span span;
};

// The first place where an error leaves a flow that answers clients.
struct ClientError {
  model::FlowId flow;
  model::StepId raiser;
  Span use;  // of the step, in the flow
};

// Steps and chains are shared by flows: what is wrong with them is said for the first flow only.
class FlowReports {
 public:
  explicit FlowReports(const model::Program& program);

  [[nodiscard]] bool is_new(Kind kind, Span span, model::SlotId slot = {});
  // Whether anything in the program writes the slot.
  [[nodiscard]] bool is_written(model::SlotId slot) const { return written_[slot.index()]; }
  // A slot that is reported as read before it is written: that the write is dead then goes without saying.
  void add_early_read(model::SlotId slot) { read_early_[slot.index()] = true; }
  [[nodiscard]] bool is_read_early(model::SlotId slot) const { return read_early_[slot.index()]; }

  // Some flow runs a step that fails with the error.
  void add_raised(model::ErrorId error) { raised_[error.index()] = true; }
  [[nodiscard]] bool is_raised(model::ErrorId error) const { return raised_[error.index()]; }
  void add_client_error(model::ErrorId error, const ClientError& place);
  // Of an error that reaches no client: a flow that is none.
  [[nodiscard]] const ClientError& client_error(model::ErrorId error) const {
    return client_errors_[error.index()];
  }

 private:
  std::vector<bool> written_;
  std::vector<bool> read_early_;
  std::vector<bool> raised_;                // by ErrorId
  std::vector<ClientError> client_errors_;  // by ErrorId
  std::set<std::tuple<Kind, Span, std::uint32_t>> seen_;
};

// What is known of one flow, made once for all its analyses.
struct FlowContext {
  Context& context;
  FlowReports& reports;
  model::FlowId id;
  model::Cfg cfg;
  std::vector<model::SlotId> slots;           // those that the flow touches, in order of first use
  std::vector<std::vector<LocalUse>> reads;   // by node
  std::vector<std::vector<LocalUse>> writes;  // by node
  llvm::BitVector reachable;                  // by node

  [[nodiscard]] const model::Flow& flow() const { return context.program.flows[id]; }
  [[nodiscard]] const model::Slot& slot(std::uint32_t local) const {
    return context.program.slots[slots[local]];
  }
  // The name as the flow's package writes it: "auth.user".
  [[nodiscard]] std::string slot_name(std::uint32_t local) const;
};

// Which slots may and which must be set before each node.
struct SlotStates {
  std::vector<llvm::BitVector> may;   // by node
  std::vector<llvm::BitVector> must;  // by node
};

// What the flows together say about writes: a write is dead only where no flow reads it.
struct WriteUse {
  bool is_read = false;  // in some flow
  Span flow_use;         // where a flow runs the step
};
using WriteUses = llvm::DenseMap<std::pair<std::uint32_t, std::uint32_t>, WriteUse>;  // step and slot

// Definite assignment: forward, a slot is set where every path has written it. Pure.
[[nodiscard]] SlotStates compute_slot_states(const FlowContext& flow);
// Reports reads of what may be unset and double writes; fills the flow's `slots`, `maybe_slots` and
// presences.
void check_slots(FlowContext& flow, const SlotStates& states);
// Reports streams that are read more than once.
void check_streams(FlowContext& flow);
// Liveness: backward, which written slots are read later.
void collect_write_uses(const FlowContext& flow, WriteUses& uses);
// Slots that are read and that nothing writes.
void report_never_written(Context& context, const FlowReports& reports);
// Writes of the packages that have flows, which no flow reads.
void report_dead_writes(Context& context, const FlowReports& reports, const WriteUses& uses);
// Unreachable statements, and paths without an answer.
void check_shape(FlowContext& flow);
// What stands in `on overload`.
void check_overload(FlowContext& flow);
// Fills what the flow can end with, and reports handlers that can never run. See compiler/check/errors.
void check_errors(FlowContext& flow);
// Errors that reach a client and have no status, each once.
void report_missing_statuses(Context& context, const FlowReports& reports);
// Errors of the packages that have flows, which no flow raises.
void report_unraised_errors(Context& context, const FlowReports& reports);

// Builds the graph of every flow and runs all of the above.
void check_flows(Context& context);

}  // namespace zc::check
