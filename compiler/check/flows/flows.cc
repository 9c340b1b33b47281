// Resolves what stands around the statements of a flow.

#include "compiler/check/flows/flows.h"

#include "compiler/check/expressions/expressions.h"
#include "compiler/check/flows/bodies.h"
#include "compiler/check/flows/idempotency.h"
#include "compiler/check/flows/schedule.h"
#include "compiler/check/governance/deprecation.h"
#include "compiler/check/middleware/middleware.h"
#include "compiler/check/routes/routes.h"
#include "compiler/check/steps/settings.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace zc::check {

namespace {

constexpr llvm::StringRef kCommonSettings[] = {"deadline", "priority", "in_flight", "retry_budget",
                                               "sample",   "owner",    "deprecated"};

class HeadResolver {
 public:
  HeadResolver(Context& context, model::FlowId id) : context_(context), flow_(context.program.flows[id]) {}

  void resolve(const syntax::Declaration& declaration) {
    if (const auto* flow = llvm::dyn_cast<syntax::FlowDeclaration>(&declaration)) {
      flow_.is_public = flow->is_public;
      flow_.public_span = flow->public_span;
      flow_.slug = slug_of(flow_.origin.name);
      if (flow->trigger != nullptr) flow_.route = resolve_route(context_, *flow->trigger);
      settings(flow->body.settings, {"alias", "idempotency"});
    } else if (const auto* job = llvm::dyn_cast<syntax::JobDeclaration>(&declaration)) {
      for (const syntax::SlotUse& parameter : job->parameters)
        add_parameter(parameter);
      settings(job->body.settings, {"attempts", "backoff", "lease", "unique", "dead_letter", "durable"});
    } else if (const auto* cron = llvm::dyn_cast<syntax::CronDeclaration>(&declaration)) {
      resolve_schedule(*cron);
      settings(cron->body.settings, {"overlap", "catch_up", "computes"});
    }
  }

 private:
  static std::string slug_of(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
  }

  void add_parameter(const syntax::SlotUse& use) {
    const auto symbol =
        context_.resolve(flow_.origin.package, NameSpace::kSlots, use.name, Kind::kUnknownSlot, "a slot");
    if (!symbol) return;
    model::Parameter parameter;
    parameter.slot = symbol->id<model::SlotId>();
    const model::Slot& slot = context_.program.slots[parameter.slot];
    parameter.origin = slot.origin;
    parameter.origin.span = use.span;
    parameter.type = slot.type;
    const auto twice =
        std::find_if(flow_.parameters.begin(), flow_.parameters.end(),
                     [&](const model::Parameter& other) { return other.slot == parameter.slot; });
    if (twice != flow_.parameters.end()) {
      context_.engine.report(Kind::kDuplicateEntry, use.span, "parameter", dotted(use.name))
          .secondary(twice->origin.span, "first named here");
      return;
    }
    flow_.parameters.push_back(std::move(parameter));
  }

  void resolve_schedule(const syntax::CronDeclaration& cron) {
    if (cron.schedule != nullptr) {
      flow_.schedule = cron.schedule->plain_text().str();
      const ScheduleReading reading = read_schedule(flow_.schedule);
      flow_.cron.times = reading.schedule;
      if (reading.error && !cron.schedule->erroneous) {
        context_.engine.report(Kind::kBadSchedule, cron.schedule->span, *reading.error)
            .note(
                "five fields: minute, hour, day of the month, month, day of the week; or six, seconds first");
      }
    }
    if (const std::optional<syntax::QualifiedName> name = path_name(cron.time_zone)) {
      flow_.time_zone = dotted(*name);
    } else if (const auto* text = llvm::dyn_cast_or_null<syntax::StringExpr>(cron.time_zone)) {
      flow_.time_zone = text->plain_text().str();
    }
    if (cron.time_zone != nullptr && !flow_.time_zone.empty() && !is_time_zone(flow_.time_zone))
      context_.engine
          .report(Kind::kBadSchedule, cron.time_zone->span, "`" + flow_.time_zone + "` is no time zone")
          .note("a name of the time zone database, such as UTC or \"Europe/Berlin\"");
  }

  void settings(llvm::ArrayRef<syntax::Setting> settings, llvm::ArrayRef<llvm::StringRef> own) {
    std::vector<llvm::StringRef> known(std::begin(kCommonSettings), std::end(kCommonSettings));
    known.insert(known.end(), own.begin(), own.end());
    report_double_settings(context_, settings, {"alias"});
    for (const syntax::Setting& setting : settings) {
      if (setting.name.is_missing()) continue;
      if (std::find(known.begin(), known.end(), setting.name.text) == known.end()) {
        report_unknown_setting(context_, setting, kind_noun(), known);
        continue;
      }
      SettingReader reader(context_, flow_.origin.package, setting);
      if (!common(reader, setting)) special(reader, setting);
    }
  }

  [[nodiscard]] llvm::StringRef kind_noun() const {
    switch (flow_.trigger) {
      case model::Trigger::kJob:
        return "a job";
      case model::Trigger::kCron:
        return "a cron";
      default:
        return "a flow";
    }
  }

