// The exchange of a connection, which may travel to another worker and back.
#pragma once

#include <zerver/async/scheduling/ready_queue.h>
#include <zerver/flow/exchange.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace zerver::server {

class Scheduler;

// Belongs to one connection at a time, on the worker that is its home. What is not said to be otherwise is
// for whichever worker runs it, from its taking over to its coming home; the queues between them order that.
class ServedExchange final : public flow::Exchange, public async::Scheduled {
 public:
  // Whoever serves the client.
  class Owner {
   public:
    // The response is final. On the home's thread.
    virtual void on_finished() noexcept = 0;

   protected:
    ~Owner() = default;
  };

  explicit ServedExchange(Scheduler& home) noexcept;

  // Ready for the next request. On the home's thread, as is what follows.
  void end_request() noexcept;
  // It has begun on its home, and ends there.
  bool stays() const noexcept { return stays_; }
  Owner* owner = nullptr;
  // Position of the package in the lists of all workers.
  std::uint16_t package = 0;

 private:
  friend class Scheduler;

  enum class Trip : std::uint8_t {
    kHome,
    kAway,
    kCancelling,  // the home has asked the other worker to cancel it
    kBack,        // it is final
  };
  struct CancelJob final : async::Job {
    explicit CancelJob(ServedExchange& owner) noexcept;
    ServedExchange& exchange;
  };

  void on_final() noexcept;
  void cancel_away() noexcept;
  void come_home() noexcept;

  std::uint16_t flow_position_ = 0;  // in PackageInfo::flows, once it is routed
  Scheduler& home_;
  Scheduler* runner_;  // guarded by the home's queue while it waits there
  CancelJob cancel_job_{*this};
  ServedExchange* next_guest_ = nullptr;  // on the worker that runs it away from its home
  ServedExchange* previous_guest_ = nullptr;
  std::atomic<Trip> trip_ = Trip::kHome;
  bool cancel_ran_ = false;
  bool final_away_ = false;
  bool counted_ = false;    // in the flow's in_flight
  bool begun_ = false;      // the flow
  bool suspended_ = false;  // it waits for an effect
  bool stays_ = false;
};

}  // namespace zerver::server
