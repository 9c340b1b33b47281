// Small resolved programs for tests, made without the front end.

#pragma once

#include "compiler/model/program.h"
#include "compiler/model/type_table.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zc::plan {

// A program of one root package. What check would derive (presence, slots of a flow) the test says itself.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(const std::string& package = "sample.v1");

  model::Program program;
  model::PackageId package;
  model::TypeTable types;

  [[nodiscard]] model::Origin origin(const std::string& name, const std::string& doc = "") const;
  model::TypeId simple(model::TypeKind kind) { return types.simple(kind); }
  model::SlotId slot(const std::string& name, model::TypeId type, const std::string& doc = "");
  model::ErrorId error(const std::string& name, std::uint16_t status, model::Kinds kinds = 0,
                       std::vector<model::Field> fields = {});
  [[nodiscard]] model::Field field(const std::string& name, model::TypeId type) const;
  model::StructId structure(const std::string& name, std::vector<model::Field> fields);

  // A C++ step.
  model::StepId body_step(const std::string& name, std::vector<model::SlotUse> reads,
                          std::vector<model::SlotUse> writes, std::vector<model::ErrorId> fails = {});
  // `name -> writes = request.part.part_name fails error on invalid`.
  model::StepId extract(const std::string& name, model::SlotUse writes, model::RequestPart part,
                        model::TypeId type, const std::string& part_name = "", model::ErrorId error = {});
  // `method "/a/{b}"`; only whole-segment parameters and a last `{c...}`.
  static model::Route route(model::Method method, std::string_view pattern);
  model::FlowId flow(const std::string& name, model::Route route, model::Block body,
                     std::vector<model::SlotId> slots = {});

  static model::Statement run(model::StepId step);
  static model::Statement answer(std::uint16_t status,
                                 model::AnswerFormat format = model::AnswerFormat::kNone,
                                 std::optional<model::Expression> body = std::nullopt);
  model::Expression text(const std::string& text);
  model::Expression read(model::SlotId slot) const;
};

}  // namespace zc::plan
