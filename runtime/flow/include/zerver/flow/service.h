// What a generated package hands to the server: constant data and functions, put together by `main`.
#pragma once

#include <zerver/async/priority.h>
#include <zerver/core/message.h>
#include <zerver/core/time.h>
#include <zerver/flow/call/defaults.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/policy.h>
#include <zerver/flow/call/target_config.h>
#include <zerver/flow/data/format.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/saga/step_info.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace zerver::flow {

// The methods that a path has flows for.
class MethodSet {
 public:
  constexpr MethodSet() noexcept = default;
  template <class... Methods> static constexpr MethodSet of(Methods... methods) noexcept {
    MethodSet set;
    (set.add(methods), ...);
    return set;
  }
  constexpr void add(Method method) noexcept {
    bits_ = static_cast<std::uint16_t>(bits_ | (1U << static_cast<unsigned>(method)));
  }
  constexpr void add(MethodSet other) noexcept { bits_ = static_cast<std::uint16_t>(bits_ | other.bits_); }
  constexpr bool contains(Method method) const noexcept {
    return (bits_ & (1U << static_cast<unsigned>(method))) != 0;
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(MethodSet, MethodSet) noexcept = default;

 private:
  std::uint16_t bits_ = 0;
};

// What routing found. When no flow was `found`, `allowed` holds the methods of the flows whose path matches:
// none for a 404, some for a 405 or an OPTIONS. A HEAD finds the flow of a GET when it has none of its own.
struct RouteMatch {
  bool found = false;
  std::uint16_t flow = 0;  // position in PackageInfo::flows, when found
  MethodSet allowed;
};

// One way in which a flow can answer.
struct OutcomeInfo {
  std::uint16_t status = 0;  // 0: a step may answer with any
  // Of a problem document: `urn:zerver:error:todo.v1.NotFound`, or `about:blank` when the runtime itself
  // answers; empty for what the flow returns.
  std::string_view type = {};
};

// Where something is declared.
struct Place {
  std::string_view file;   // from the folder of its imports: `todo.flow`, `zerver/auth.flow`
  std::uint32_t line = 0;  // from 1; 0: not known
};

struct StepInfo {
  std::string_view name;  // as Exchange::step() has it
  Place place;
};

struct FlowInfo {
  std::string_view name;
  std::string_view slug;
  std::string_view method;  // empty: any
  std::string_view path;    // the pattern, such as `/todos/{id}`
  async::Priority priority = async::Priority::kNormal;
  std::uint32_t in_flight = 0;  // requests of this flow at the same time, of all workers; 0: any number
  std::uint32_t retry_budget_percent = 0;
  Duration deadline = Duration::max();  // from the arrival of the request
  bool on_overload = false;             // has an answer for when there is no time for it
  bool streams = false;                 // answers in parts: it stays with its connection's worker
  bool message_pack = false;            // documents come and go in it where the client wants that
  std::string_view package = {};
  Place place = {};
  std::span<const OutcomeInfo> outcomes = {};  // as `zerver-compile --dump=errors` says
  std::span<const StepInfo> steps = {};        // of its package, and those that its flows use of others
};

struct Rpc;

struct TargetInfo {
  static constexpr std::uint32_t kDefaultInFlight = defaults::kInFlight;

  std::string_view name;     // qualified: `todo.v1.db`; packages that use the same target name it alike
  std::string_view adapter;  // qualified: `zerver.sql`
  void (*configure)(const Environment& environment, TargetConfig& config);
  std::uint32_t in_flight = kDefaultInFlight;  // operations of all workers at the same time
  std::uint32_t queue = defaults::kQueue;      // so many more wait for a place
  BreakerPolicy breaker = {};
  std::uint32_t retry_budget_percent = 0;  // retries and hedges, of all calls; 0: unbounded
  std::uint32_t pool = defaults::kPool;    // connections of all workers; 0: as the adapter has it
  // Of a database: the text of the package's `schema "..."` file; empty when there is none.
  std::string_view schema = {};
  std::span<const OperationInfo> operations = {};  // of its adapter, in the order of the declaration
  std::span<const Rpc> rpcs = {};  // how these are called, of an adapter with `@grpc`; none of any other
  // Which of its settings the `.flow` file has: "in_flight pool". The others are defaults.
  std::string_view declared = {};
  // `compress gzip over n`: what its requests hold is sent with gzip where that is more bytes; nothing:
  // never.
  std::optional<std::uint64_t> compress_over = {};
  Format format = Format::kJson;  // of what is sent to it as `json`, and of what it is asked for

  bool declares(std::string_view setting) const noexcept {
    for (std::size_t at = declared.find(setting); at != std::string_view::npos;
         at = declared.find(setting, at + 1)) {
      const std::size_t end = at + setting.size();
      if ((at == 0 || declared[at - 1] == ' ') && (end == declared.size() || declared[end] == ' '))
        return true;
    }
    return false;
  }
};

// Bounds on requests that a `service` block sets; 0: the server's own. What the operator sets goes before
// them.
struct ServiceLimits {
  std::uint64_t body = 0;     // bytes
  std::uint64_t headers = 0;  // bytes
  std::uint32_t json_depth = 0;
};

struct CallSite;
struct JobInfo;
struct CronInfo;

struct PackageInfo {
  std::string_view name;
  std::span<const FlowInfo> flows;
  std::span<const TargetInfo> targets;  // that its flows use, those of other packages included
  // Routes the request and runs its flow. Exchange::set_targets() has been called with this package's
  // targets.
  Handled (*handle)(Exchange& exchange, RouteMatch& match);
  ServiceLimits limits = {};
  std::span<const RateInfo> rates = {};           // that its call sites name
  std::span<const SagaStepInfo> saga_steps = {};  // that write inside a saga of its flows
  std::span<const JobInfo> jobs = {};
  std::span<const CallSite* const> calls = {};  // each effect that a flow performs, with its policy
  std::span<const CronInfo> crons = {};
};

}  // namespace zerver::flow
