// Between a flow and a system: what a FaultSource says happens to each operation.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/random.h>
#include <zerver/effects/registry.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/worker.h>
#include <zerver/testing/faults.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::testing {

class FaultAdapter final : public flow::Adapter {
 public:
  FaultAdapter(std::unique_ptr<flow::Adapter> inner, std::string_view target, flow::Worker& worker,
               FaultSource& source, FaultCounts& counts) noexcept;
  ~FaultAdapter() override;

  void start(flow::Operation& operation) override;
  void cancel(flow::Operation& operation) noexcept override;
  void let_go(flow::Operation& operation) noexcept override;
  void roll_back(flow::Transaction& transaction) noexcept override { inner_->roll_back(transaction); }

  // The process has died: the system does not answer any more.
  void break_connections() noexcept;
  // Behind that, of all systems: what was on its way to the system is performed, or is lost, by chance.
  void deliver_sent(Random& random) noexcept;

  // Operations that the flow still waits for, or that the system still performs.
  std::size_t in_flight() const noexcept { return flights_.size() - free_.size(); }

 private:
  // What the system sees in the place of the flow's operation.
  class Performed;
  struct Flight;

  Flight& take();
  void release(Flight& flight) noexcept { free_.push_back(&flight); }
  void go(Flight& flight) noexcept;
  void begin(Performed& performed) noexcept;
  void end(Performed& performed) noexcept;
  void close(Flight& flight) noexcept;
  void disconnect(Flight& flight) noexcept;

  std::unique_ptr<flow::Adapter> inner_;
  std::string_view target_;
  flow::Worker* worker_;
  FaultSource* source_;
  FaultCounts* counts_;
  std::vector<std::unique_ptr<Flight>> flights_;
  std::vector<Flight*> free_;
};

// A system whose adapters are reached through faults.
class FaultSystem final : public effects::System {
 public:
  FaultSystem(std::unique_ptr<effects::System> inner, std::string target, FaultSource& source,
              FaultCounts& counts)
      : inner_(std::move(inner)), target_(std::move(target)), source_(&source), counts_(&counts) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override;
  std::string describe() const override { return inner_->describe(); }
  effects::Health health() const override { return inner_->health(); }
  std::optional<effects::PoolState> pool() const override { return inner_->pool(); }
  std::vector<effects::AddressState> addresses() const override { return inner_->addresses(); }
  void probe(flow::Worker& worker, effects::ProbeDone done) override {
    inner_->probe(worker, std::move(done));
  }
  void stop(Duration patience) noexcept override { inner_->stop(patience); }
  // Of all its adapters, as what follows.
  void break_connections() noexcept;
  void deliver_sent(Random& random) noexcept;
  std::size_t in_flight() const noexcept;

 private:
  std::unique_ptr<effects::System> inner_;
  std::string target_;
  FaultSource* source_;
  FaultCounts* counts_;
  std::vector<FaultAdapter*> adapters_;  // theirs who asked for them
};

}  // namespace zerver::testing
