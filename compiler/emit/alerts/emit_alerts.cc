#include "compiler/emit/alerts/emit_alerts.h"

#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <optional>

namespace zc::emit {
namespace {

// A flow is given up at its deadline, so what it takes never shows to be longer: the budget ends before that.
constexpr double kBudget = 0.8;
// Of the requests may miss their deadline.
constexpr double kMissed = 0.01;

struct Loudness {
  llvm::StringRef window, patience, severity;
};

Loudness loudness_of(model::Priority priority) {
  switch (priority) {
    case model::Priority::kInteractive:
      return {"5m", "5m", "page"};
    case model::Priority::kNormal:
      return {"10m", "10m", "ticket"};
    case model::Priority::kBatch:
      return {"1h", "30m", "ticket"};
  }
  return {};
}

// A string of JSON is one of YAML.
std::string quoted(const std::string& text) { return llvm::formatv("{0}", llvm::json::Value(text)).str(); }

// Seconds, without zeros that say nothing.
std::string seconds(double value) {
  std::string text = llvm::formatv("{0:f6}", value).str();
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

class Writer {
 public:
  Writer(const model::Flow& flow, const std::string& name, const std::string& owner)
      : flow_(flow), name_(name), owner_(owner) {}

  std::string group() const {
    const auto loudness = loudness_of(flow_.priority);
    const double deadline = static_cast<double>(*flow_.deadline) / 1e9;
    const std::string budget = seconds(deadline * kBudget);
    const std::string of = "{flow=" + quoted(name_) + "}[" + loudness.window.str() + "]";
    std::string text;
    llvm::raw_string_ostream out(text);
    out << "  - name: " << quoted(name_) << "\n    rules:\n";
    rule(out, "ZerverFlowSlow",
         "histogram_quantile(0.99, sum by (le) (rate(zerver_flow_duration_seconds_bucket" + of + "))) > " +
             budget,
         "99 % of the requests of " + name_ + " take up to {{ $value | humanizeDuration }}, of a budget of " +
             budget + " s (80 % of its deadline)",
         loudness);
    rule(out, "ZerverFlowMissesDeadline",
         "sum(rate(zerver_flow_deadline_missed_total" + of + ")) / sum(rate(zerver_flow_requests_total" + of +
             ")) > " + seconds(kMissed),
         "{{ $value | humanizePercentage }} of the requests of " + name_ + " miss their deadline of " +
             seconds(deadline) + " s",
         loudness);
    return text;
  }

 private:
  void rule(llvm::raw_ostream& out, llvm::StringRef alert, const std::string& expression,
            const std::string& summary, const Loudness& loudness) const {
    out << "      - alert: " << alert << "\n"
        << "        expr: " << quoted(expression) << "\n"
        << "        for: " << loudness.patience << "\n"
        << "        labels:\n"
        << "          severity: " << loudness.severity << "\n"
        << "          flow: " << quoted(name_) << "\n";
    if (!owner_.empty()) out << "          owner: " << quoted(owner_) << "\n";
    out << "        annotations:\n"
        << "          summary: " << quoted(summary) << "\n";
    if (flow_.route) out << "          route: " << quoted(flow_.route->pattern) << "\n";
  }

  const model::Flow& flow_;
  const std::string& name_;
  const std::string& owner_;
};

// The gauge is of the whole process: which flows have left them behind, `--sagas` says.
std::string saga_group(const std::string& package, const std::string& owner) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "  - name: " << quoted(package + " sagas") << "\n    rules:\n"
      << "      - alert: ZerverSagaStuck\n"
      << "        expr: zerver_sagas_stuck > 0\n"
      << "        for: 1m\n"
      << "        labels:\n"
      << "          severity: page\n";
  if (!owner.empty()) out << "          owner: " << quoted(owner) << "\n";
  out << "        annotations:\n"
      << "          summary: "
      << quoted("sagas wait for people, {{ $value }} of them: what they wrote cannot be taken back") << "\n";
  return text;
}

bool has_saga(const model::Flow& flow) {
  bool has = false;
  model::for_each_statement(flow, [&has](const model::Statement& statement) {
    has = has || statement.kind == model::StatementKind::kSaga;
  });
  return has;
}

bool is_served(const model::Flow& flow) {
  return flow.trigger == model::Trigger::kRoute || flow.trigger == model::Trigger::kSlug;
}

}  // namespace

std::string emit_alerts(const model::Program& program, model::PackageId package) {
  const model::Package& own = program.packages[package];
  const std::optional<std::string> of_service =
      own.service.is_valid() ? program.services[own.service].owner : std::nullopt;
  std::string groups;
  const bool has_sagas = llvm::any_of(program.flows, [package](const model::Flow& flow) {
    return flow.origin.package == package && has_saga(flow);
  });
  for (const model::Flow& flow : program.flows) {
    if (flow.origin.package != package || !is_served(flow) || !flow.deadline) continue;
    const std::string name = own.name + "." + flow.origin.name;
    const std::string owner = flow.owner ? *flow.owner : of_service.value_or("");
    groups += Writer(flow, name, owner).group();
  }
  if (has_sagas) groups += saga_group(own.name, of_service.value_or(""));
  if (groups.empty()) return {};
  return "# Generated by zerver-compile from " + own.output_path + ".flow; changes are lost.\ngroups:\n" +
         groups;
}

}  // namespace zc::emit