  bool common(SettingReader& reader, const syntax::Setting& setting) {
    const llvm::StringRef name = reader.name();
    if (name == "deadline") {
      flow_.deadline = reader.duration(reader.value(), 1);
      flow_.deadline_span = reader.place();
    } else if (name == "priority") {
      const auto word = reader.word(reader.value(), {"interactive", "normal", "batch"});
      if (word) {
        flow_.priority = *word == "interactive"
                             ? model::Priority::kInteractive
                             : (*word == "batch" ? model::Priority::kBatch : model::Priority::kNormal);
      }
    } else if (name == "in_flight") {
      flow_.in_flight = reader.count(reader.value(), 1);
    } else if (name == "retry_budget") {
      flow_.retry_budget_percent = reader.percent(reader.value());
    } else if (name == "sample") {
      flow_.sample_percent = reader.percent(reader.value());
    } else if (name == "owner") {
      flow_.owner = reader.owner(reader.value());
    } else if (name == "deprecated") {
      read_deprecation(context_, flow_, reader, setting);
      return true;
    } else {
      return false;
    }
    reader.allow_words({});
    return true;
  }

  void special(SettingReader& reader, const syntax::Setting& setting) {
    const llvm::StringRef name = reader.name();
    if (name == "idempotency") return read_idempotency(context_, flow_, reader, setting);
    if (name == "attempts") {
      reader.allow_words({"backoff"});
      flow_.job.attempts = reader.count(reader.value(), 1).value_or(1);
      if (reader.has("backoff"))
        flow_.job.backoff = reader.backoff(reader.after("backoff")).value_or(model::Backoff{});
      return;
    }
    reader.allow_words({});
    if (name == "durable") {
      if (reader.value() != nullptr) reader.bad(reader.value(), "no value");
      flow_.job.is_durable = true;
      flow_.job.durable_span = setting.name.span;
    } else if (name == "alias") {
      const llvm::StringRef word = bare_word(reader.value());
      const std::optional<std::string> alias = word.empty() ? reader.text(reader.value()) : word.str();
      if (alias) flow_.aliases.push_back({*alias, reader.value()->span});
    } else if (name == "backoff") {
      flow_.job.backoff = reader.backoff(reader.value()).value_or(model::Backoff{});
    } else if (name == "lease") {
      flow_.job.lease = reader.duration(reader.value(), 1);
    } else if (name == "unique" && reader.value() != nullptr) {
      ExpressionScope scope;
      scope.package = flow_.origin.package;
      scope.place = ExpressionScope::Place::kFlow;
      flow_.job.unique = ExpressionChecker(context_, scope).infer(*reader.value());
    } else if (name == "dead_letter") {
      const llvm::StringRef word = bare_word(reader.value());
      flow_.job.dead_letter = word.empty() ? reader.text(reader.value()).value_or("") : word.str();
    } else if (name == "overlap") {
      const auto word = reader.word(reader.value(), {"skip", "queue", "allow"});
      if (word) {
        flow_.cron.overlap = *word == "skip"
                                 ? model::Overlap::kSkip
                                 : (*word == "queue" ? model::Overlap::kQueue : model::Overlap::kAllow);
      }
    } else if (name == "catch_up") {
      flow_.cron.catch_up = reader.duration(reader.value());
    } else if (name == "computes") {
      flow_.cron.computes = reader.duration(reader.value(), 1);
      if (reader.value() != nullptr) flow_.cron.computes_span = reader.value()->span;
    } else {
      context_.engine.report(Kind::kBadSetting, setting.name.span, name, "a value");
    }
  }

  Context& context_;
  model::Flow& flow_;
};

}  // namespace

void resolve_flow_heads(Context& context) {
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    const syntax::Declaration& declaration = *context.declarations.flows[i];
    HeadResolver(context, model::FlowId(i)).resolve(declaration);
    context.broken_flows.push_back(declaration.erroneous);
    apply_service(context.program, context.program.flows[model::FlowId(i)]);
  }
}

WrittenBodies resolve_bodies(Context& context) {
  for (std::size_t i = 0; i < context.program.chains.size(); ++i) {
    model::Chain& chain = context.program.chains[model::ChainId(i)];
    const syntax::ChainDeclaration& declaration = *context.declarations.chains[i];
    chain.order = resolve_order(context, chain.origin.package, declaration.order);
    chain.body = resolve_block(context, chain.origin.package, declaration.body, false);
  }
  WrittenBodies bodies;
  bodies.before.reserve(context.program.flows.size());
  bodies.flows.reserve(context.program.flows.size());
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    const syntax::Declaration* declaration = context.declarations.flows[i];
    const model::PackageId package = context.program.flows[model::FlowId(i)].origin.package;
    const syntax::FlowBody* written = nullptr;
    bodies.before.emplace_back();
    if (const auto* flow = llvm::dyn_cast<syntax::FlowDeclaration>(declaration)) {
      bodies.before.back() = resolve_before(context, package, flow->before);
      written = &flow->body;
    } else if (const auto* job = llvm::dyn_cast<syntax::JobDeclaration>(declaration)) {
      written = &job->body;
    } else {
      written = &llvm::cast<syntax::CronDeclaration>(declaration)->body;
    }
    bodies.flows.push_back(
        resolve_block(context, package, written->block, llvm::isa<syntax::FlowDeclaration>(declaration)));
  }
  return bodies;
}

}  // namespace zc::check
