#include "compiler/emit/emit_json.h"

#include "compiler/emit/written_names.h"
#include "compiler/model/type_table.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <utility>

namespace zc::emit {
namespace {

namespace json = llvm::json;
using model::StatementKind;

constexpr std::pair<model::Kind, const char*> kKinds[] = {
    {model::kInvalid, "invalid"},   {model::kMissing, "missing"},         {model::kConflict, "conflict"},
    {model::kRejected, "rejected"}, {model::kUnavailable, "unavailable"}, {model::kTimeout, "timeout"}};

const char* kind_name(model::StepKind kind) {
  switch (kind) {
    case model::StepKind::kExtract:
      return "extract";
    case model::StepKind::kPure:
      return "pure";
    case model::StepKind::kEffect:
      return "effect";
    case model::StepKind::kGroup:
      return "group";
    case model::StepKind::kBody:
      return "body";
  }
  return "";
}

const char* kind_name(StatementKind kind) {
  switch (kind) {
    case StatementKind::kStep:
      return "step";
    case StatementKind::kChain:
      return "chain";
    case StatementKind::kParallel:
      return "parallel";
    case StatementKind::kWhen:
      return "when";
    case StatementKind::kEach:
      return "each";
    case StatementKind::kSaga:
      return "saga";
    case StatementKind::kRescue:
      return "rescue";
    case StatementKind::kOnError:
      return "on_error";
    case StatementKind::kOnCancel:
      return "on_cancel";
    case StatementKind::kCall:
      return "call";
    case StatementKind::kEnqueue:
      return "enqueue";
    case StatementKind::kReturn:
      return "return";
  }
  return "";
}

const char* trigger_name(model::Trigger trigger) {
  switch (trigger) {
    case model::Trigger::kRoute:
      return "route";
    case model::Trigger::kSlug:
      return "slug";
    case model::Trigger::kJob:
      return "job";
    case model::Trigger::kCron:
      return "cron";
  }
  return "";
}

const char* method_name(model::Method method) {
  constexpr const char* kNames[] = {"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                    "DELETE", "OPTIONS", "TRACE", "CONNECT", "ANY"};
  return kNames[static_cast<std::size_t>(method)];
}

class Writer {
 public:
  Writer(const model::Program& program, model::PackageId package) : program_(program), package_(package) {}

  json::Object run() const {
    const model::Package& package = program_.packages[package_];
    json::Array imports;
    for (const model::Import& import : package.imports)
      imports.push_back(program_.packages[import.package].name);
    return json::Object{
        {"schema", 1},
        {"package", package.name},
        {"doc", package.doc},
        {"imports", std::move(imports)},
        {"scalars", own(program_.scalars, [&](const model::Scalar& each) { return scalar(each); })},
        {"enums", own(program_.enums, [&](const model::Enum& each) { return enumeration(each); })},
        {"structs", own(program_.structs, [&](const model::Struct& each) { return structure(each); })},
        {"errors", own(program_.errors, [&](const model::ErrorType& each) { return error(each); })},
        {"targets", own(program_.targets, [&](const model::Target& each) { return target(each); })},
        {"slots", own(program_.slots, [&](const model::Slot& each) { return slot(each); })},
        {"steps", own(program_.steps, [&](const model::Step& each) { return step(each); })},
        {"chains", own(program_.chains, [&](const model::Chain& each) { return chain(each); })},
        {"flows", own(program_.flows, [&](const model::Flow& each) { return flow(each); })}};
  }

 private:
  template <typename Table, typename Make> json::Array own(const Table& table, Make make) const {
    json::Array result;
    for (const auto& each : table)
      if (each.origin.package == package_) result.push_back(make(each));
    return result;
  }
  template <typename Ids, typename Table> json::Array names(const Ids& ids, const Table& table) const {
    json::Array result;
    for (const auto id : ids)
      result.push_back(written_name(program_, table[id].origin, package_));
    return result;
  }
  std::string type(model::TypeId id) const { return model::type_text(program_, id); }

  json::Object scalar(const model::Scalar& each) const {
    return json::Object{{"name", each.origin.name}, {"base", type(each.base)}, {"doc", each.origin.doc}};
  }
  json::Object enumeration(const model::Enum& each) const {
    json::Array values;
    for (const model::Enumerator& value : each.values)
      values.push_back(json::Object{{"name", value.origin.name}, {"json", value.json_name}});
    return json::Object{{"name", each.origin.name}, {"values", std::move(values)}, {"doc", each.origin.doc}};
  }
  json::Array fields(const std::vector<model::Field>& all) const {
    json::Array result;
    for (const model::Field& field : all) {
      const bool is_optional = program_.types[field.type].kind == model::TypeKind::kOptional;
      result.push_back(json::Object{{"name", field.origin.name},
                                    {"json", field.json_name},
                                    {"type", type(field.type)},
                                    {"required", !is_optional && !field.default_value},
                                    {"pii", (field.traits.labels & model::kPii) != 0},
                                    {"secret", (field.traits.labels & model::kSecret) != 0},
                                    {"doc", field.origin.doc}});
    }
    return result;
  }
  json::Object structure(const model::Struct& each) const {
    return json::Object{
        {"name", each.origin.name}, {"fields", fields(each.fields)}, {"doc", each.origin.doc}};
  }
  json::Object error(const model::ErrorType& each) const {
    json::Array kinds;
    for (const auto& [kind, name] : kKinds)
      if ((each.kinds & kind) != 0) kinds.push_back(name);
    json::Object result{{"name", each.origin.name},
                        {"retryable", each.retryable},
                        {"kinds", std::move(kinds)},
                        {"fields", fields(each.fields)},
                        {"doc", each.origin.doc}};
    if (each.http_status) result["status"] = *each.http_status;
    return result;
  }
  json::Object target(const model::Target& each) const {
    json::Object result{
        {"name", each.origin.name},
        {"adapter", written_name(program_, program_.adapters[each.adapter].origin, package_)}};
    if (each.in_flight) result["in_flight"] = *each.in_flight;
    return result;
  }
  json::Object slot(const model::Slot& each) const {
    return json::Object{{"name", each.origin.name},
                        {"type", type(each.type)},
                        {"private", each.is_private},
                        {"doc", each.origin.doc}};
  }
  json::Array uses(const std::vector<model::SlotUse>& all) const {
    json::Array result;
    for (const model::SlotUse& use : all)
      result.push_back(
          json::Object{{"slot", written_name(program_, program_.slots[use.slot].origin, package_)},
                       {"optional", use.optional}});
    return result;
  }
  json::Object call(const model::EffectCall& effect) const {
    const model::Target& target = program_.targets[effect.target];
    const model::Operation& operation = program_.adapters[target.adapter].operations[effect.operation];
    return json::Object{{"target", written_name(program_, target.origin, package_)},
                        {"operation", operation.origin.name},
                        {"access", effect.access == model::Access::kWrite ? "write" : "read"}};
  }
  void append_calls(const model::Group& group, json::Array& calls) const {
    for (const model::GroupMember& member : group.members)
      calls.push_back(call(member.call));
    for (const model::Group& nested : group.nested)
      append_calls(nested, calls);
  }
  json::Object step(const model::Step& each) const {
    json::Array calls;
    if (each.call) calls.push_back(call(*each.call));
    if (each.group) append_calls(*each.group, calls);
    return json::Object{{"name", each.origin.name},
                        {"kind", kind_name(each.kind)},
                        {"reads", uses(each.reads)},
                        {"writes", uses(each.writes)},
                        {"fails", names(each.fails, program_.errors)},
                        {"calls", std::move(calls)},
                        {"may", json::Object{{"done", each.may_done},
                                             {"need", names(each.may_need, program_.steps)},
                                             {"insert", names(each.may_insert, program_.chains)},
                                             {"replace", names(each.may_replace, program_.chains)}}},
                        {"doc", each.origin.doc}};
  }
  json::Array block(const model::Block& statements) const {
    json::Array result;
    for (const model::Statement& each : statements)
      result.push_back(statement(each));
    return result;
  }
  json::Object statement(const model::Statement& each) const {
    json::Object result{{"kind", kind_name(each.kind)}};
    if (each.step.is_valid())
      result["step"] = written_name(program_, program_.steps[each.step].origin, package_);
    if (each.chain.is_valid())
      result["chain"] = written_name(program_, program_.chains[each.chain].origin, package_);
    if (each.flow.is_valid())
      result["flow"] = written_name(program_, program_.flows[each.flow].origin, package_);
    if (each.answer) result["status"] = each.answer->status;
    if (!each.errors.empty()) result["errors"] = names(each.errors, program_.errors);
    if (!each.branches.empty()) {
      json::Array branches;
      for (const model::Block& branch : each.branches)
        branches.push_back(block(branch));
      result["branches"] = std::move(branches);
    }
    return result;
  }
  json::Object chain(const model::Chain& each) const {
    return json::Object{{"name", each.origin.name}, {"body", block(each.body)}};
  }
  json::Object flow(const model::Flow& each) const {
    json::Object result{{"name", each.origin.name},
                        {"trigger", trigger_name(each.trigger)},
                        {"slug", each.slug},
                        {"public", each.is_public},
                        {"effects", each.has_effects},
                        {"slots", names(each.slots, program_.slots)},
                        {"maybe_unset", names(each.maybe_slots, program_.slots)},
                        {"errors", names(each.errors, program_.errors)},
                        {"body", block(each.body)},
                        {"doc", each.origin.doc}};
    if (each.route) {
      result["method"] = method_name(each.route->method);
      result["path"] = each.route->pattern;
    }
    if (each.deadline) result["deadline_ns"] = static_cast<std::int64_t>(*each.deadline);
    return result;
  }

  const model::Program& program_;
  model::PackageId package_;
};

}  // namespace

std::string emit_json(const model::Program& program, model::PackageId package) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", json::Value(Writer(program, package).run()))
                                 << '\n';
  return text;
}

}  // namespace zc::emit
