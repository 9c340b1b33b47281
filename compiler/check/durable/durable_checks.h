// Durable jobs: whether what their effects answer can be written down, and followed by the next attempt.

#pragma once

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/check/data/labels.h"

#include <llvm/ADT/DenseSet.h>

#include <cstdint>
#include <optional>

namespace zc::check {

class DurableChecks {
 public:
  explicit DurableChecks(const model::Program& program) : program_(program) {}

  // One flow that could be resolved; of one that is no durable job nothing is said.
  void check(FlowContext& flow);

 private:
  void check_block(FlowContext& flow, const model::Statement& statement) const;
  void check_step(FlowContext& flow, const model::Statement& statement);
  [[nodiscard]] const char* unwritable(model::TypeId type, llvm::SmallDenseSet<std::uint32_t>& seen) const;

  const model::Program& program_;
  std::optional<LabelTable> labels_;  // made when a job needs it
};

}  // namespace zc::check
