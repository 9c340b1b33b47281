// What pictures call the parts of a flow.

#pragma once

#include "compiler/model/program.h"

#include <string>
#include <vector>

namespace zc::emit {

// One effect of a step, in words.
struct EffectCaption {
  model::TargetId target;
  std::string slot;       // of a group's member: where the result goes; else empty
  std::string operation;  // "db.one"
  std::string policy;     // "retry 2, timeout 300ms"; empty when there is none
  bool is_write = false;
  bool is_required = true;
};

// Texts about one package; names of other packages carry their last segment. Plain text, not yet escaped for
// any format. Keeps a reference to the program.
class Captions {
 public:
  Captions(const model::Program& program, model::PackageId package) : program_(program), package_(package) {}

  [[nodiscard]] std::string name(const model::Origin& origin) const;
  // "POST /todos", "slug create", "job index", "cron 0 3 * * * UTC".
  [[nodiscard]] std::string trigger(const model::Flow& flow) const;
  // "id, todo?"
  [[nodiscard]] std::string slots(const std::vector<model::SlotUse>& uses) const;
  // "NotFound 404, Unavailable 503"
  [[nodiscard]] std::string errors(const std::vector<model::ErrorId>& errors) const;
  // The effects of a step in their order, those of a nested group too.
  [[nodiscard]] std::vector<EffectCaption> effects(const model::Step& step) const;
  [[nodiscard]] std::string effect(const model::EffectCall& call) const;  // "pay.release"
  [[nodiscard]] std::string join(const model::Group& group) const;        // "quorum 2"
  // A statement that is no step: "when stock > 0", "each item in items, 100 at most, 4 at a time".
  [[nodiscard]] std::string statement(const model::Statement& statement) const;
  [[nodiscard]] std::string expression(const model::Expression& expression) const;
  [[nodiscard]] std::string policy(const model::PolicySettings& settings) const;  // "timeout 50ms, retry 1"

 private:
  [[nodiscard]] std::string transaction(const model::Transaction& transaction) const;
  [[nodiscard]] EffectCaption caption(const model::EffectCall& call) const;
  void append(const model::Group& group, std::vector<EffectCaption>& effects) const;

  const model::Program& program_;
  model::PackageId package_;
};

// "waits at most 1155ms", or that nothing bounds it.
[[nodiscard]] std::string longest_wait(const model::Program& program, model::FlowId flow);

}  // namespace zc::emit
