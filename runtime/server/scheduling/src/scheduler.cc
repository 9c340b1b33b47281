// When and where requests run.
#include "service_router.h"
#include <zerver/flow/request/problem.h>
#include <zerver/server/scheduling/scheduler.h>

#include <algorithm>
#include <utility>

namespace zerver::server {
namespace {

using async::Priority;
using flow::Exchange;
using flow::Handled;

// A flow that usually runs longer than this does not begin before all input that is there has been read:
// shorter ones go first, and idle workers may take it.
constexpr Duration kLong = Duration::from_microseconds(500);

constexpr std::size_t index_of(Priority priority) noexcept { return static_cast<std::size_t>(priority); }

// Whole seconds for the field Retry-After, rounded up.
std::uint32_t seconds_of(Duration wait) noexcept {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kLongest = 60;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>((wait.nanoseconds - 1) / kSecond + 1, 1, kLongest));
}

}  // namespace

Scheduler::Scheduler(Fleet& fleet, Host& host, flow::Worker& worker, RequestQueue::Taker taker)
    : fleet_(fleet),
      host_(host),
      worker_(worker),
      loop_(worker.loop()),
      clock_(worker.clock()),
      taker_(taker),
      position_(fleet.schedulers().size()),
      queue_(fleet.settings(), fleet.has_batch_workers()) {
  fleet.add(*this);
}

Scheduler::~Scheduler() { loop_.stop(batch_timer_); }

void Scheduler::bind(std::vector<BoundPackage> packages) {
  packages_ = std::move(packages);
  loads_.clear();
  for (std::size_t p = 0; p < packages_.size(); ++p) {
    const std::size_t flows = packages_[p].package->flows.size();
    loads_.push_back(std::make_unique<FlowLoad[]>(flows));
    for (std::size_t i = 0; i < flows; ++i)
      loads_.back()[i].retry_budget = fleet_.limits().retry_budget(p, i);
  }
}

// --- A request comes ---

Handled Scheduler::handle(ServedExchange& exchange) {
  began_ = measures_ = false;
  const Handled handled = route(packages_, exchange);
  if (!began_) return handled;  // it may be on another worker already
  if (measures_) note_run(exchange, clock_.now() - measured_since_);
  if (handled == Handled::kLater) {
    exchange.suspended_ = exchange.stays_ = true;
    suspended_.add();
  }
  return handled;
}

inline bool Scheduler::may_begin_at_once(Priority priority, const FlowLoad& load, TimePoint now) noexcept {
  if (priority == Priority::kBatch && fleet_.has_batch_workers()) return false;
  if (queue_.has_work(taker_) || load.mean() > kLong) return false;
  if (!cycle_open_) {
    open_cycle(now);
    return true;
  }
  return now - cycle_begin_ < fleet_.settings().quanta[priority];
}

inline void Scheduler::note_begun(ServedExchange& exchange, FlowLoad& load) noexcept {
  exchange.begun_ = true;
  load.begun.add();
  exchange.set_retry_budget(load.retry_budget);
  begun_[index_of(exchange.flow()->priority)].add();
}

std::optional<Handled> Scheduler::pass(Exchange& routed) noexcept {
  auto& exchange = static_cast<ServedExchange&>(routed);
  const flow::FlowInfo& flow = *exchange.flow();
  const TimePoint now = loop_.now();
  exchange.set_arrival(now);
  exchange.flow_position_ =
      static_cast<std::uint16_t>(&flow - packages_[exchange.package].package->flows.data());
  if (fleet_.limits().any()) {
    if (const auto refusal = fleet_.limits().enter(exchange, exchange.flow_position_, now)) {
      if (flow.on_overload && !refusal->of_tenant) {
        degrade(exchange);
        return std::nullopt;
      }
      refuse(exchange, Why::kLimited, refusal->status, refusal->detail, refusal->retry_after);
      return Handled::kNow;
    }
    exchange.counted_ = true;
  }
  FlowLoad& load = load_of(exchange);
  if (flow.streams) {
    // Whoever runs it has to stay with its client; and for most of its time it waits.
    if (queue_.stands()) return shed(exchange, "the service is overloaded", expected_wait());
  } else {
    if (!may_begin_at_once(flow.priority, load, now)) return enqueue(exchange, flow, now);
    queue_.note_no_wait();
  }
  note_begun(exchange, load);
  began_ = true;
  measures_ = load.is_to_be_measured();
  if (measures_) measured_since_ = clock_.now();
  return std::nullopt;
}

