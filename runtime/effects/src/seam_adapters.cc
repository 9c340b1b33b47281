#include "seam_adapters.h"

#include "zerver.flow.h"
#include <zerver/core/uuid.h>

namespace zerver::effects {

namespace {

// Both answer at once, so there is nothing to cancel.

class WorkerClock final : public ClockAdapter {
 public:
  explicit WorkerClock(flow::Worker& worker) noexcept : worker_(&worker) {}

  void now(const NowArguments&, flow::Reply<Timestamp> reply) override {
    reply.succeed(worker_->clock().wall());
  }
  void cancel(flow::Operation&) noexcept override {}

 private:
  flow::Worker* worker_;
};

class WorkerRandom final : public RandomAdapter {
 public:
  explicit WorkerRandom(flow::Worker& worker) noexcept : worker_(&worker) {}

  void uuid(const UuidArguments&, flow::Reply<Uuid> reply) override {
    reply.succeed(Uuid::generate(worker_->random()));
  }
  void u64(const U64Arguments&, flow::Reply<std::uint64_t> reply) override {
    reply.succeed(worker_->random().u64());
  }
  void cancel(flow::Operation&) noexcept override {}

 private:
  flow::Worker* worker_;
};

template <class AdapterOfWorker> class Seam final : public System {
 public:
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<AdapterOfWorker>(worker);
  }
};

}  // namespace

Opened open_clock(const flow::TargetInfo&, const flow::TargetConfig&) {
  return {std::make_unique<Seam<WorkerClock>>(), {}};
}

Opened open_random(const flow::TargetInfo&, const flow::TargetConfig&) {
  return {std::make_unique<Seam<WorkerRandom>>(), {}};
}

}  // namespace zerver::effects
