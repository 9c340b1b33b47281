// How a request that another worker has run comes back to its connection.
#include <zerver/server/scheduling/scheduler.h>
#include <zerver/server/scheduling/served_exchange.h>

namespace zerver::server {

ServedExchange::CancelJob::CancelJob(ServedExchange& owner) noexcept
    : Job([](Job& job) noexcept { static_cast<CancelJob&>(job).exchange.cancel_away(); }), exchange(owner) {}

ServedExchange::ServedExchange(Scheduler& home) noexcept
    : Exchange(home.worker(),
               [](Exchange& exchange) noexcept { static_cast<ServedExchange&>(exchange).on_final(); }),
      Scheduled([](Job& job) noexcept { static_cast<ServedExchange&>(job).come_home(); }),
      home_(home),
      runner_(&home) {
  set_gate(&home);
}

void ServedExchange::end_request() noexcept {
  reset();
  begun_ = stays_ = false;
}

// The response is final, on the thread of whoever has run the flow.
void ServedExchange::on_final() noexcept {
  if (suspended_) {
    suspended_ = false;
    runner_->suspended_.take_off();
  }
  if (runner_ == &home_) return owner->on_finished();
  runner_->say_goodbye(*this);
  if (trip_.exchange(Trip::kBack, std::memory_order_acq_rel) == Trip::kAway) return home_.loop_.post(*this);
  // The home wants it to be cancelled, and what does that is, or was, on its way here: the exchange belongs
  // to the home only when both have happened.
  final_away_ = true;
  if (cancel_ran_) home_.loop_.post(*this);
}

// On the thread of the worker that runs it.
void ServedExchange::cancel_away() noexcept {
  cancel_ran_ = true;
  if (final_away_) {
    home_.loop_.post(*this);
  } else {
    cancel();
  }
}

void ServedExchange::come_home() noexcept {
  move_to(home_.worker_);
  runner_ = &home_;
  trip_.store(Trip::kHome, std::memory_order_relaxed);
  cancel_ran_ = final_away_ = false;
  owner->on_finished();
}

}  // namespace zerver::server
