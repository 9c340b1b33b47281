// The outside systems of a service: opened once, bound to each worker.
#pragma once

#include <zerver/effects/registry.h>
#include <zerver/flow/call/budget.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/operation_counts.h>
#include <zerver/flow/call/shared_target.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects {

// A target as it stands: what it was declared with, who implements it, how it is doing.
struct TargetState {
  const flow::TargetInfo* info = nullptr;
  const AdapterInfo* adapter = nullptr;
  std::string describes;  // where it goes
  Health health;
  std::optional<PoolState> pool;
  std::vector<AddressState> addresses = {};
};

// What has become of the attempts of one operation of a target, over all workers.
struct OperationStats {
  std::string_view target;     // qualified: `todo.v1.db`
  std::string_view operation;  // as its adapter declares it
  flow::OperationCounts::Sum sum;
};

// open(), then bind() for each worker, before any of them runs. Closed or destroyed when none runs any more,
// before their loops.
class Systems {
 public:
  Systems() = default;
  ~Systems() { close(Duration::from_seconds(5)); }
  Systems(const Systems&) = delete;
  Systems& operator=(const Systems&) = delete;

  // Opens every target of the packages, in the order of their declarations; those of the same name are one.
  // Empty, or a line for each thing that is wrong: an adapter that is not registered or is registered twice,
  // a setting that is missing, a system that cannot be opened.
  [[nodiscard]] std::string open(std::span<const flow::PackageInfo* const> packages, const Registry& registry,
                                 const flow::Environment& environment);

  // The targets that open() could not open, and why.
  struct Failure {
    const flow::TargetInfo* info;
    std::string why;
  };
  const std::vector<Failure>& failures() const noexcept { return failures_; }

  // From now on attempts are counted by operation, too. Before bind().
  void count_operations() noexcept { counts_operations_ = true; }

  // What the flows of each package reach on that worker, in the order of the packages and of their targets.
  // Stays ours.
  std::vector<std::vector<flow::Target*>> bind(flow::Worker& worker);

  // The rates of one of the packages, in the order of PackageInfo::rates, for all workers. Stay ours.
  const std::vector<flow::Rate*>& rates(std::size_t package) const noexcept { return rates_of_[package]; }

  // What has been done with each target so far, over all workers. Once they are bound, by any thread.
  std::vector<flow::TargetStats> stats() const;
  // The same by operation, in the order of the targets and of what their adapters declare; empty without
  // count_operations().
  std::vector<OperationStats> operation_stats() const;
  // How each target is doing, in the order of stats(). By any thread.
  std::vector<TargetState> states() const;
  // Asks every system whether it is there, all at once; `done` is called once for each that answers, with its
  // position in states(). On the thread of the worker, which is bound; `done` lives until every one has
  // answered or this is closed.
  void probe(flow::Worker& worker, const std::function<void(std::size_t target, Health health)>& done);

  // Tells every target whose secrets have other values in the environment than they had. What became of that,
  // in the order of the targets; one that has refused is asked again the next time. On the main thread.
  struct Renewal {
    const flow::TargetInfo* info;
    std::string argument;
    std::string why;  // empty: it uses the new one; else why not
  };
  std::vector<Renewal> renew(const flow::Environment& environment);

  // Ends all systems in the reverse order: their adapters, then System::stop() with `patience` for each. No
  // worker runs any more, and stats() is not called behind it.
  void close(Duration patience) noexcept;

 private:
  struct Entry {
    Entry(const flow::TargetInfo& declared, flow::TargetConfig arguments, AdapterInfo implementation,
          std::unique_ptr<System> opened)
        : name(declared.name),
          info(declared),
          config(std::move(arguments)),
          adapter(std::move(implementation)),
          system(std::move(opened)),
          shared(declared) {}

    std::string_view name;
    const flow::TargetInfo& info;
    flow::TargetConfig config;  // what the system uses
    AdapterInfo adapter;
    std::unique_ptr<System> system;
    flow::SharedTarget shared;
  };

  [[nodiscard]] std::string open_target(const flow::TargetInfo& info, const Registry& registry,
                                        const flow::Environment& environment);
  Entry* find(std::string_view name) noexcept;

  std::vector<const flow::PackageInfo*> packages_;
  std::deque<flow::Rate> rates_;
  std::vector<std::vector<flow::Rate*>> rates_of_;  // by package
  std::deque<Entry> entries_;
  std::deque<flow::Target> targets_;  // of each worker in turn, in the order of entries_
  std::vector<std::unique_ptr<flow::Adapter>> adapters_;
  bool counts_operations_ = false;
  std::deque<std::unique_ptr<flow::OperationCounts[]>> operation_counts_;  // of each of targets_
  std::vector<Failure> failures_;
};

}  // namespace zerver::effects
