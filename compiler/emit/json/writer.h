// What the parts of the JSON output share.

#pragma once

#include "compiler/emit/pictures/captions.h"
#include "compiler/emit/written_names.h"
#include "compiler/model/program.h"
#include "compiler/model/timing/timing.h"
#include "compiler/model/type_table.h"

#include <llvm/Support/JSON.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace zc::emit {

// Writes one package. The functions make the object of one declaration each; grouped by what they describe.
class JsonWriter {
 public:
  JsonWriter(const model::Program& program, model::PackageId package)
      : program_(program), package_(package), captions_(program, package) {}

  [[nodiscard]] llvm::json::Object write() const;

 private:
  using Array = llvm::json::Array;
  using Object = llvm::json::Object;

  // types.cc
  [[nodiscard]] Object scalar(const model::Scalar& each) const;
  [[nodiscard]] Object enumeration(const model::Enum& each) const;
  [[nodiscard]] Object structure(const model::Struct& each) const;
  [[nodiscard]] Object foreign(const model::ExternType& each) const;
  [[nodiscard]] Object error(const model::ErrorType& each) const;
  [[nodiscard]] Object slot(const model::Slot& each) const;
  [[nodiscard]] Array fields(const std::vector<model::Field>& all) const;
  [[nodiscard]] std::string constant(const model::Constant& value, model::TypeId type) const;
  void add_traits(const model::Traits& traits, model::TypeId type, Object& object) const;

  // effects.cc
  [[nodiscard]] Object adapter(const model::Adapter& each) const;
  [[nodiscard]] Object target(const model::Target& each) const;
  [[nodiscard]] Object policy(const model::Policy& each) const;
  [[nodiscard]] Object settings(const model::PolicySettings& all) const;
  [[nodiscard]] Object call(const model::EffectCall& effect) const;
  [[nodiscard]] Object group(const model::Group& each) const;
  [[nodiscard]] Array parameters(const std::vector<model::OperationParameter>& all) const;

  // flows.cc
  [[nodiscard]] Object step(const model::Step& each) const;
  [[nodiscard]] Object chain(const model::Chain& each) const;
  [[nodiscard]] Object flow(model::FlowId id) const;
  [[nodiscard]] Object service(const model::Service& each) const;
  [[nodiscard]] Object statement(const model::Statement& each) const;
  [[nodiscard]] Object answer(const model::Answer& each) const;
  [[nodiscard]] Object alternative(const model::Alternative& each) const;
  [[nodiscard]] Array block(const model::Block& statements) const;
  [[nodiscard]] Array uses(const std::vector<model::SlotUse>& all) const;
  [[nodiscard]] Array slot_flow(const model::Cfg& cfg) const;

  // ends.cc
  [[nodiscard]] Object timing(const model::Cfg& cfg) const;
  [[nodiscard]] Object timed_call(const model::TimedCall& each) const;
  [[nodiscard]] Array answers(model::FlowId id) const;
  [[nodiscard]] Array slot_map() const;
  [[nodiscard]] std::string middleware_name(const model::Middleware& use) const;
  void add_trigger(const model::Flow& each, Object& object) const;
  void add_settings(const model::Flow& each, Object& object) const;

  // "name", and "doc", "was", "deprecated" and the place where they apply.
  [[nodiscard]] Object origin(const model::Origin& of) const;
  [[nodiscard]] std::string name(const model::Origin& of) const { return captions_.name(of); }
  [[nodiscard]] std::string type(model::TypeId id) const { return model::type_text(program_, id); }
  [[nodiscard]] Array labels(model::Labels labels) const;
  [[nodiscard]] Array kinds(model::Kinds kinds) const;

  template <typename Ids, typename Table>
  [[nodiscard]] Array names(const Ids& ids, const Table& table) const {
    Array result;
    for (const auto id : ids)
      result.push_back(name(table[id].origin));
    return result;
  }
  // The objects of those elements of a table that this package declares.
  template <typename Table, typename Make> [[nodiscard]] Array own(const Table& table, Make make) const {
    Array result;
    for (const auto& each : table) {
      if (each.origin.package == package_) result.push_back(make(each));
    }
    return result;
  }

  const model::Program& program_;
  const model::PackageId package_;
  const Captions captions_;
};

// A number that JSON readers hold exactly; larger ones are cut, which no setting reaches.
[[nodiscard]] inline std::int64_t json_integer(std::uint64_t value) {
  return value > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(value);
}

}  // namespace zc::emit
