// The outside systems of a service: opened once, bound to each worker.
#pragma once

#include <zerver/effects/registry.h>
#include <zerver/flow/call/budget.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/shared_target.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace zerver::effects {

// open(), then bind() for each worker, before any of them runs. Destroyed when none runs any more, before
// their loops.
class Systems {
 public:
  Systems() = default;
  Systems(const Systems&) = delete;
  Systems& operator=(const Systems&) = delete;

  // Opens every target of the packages; those of the same name are one. Empty, or one line that says what is
  // wrong: an adapter that is not registered, a setting that is missing, a system that cannot be opened.
  [[nodiscard]] std::string open(std::span<const flow::PackageInfo* const> packages, const Registry& registry,
                                 const flow::Environment& environment);

  // What the flows of each package reach on that worker, in the order of the packages and of their targets.
  // Stays ours.
  std::vector<std::vector<flow::Target*>> bind(flow::Worker& worker);

  // The rates of one of the packages, in the order of PackageInfo::rates, for all workers. Stay ours.
  const std::vector<flow::Rate*>& rates(std::size_t package) const noexcept { return rates_of_[package]; }

  // What has been done with each target so far, over all workers. Once they are bound, by any thread.
  std::vector<flow::TargetStats> stats() const;

 private:
  struct Entry {
    explicit Entry(const flow::TargetInfo& info) : name(info.name), shared(info) {}

    std::string_view name;
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
};

}  // namespace zerver::effects