std::optional<Handled> Scheduler::enqueue(ServedExchange& exchange, const flow::FlowInfo& flow,
                                          TimePoint now) {
  const bool for_others = flow.priority == Priority::kBatch && fleet_.has_batch_workers();
  const Duration expected = expected_wait();
  if (!for_others && expected > flow.deadline) return shed(exchange, "the service is overloaded", expected);
  exchange.trace({.kind = trace::Kind::kQueued});
  if (!queue_.push(exchange, flow.priority, now, now + flow.deadline))
    return shed(exchange, "too many requests wait", expected);
  queued_.add();
  host_.on_load();
  if (for_others) {
    if (!batch_timer_.running())
      loop_.start(batch_timer_, now + fleet_.settings().queue.lead[index_of(Priority::kBatch)]);
    fleet_.wake(RequestQueue::Taker::kBatchWorker);
    return Handled::kLater;
  }
  if (fleet_.steals() && queue_.size(Priority::kInteractive) + queue_.size(Priority::kNormal) > 1)
    fleet_.wake(taker_);
  open_cycle(now);
  return Handled::kLater;
}

// Nothing: the flow's `on overload` answers.
std::optional<Handled> Scheduler::shed(ServedExchange& exchange, std::string_view detail,
                                       Duration retry_after) noexcept {
  if (exchange.flow()->on_overload) {
    degrade(exchange);
    return std::nullopt;
  }
  refuse(exchange, Why::kShed, 503, detail, retry_after);
  return Handled::kNow;
}

void Scheduler::degrade(ServedExchange& exchange) noexcept {
  load_of(exchange).degraded.add();
  degraded_.add();
  exchange.trace({.kind = trace::Kind::kOverload});
  exchange.set_overloaded();
}

// Until a request that comes now begins, as long as the runs before it take what the latest did.
Duration Scheduler::expected_wait() const noexcept {
  const std::size_t before = queue_.size(Priority::kInteractive) + queue_.size(Priority::kNormal);
  return Duration{static_cast<std::int64_t>(before) * mean_run_.nanoseconds};
}

void Scheduler::cancel(ServedExchange& exchange) noexcept {
  if (queue_.remove(exchange)) return exchange.owner->on_finished();
  if (exchange.runner_ == this) return exchange.cancel();
  auto expected = ServedExchange::Trip::kAway;
  if (exchange.trip_.compare_exchange_strong(expected, ServedExchange::Trip::kCancelling))
    exchange.runner_->loop_.post(exchange.cancel_job_);
}

void Scheduler::note_answered(ServedExchange& exchange) noexcept {
  if (exchange.flow() == nullptr) return;
  if (exchange.counted_) {
    exchange.counted_ = false;
    fleet_.limits().leave(exchange, exchange.flow_position_);
  }
  FlowLoad& load = load_of(exchange);
  load.arena_peak.raise_to(exchange.arena().used());
  const Duration deadline = exchange.flow()->deadline;
  if (deadline == Duration::max() || !exchange.begun_) return;
  load.note_slack(exchange.arrived() + deadline - clock_.now());
}

// --- Turns ---

void Scheduler::open_cycle(TimePoint now) noexcept {
  if (cycle_open_) return;
  cycle_open_ = true;
  cycle_begin_ = now;
  if (idle_.load(std::memory_order_relaxed)) idle_.store(false, std::memory_order_relaxed);
  loop_.post(turn_job_);
}

// Comes after the sockets have been looked at.
void Scheduler::turn() noexcept {
  cycle_open_ = false;
  const bool has_more = work();
  host_.on_load();
  if (has_more) {
    open_cycle(loop_.now());
  } else {
    go_idle();
  }
}

