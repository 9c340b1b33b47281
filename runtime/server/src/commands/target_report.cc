#include "commands/target_report.h"

#include <zerver/core/output_buffer.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/defaults.h>
#include <zerver/flow/data/json_writer.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace zerver::server {
namespace {

using flow::OperationInfo;

constexpr std::array kKinds = {FaultKind::kInvalid,  FaultKind::kMissing,     FaultKind::kConflict,
                               FaultKind::kRejected, FaultKind::kUnavailable, FaultKind::kTimeout};

// --- Values as people write them ---

std::string duration_text(Duration span) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {{3'600'000'000'000, "h"},
                                                             {60'000'000'000, "m"},
                                                             {1'000'000'000, "s"},
                                                             {1'000'000, "ms"},
                                                             {1'000, "us"}};
  for (const auto& [size, name] : kUnits) {
    if (span.nanoseconds != 0 && span.nanoseconds % size == 0)
      return std::to_string(span.nanoseconds / size) + name;
  }
  return std::to_string(span.nanoseconds) + "ns";
}

// A setting of a target: its name in a `.flow` file, its value there, and as a number for programs.
struct SettingValue {
  std::string_view name;
  std::string text;
  std::optional<std::uint64_t> number;  // null: it has none
};

std::vector<SettingValue> settings_of(const ReportedTarget& target) {
  const flow::TargetInfo& info = *target.info;
  const flow::BreakerPolicy& breaker = info.breaker;
  std::optional<std::uint64_t> pool;
  if (info.pool != 0) {
    pool = info.pool;
  } else if (target.state.pool && target.state.pool->most != 0) {
    pool = target.state.pool->most;
  }
  std::vector<SettingValue> settings;
  settings.push_back({"in_flight", std::to_string(info.in_flight), info.in_flight});
  settings.push_back({"queue", std::to_string(info.queue), info.queue});
  settings.push_back({"breaker",
                      breaker.percent == 0
                          ? "none"
                          : std::to_string(breaker.percent) + "% of " + std::to_string(breaker.of) +
                                " open " + duration_text(breaker.open),
                      std::nullopt});
  settings.push_back(
      {"retry_budget",
       info.retry_budget_percent == 0 ? "unbounded" : std::to_string(info.retry_budget_percent) + "%",
       std::nullopt});
  settings.push_back({"pool", pool ? std::to_string(*pool) : "-", pool});
  return settings;
}

std::string_view source_of(const ReportedTarget& target, std::string_view setting) {
  return target.info->declares(setting) ? "declared" : "default";
}

std::string_view access_of(const OperationInfo& operation) noexcept {
  switch (operation.access) {
    case OperationInfo::Access::kRead:
      return "read";
    case OperationInfo::Access::kWrite:
      return "write";
    case OperationInfo::Access::kByStatement:
      break;
  }
  return "statement";
}

// The timeout of its attempts, and who says so: the policy, or, in flows without a deadline, the default.
std::pair<Duration, std::string_view> timeout_of(const ReportedTarget& target,
                                                 const flow::CallPolicy& policy) {
  if (policy.timeout != Duration::max()) return {policy.timeout, "declared"};
  return {flow::defaults::timeout_of(target.info->adapter), "default"};
}

std::string call_text(const ReportedTarget& target, const ReportedCall& call) {
  const flow::CallPolicy& policy = call.site->policy;
  std::string text(call.site->step);
  text += ": ";
  text += call.operation == nullptr ? std::string_view("?") : call.operation->name;
  if (call.operation != nullptr) {
    text += " (";
    text += access_of(*call.operation);
    if (call.operation->idempotent) text += ", idempotent";
    if (call.operation->stream) text += ", stream";
    text += ")";
  }
  const auto [timeout, source] = timeout_of(target, policy);
  text += ", timeout " + duration_text(timeout);
  if (source == "default") text += " (default, where there is no deadline)";
  if (policy.retries != 0) {
    text += ", retry " + std::to_string(policy.retries) + " backoff " + duration_text(policy.backoff_first) +
            ".." + duration_text(policy.backoff_cap);
  }
  if (policy.hedges != 0)
    text += ", hedge " + std::to_string(policy.hedges) + " after " + duration_text(policy.hedge_after);
  return text;
}

// --- JSON ---

void write_text(flow::JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.string(text);
}

void write_number(flow::JsonWriter& json, std::string_view key, std::uint64_t number) {
  json.key(key);
  json.integer(number);
}

void write_kinds(flow::JsonWriter& json, std::string_view key, FaultKinds kinds) {
  json.key(key);
  json.begin_array();
  for (const FaultKind kind : kKinds) {
    if (!kinds.contains(kind)) continue;
    json.element();
    json.quoted(name_of(kind));
  }
  json.end_array();
}

void write_call(flow::JsonWriter& json, const ReportedTarget& target, const ReportedCall& call) {
  const flow::CallPolicy& policy = call.site->policy;
  json.begin_object();
  write_text(json, "step", call.site->step);
  if (call.operation != nullptr) {
    write_text(json, "operation", call.operation->name);
    write_text(json, "access", access_of(*call.operation));
    json.key("idempotent");
    json.boolean(call.operation->idempotent);
    json.key("stream");
    json.boolean(call.operation->stream);
  }
  write_kinds(json, "fails", call.site->fails);
  const auto [timeout, source] = timeout_of(target, policy);
  json.key("timeout");
  json.begin_object();
  write_number(json, "ms", static_cast<std::uint64_t>(timeout.nanoseconds) / 1'000'000);
  write_text(json, "source", source);
  json.end_object();
  write_number(json, "retries", policy.retries);
  if (policy.retries != 0) {
    write_number(json, "backoff_ms",
                 static_cast<std::uint64_t>(policy.backoff_first.nanoseconds) / 1'000'000);
    write_number(json, "backoff_cap_ms",
                 static_cast<std::uint64_t>(policy.backoff_cap.nanoseconds) / 1'000'000);
    write_kinds(json, "retry_on", policy.retry_on);
  }
  write_number(json, "hedges", policy.hedges);
  json.key("answers");
  json.begin_array();
  for (const flow::FailureAnswer& answer : call.site->answers) {
    json.element();
    json.begin_object();
    write_kinds(json, "kinds", answer.kinds);
    write_text(json, "error", answer.error);
    if (answer.status != 0) write_number(json, "status", answer.status);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_operations(flow::JsonWriter& json, const flow::TargetInfo& info) {
  json.key("operations");
  json.begin_array();
  for (const OperationInfo& operation : info.operations) {
    json.element();
    json.begin_object();
    write_text(json, "name", operation.name);
    write_text(json, "access", access_of(operation));
    json.key("idempotent");
    json.boolean(operation.idempotent);
    json.key("stream");
    json.boolean(operation.stream);
    write_kinds(json, "fails", operation.fails);
    json.end_object();
  }
  json.end_array();
}

void write_pool(flow::JsonWriter& json, const effects::PoolState& pool) {
  json.key("connections");
  json.begin_object();
  write_number(json, "open", pool.open);
  write_number(json, "idle", pool.idle);
  write_number(json, "waiting", pool.waiting);
  write_number(json, "most", pool.most);
  json.end_object();
}

void write_target(flow::JsonWriter& json, const ReportedTarget& target) {
  json.begin_object();
  write_text(json, "name", target.info->name);
  write_text(json, "adapter", target.info->adapter);
  if (target.state.adapter != nullptr) {
    write_text(json, "version", target.state.adapter->version);
    write_text(json, "reaches", target.state.adapter->reaches);
    write_text(json, "goes_to", target.state.describes);
  }
  const bool is_open = target.why_not_opened.empty();
  write_text(json, "state", is_open ? name_of(target.state.health.state) : "failed");
  write_text(json, "why", is_open ? target.state.health.why : target.why_not_opened);
  if (target.state.pool) write_pool(json, *target.state.pool);
  json.key("policy");
  json.begin_object();
  for (const SettingValue& setting : settings_of(target)) {
    json.key(setting.name);
    json.begin_object();
    json.key("value");
    if (setting.number) {
      json.integer(*setting.number);
    } else {
      json.string(setting.text);
    }
    write_text(json, "source", source_of(target, setting.name));
    json.end_object();
  }
  json.end_object();
  write_operations(json, *target.info);
  json.key("calls");
  json.begin_array();
  for (const ReportedCall& call : target.calls) {
    json.element();
    write_call(json, target, call);
  }
  json.end_array();
  json.end_object();
}

std::vector<ReportedCall> calls_of(std::span<const flow::PackageInfo* const> packages,
                                   std::string_view target) {
  std::vector<ReportedCall> calls;
  for (const flow::PackageInfo* const package : packages) {
    for (const flow::CallSite* const site : package->calls) {
      const flow::TargetInfo& info = package->targets[site->target];
      if (info.name != target) continue;
      const bool is_known = site->operation < info.operations.size();
      calls.push_back({site, is_known ? &info.operations[site->operation] : nullptr});
    }
  }
  return calls;
}

}  // namespace

std::vector<ReportedTarget> report_targets(std::span<const flow::PackageInfo* const> packages,
                                           const effects::Systems& systems,
                                           std::span<const std::optional<effects::Health>> probed) {
  std::vector<effects::TargetState> states = systems.states();
  for (std::size_t i = 0; i < states.size() && i < probed.size(); ++i) {
    if (probed[i]) states[i].health = *probed[i];
  }
  std::vector<ReportedTarget> targets;
  const auto is_new = [&targets](std::string_view name) {
    return std::ranges::none_of(targets, [name](const auto& known) { return known.info->name == name; });
  };
  for (const flow::PackageInfo* const package : packages) {
    for (const flow::TargetInfo& info : package->targets) {
      if (!is_new(info.name)) continue;
      ReportedTarget& target = targets.emplace_back();
      target.info = &info;
      target.calls = calls_of(packages, info.name);
      for (effects::TargetState& state : states) {
        if (state.info->name == info.name) target.state = std::move(state);
      }
      for (const effects::Systems::Failure& failure : systems.failures()) {
        if (failure.info->name == info.name) target.why_not_opened = failure.why;
      }
    }
  }
  return targets;
}

std::string to_text(std::span<const ReportedTarget> targets) {
  std::string text;
  for (const ReportedTarget& target : targets) {
    const bool is_open = target.why_not_opened.empty();
    const std::string& why = is_open ? target.state.health.why : target.why_not_opened;
    text += std::string(target.info->name) + ": ";
    text += is_open ? name_of(target.state.health.state) : "failed";
    if (!why.empty()) text += ", " + why;
    text += "\n  adapter " + std::string(target.info->adapter);
    if (target.state.adapter != nullptr) {
      const effects::AdapterInfo& adapter = *target.state.adapter;
      if (!adapter.version.empty()) text += " " + adapter.version;
      if (!target.state.describes.empty()) {
        text += " to " + target.state.describes;
      } else if (!adapter.reaches.empty()) {
        text += " to " + adapter.reaches;
      }
    }
    text += "\n  ";
    std::string_view separator;
    for (const SettingValue& setting : settings_of(target)) {
      text += separator;
      text += std::string(setting.name) + " " + setting.text + " (" +
              std::string(source_of(target, setting.name)) + ")";
      separator = ", ";
    }
    text += "\n";
    if (const std::optional<effects::PoolState>& pool = target.state.pool) {
      text += "  connections: " + std::to_string(pool->open) + " open, " + std::to_string(pool->idle) +
              " idle, " + std::to_string(pool->waiting) + " waiting\n";
    }
    for (const ReportedCall& call : target.calls)
      text += "  " + call_text(target, call) + "\n";
  }
  return text;
}

std::string to_json(std::span<const ReportedTarget> targets) {
  OutputBuffer out;
  flow::JsonWriter json(out);
  json.begin_object();
  json.key("targets");
  json.begin_array();
  for (const ReportedTarget& target : targets) {
    json.element();
    write_target(json, target);
  }
  json.end_array();
  json.end_object();
  return std::string(out.view());
}

}  // namespace zerver::server
