// From what happens on a worker to the records of the audit.
#pragma once

#include "audit/audit_log.h"
#include <zerver/async/loop.h>
#include <zerver/flow/worker.h>
#include <zerver/trace/ring.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace zerver::server {

// Gives its worker a ring, and takes from it, in the order in which they happened, all events: a record each.
// Nothing waits for it: records are written 20 times a second, and when finish() is called. One worker's;
// made before the worker runs, destroyed when it does not run any more, before its loop.
class AuditTrail {
 public:
  static constexpr Duration kPause = Duration::from_milliseconds(50);
  // So many events a pause before some are lost, which a record says then.
  static constexpr std::size_t kCapacity = std::size_t{1} << 16;

  AuditTrail(flow::Worker& worker, std::size_t number, AuditLog& log, std::size_t capacity = kCapacity);
  ~AuditTrail();
  AuditTrail(const AuditTrail&) = delete;
  AuditTrail& operator=(const AuditTrail&) = delete;

  // As soon as the worker runs.
  void start() noexcept { worker_->loop().post(start_); }
  // What is left, when the worker does not run any more.
  void finish() noexcept { flush(); }

 private:
  struct Start final : async::Job {
    explicit Start(AuditTrail& trail) noexcept
        : Job([](Job& job) noexcept { static_cast<Start&>(job).owner.on_timer(); }), owner(trail) {}
    AuditTrail& owner;
  };
  struct Tick final : async::Timer {
    explicit Tick(AuditTrail& trail) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Tick&>(timer).owner.on_timer(); }), owner(trail) {}
    AuditTrail& owner;
  };

  void on_timer() noexcept;
  void flush() noexcept;

  flow::Worker* worker_;
  AuditLog* log_;
  std::string head_;  // of each record: `{"worker":0,`
  trace::Ring ring_;
  std::uint64_t seen_ = 0;  // events, of all that there have been
  std::string lines_;
  Start start_{*this};
  Tick tick_{*this};
};

}  // namespace zerver::server