bool Scheduler::wake() noexcept {
  if (!idle_.load(std::memory_order_seq_cst) || !idle_.exchange(false)) return false;
  if (!wake_posted_.exchange(true)) loop_.post(wake_job_);
  return true;
}

void Scheduler::on_wake() noexcept {
  wake_posted_.store(false);
  if (!cycle_open_) turn();
}

void Scheduler::go_idle() noexcept {
  if (!fleet_.shares()) return;
  // Whoever queues a request looks for idle workers after that, and here it is the other way round: one of
  // the two sees the other.
  idle_.store(true, std::memory_order_seq_cst);
  if (others_have_work() && idle_.exchange(false)) open_cycle(loop_.now());
}

void Scheduler::watch_batch() noexcept {
  if (const TimePoint next = fleet_.watch_batch(loop_.now()); next != TimePoint::never())
    loop_.start(batch_timer_, next);
}

bool Scheduler::others_have_work() const noexcept {
  if (taker_ == RequestQueue::Taker::kWorker && !fleet_.steals()) return false;
  return std::ranges::any_of(fleet_.schedulers(), [this](const Scheduler* other) {
    return other != this && other->queue_.has_work(taker_);
  });
}

// Runs what waits, for a quantum. True when there may be more.
bool Scheduler::work() noexcept {
  TimePoint begin;
  Duration quantum;
  for (bool first = true;; first = false) {
    host_.read_time();
    const TimePoint now = loop_.now();
    if (first) {
      begin = now;
    } else if (now - begin >= quantum) {
      return true;
    }
    const RequestQueue::Taken taken = take(now);
    if (taken.exchange == nullptr) return false;
    quantum = fleet_.settings().quanta[taken.exchange->priority()];
    if (fleet_.steals() && queue_.has_work(taker_)) fleet_.wake(taker_);
    run(taken, now);
  }
}

// Its own first, then those of others in turn.
RequestQueue::Taken Scheduler::take(TimePoint now) noexcept {
  if (const RequestQueue::Taken taken = take_from(*this, now); taken.exchange != nullptr) return taken;
  if (taker_ == RequestQueue::Taker::kWorker && !fleet_.steals()) return {};
  const std::span<Scheduler* const> all = fleet_.schedulers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    Scheduler& owner = *all[next_victim_ % all.size()];
    ++next_victim_;
    if (&owner == this || !owner.queue_.has_work(taker_)) continue;
    if (const RequestQueue::Taken taken = take_from(owner, now); taken.exchange != nullptr) return taken;
  }
  return {};
}

RequestQueue::Taken Scheduler::take_from(Scheduler& owner, TimePoint now) noexcept {
  if (owner.queue_.empty()) return {};
  return owner.queue_.take(taker_, now, [&](ServedExchange& exchange) noexcept {
    exchange.runner_ = this;
    if (&owner != this) exchange.trip_.store(ServedExchange::Trip::kAway, std::memory_order_relaxed);
  });
}

void Scheduler::run(const RequestQueue::Taken& taken, TimePoint now) noexcept {
  ServedExchange& exchange = *taken.exchange;
  if (&exchange.home_ != this) welcome(exchange);
  const TimePoint deadline = exchange.async::Scheduled::deadline();
  const bool comes_too_late = deadline <= now + load_of(exchange).mean();
  if ((taken.shed || comes_too_late) && exchange.flow()->on_overload && now < deadline) {
    degrade(exchange);
    static_cast<void>(route(packages_, exchange));  // waits for nothing
  } else if (taken.shed) {
    refuse(exchange, Why::kShed, 503, "the service is overloaded", taken.wait);
  } else if (comes_too_late) {
    refuse(exchange, Why::kExpired, 504, "the request took too long", {});
  } else {
    note_begun(exchange, load_of(exchange));
    const Handled handled = route(packages_, exchange);
    const Duration time = clock_.now() - now;
    note_run(exchange, time);
    // Forgets: each run counts an eighth.
    mean_run_ = mean_run_ == Duration{}
                    ? time
                    : Duration{mean_run_.nanoseconds + (time.nanoseconds - mean_run_.nanoseconds) / 8};
    if (handled == Handled::kLater) {
      exchange.suspended_ = true;
      suspended_.add();
      return;
    }
  }
  exchange.on_final();
}

void Scheduler::welcome(ServedExchange& exchange) noexcept {
  exchange.move_to(worker_);
  exchange.trace({.detail = static_cast<std::int64_t>(position_), .kind = trace::Kind::kMoved});
  exchange.previous_guest_ = nullptr;
  exchange.next_guest_ = guests_;
  if (guests_ != nullptr) guests_->previous_guest_ = &exchange;
  guests_ = &exchange;
  stolen_.add();
}

void Scheduler::say_goodbye(ServedExchange& exchange) noexcept {
  (exchange.previous_guest_ == nullptr ? guests_ : exchange.previous_guest_->next_guest_) =
      exchange.next_guest_;
  if (exchange.next_guest_ != nullptr) exchange.next_guest_->previous_guest_ = exchange.previous_guest_;
}

// --- Bookkeeping ---

void Scheduler::refuse(ServedExchange& exchange, Why why, std::uint16_t status, std::string_view detail,
                       Duration retry_after) noexcept {
  FlowLoad& load = load_of(exchange);
  load.refused.add();
  (why == Why::kShed ? shed_ : why == Why::kLimited ? limited_ : expired_).add();
  exchange.trace({.kind = trace::Kind::kShed});
  try {
    flow::ProblemWriter problem(exchange, status, "about:blank",
                                status == 429   ? "Too Many Requests"
                                : status == 503 ? "Service Unavailable"
                                                : "Gateway Timeout");
    problem.fault({FaultKind::kUnavailable, String::borrowed(detail), {}});
    if (status != 504) problem.retry_after(seconds_of(retry_after));
    problem.finish();
  } catch (...) {
    flow::answer_exception(exchange);
  }
}

void Scheduler::note_run(ServedExchange& exchange, Duration time) noexcept {
  FlowLoad& load = load_of(exchange);
  load.note_run(time);
  const Priority priority = exchange.flow()->priority;
  run_times_[index_of(priority)].record(time);
  if (time <= fleet_.settings().quanta[priority]) return;
  load.overruns.add();
  overruns_[index_of(priority)].add();
  exchange.trace({.name = exchange.step(), .detail = time.nanoseconds, .kind = trace::Kind::kOverrun});
}

Scheduler::Place Scheduler::place_of(const ServedExchange& exchange) const noexcept {
  if (queue_.holds(exchange)) return Place::kQueue;
  return exchange.runner_ == this ? Place::kHere : Place::kAway;
}

SchedulerStats Scheduler::stats() const noexcept {
  SchedulerStats stats;
  for (std::size_t i = 0; i < async::kPriorities; ++i) {
    stats.waiting[i] = queue_.size(static_cast<Priority>(i));
    stats.begun[i] = begun_[i].value();
    stats.overruns[i] = overruns_[i].value();
  }
  stats.queued = queued_.value();
  stats.stolen = stolen_.value();
  stats.shed = shed_.value();
  stats.limited = limited_.value();
  stats.expired = expired_.value();
  stats.degraded = degraded_.value();
  stats.suspended = suspended_.value();
  const flow::Counters& counters = worker_.counters();
  stats.sagas = counters.sagas.value();
  stats.sagas_unwound = counters.sagas_unwound.value();
  stats.undos_failed = counters.undos_failed.value();
  stats.sagas_recovered = counters.sagas_recovered.value();
  stats.batch = taker_ == RequestQueue::Taker::kBatchWorker;
  return stats;
}

void Scheduler::add_to(std::vector<FlowStats>& flows) const {
  std::size_t next = 0;
  const bool first = flows.empty();
  for (std::size_t p = 0; p < packages_.size(); ++p) {
    const flow::PackageInfo& package = *packages_[p].package;
    for (std::size_t f = 0; f < package.flows.size(); ++f, ++next) {
      if (first) {
        flows.emplace_back();
        flows.back().name = std::string(package.name) + "." + std::string(package.flows[f].name);
        flows.back().priority = package.flows[f].priority;
      }
      loads_[p][f].add_to(flows[next]);
    }
  }
}

}  // namespace zerver::server
