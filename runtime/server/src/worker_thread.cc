// One worker: a loop with its own listening sockets, connections, timers and memory.
#include "worker_thread.h"

#include "batch_threads.h"
#include <zerver/core/status.h>
#include <zerver/http/response_writer.h>
#include <zerver/program/memory.h>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>

namespace zerver::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr Duration kLongestTick = Duration::from_milliseconds(500);  // the Date field lags no more than this
constexpr Duration kShortestTick = Duration::from_milliseconds(5);
constexpr Duration kAcceptPause = Duration::from_milliseconds(100);

// Often enough for the shortest timeout, and rare enough to cost nothing.
Duration tick_for(const Timeouts& timeouts) noexcept {
  const Duration shortest = std::min({timeouts.idle, timeouts.head, timeouts.body, timeouts.write});
  return std::clamp(Duration{shortest.nanoseconds / 8}, kShortestTick, kLongestTick);
}

bool is_out_of_resources(const error_code& error) noexcept {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error == boost::system::errc::too_many_files_open_in_system;
}

// A client that is gone is told by the call's error; sendfile(2) has no flag for that.
void ignore_broken_pipes() noexcept {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

WorkerThread::WorkerThread(const Settings& settings, const Clock& clock, Log& log,
                           std::atomic<std::size_t>& open_connections, Fleet& fleet,
                           SystemBatchThreads* batch_threads)
    : ConnectionHost(settings, loop_, worker_),
      clock_(clock),
      log_(log),
      open_connections_(open_connections),
      loop_(clock),
      worker_(flow::Seams{loop_, clock, random_, log},
              flow::WorkerLimits{.arena_bytes = settings.request_memory,
                                 .json_depth = settings.json_depth,
                                 .inline_effects = settings.executor == Executor::kInline}),
      fleet_(fleet),
      batch_threads_(batch_threads),
      scheduler_(fleet, *this, worker_,
                 batch_threads == nullptr ? RequestQueue::Taker::kWorker : RequestQueue::Taker::kBatchWorker),
      contexts_(settings.http, scheduler_),
      intake_(Intake::policy(settings.scheduling, settings.memory), loop_, *this),
      tick_(tick_for(settings.timeouts)) {
  coarse_now_ = clock.now();
  update_common_fields();
  if (is_batch()) loop_.set_heartbeat(heartbeat_);

  Response response;
  response.status = 503;
  response.content_type = "application/problem+json";
  response.body =
      R"({"type":"about:blank","title":"Service Unavailable","status":503,"detail":"too many connections"})";
  static_cast<void>(response.add_header("Retry-After", "1"));  // the first of eight
  OutputBuffer text;
  http::ResponseContext context;
  context.keep_alive = false;
  static_cast<void>(http::write_response(text, response, context));  // small: all of it is copied
  refusal_ = text.view();
}

WorkerThread::~WorkerThread() {
  loop_.stop(tick_timer_);
  loop_.stop(retry_timer_);
  loop_.stop(drain_timer_);
}

void WorkerThread::bind(std::vector<BoundPackage> packages) {
  if (!settings().metrics.empty()) {
    answer_metrics_ = std::make_unique<AnswerMetrics>(clock_);
    answer_metrics_->bind(packages);
    answers_ = answer_metrics_.get();
  }
  scheduler_.bind(std::move(packages));
}

void WorkerThread::listen(int socket, bool v6) {
  listeners_.push_back(std::make_unique<Listener>(loop_.context()));
  listeners_.back()->acceptor.assign(v6 ? tcp::v6() : tcp::v4(), socket);
}

void WorkerThread::run() {
  ignore_broken_pipes();
  if (is_batch()) batch_threads_->enter();
  {
    const std::lock_guard lock(running_mutex_);
    running_ = true;
  }
  {
    const io::AsioLoop::Turn turn(loop_);
    on_tick();
    scheduler_.start();
  }
  for (const std::unique_ptr<Listener>& listener : listeners_)
    accept(*listener);
  loop_.run();
  if (is_batch()) batch_threads_->leave();
  {
    const std::lock_guard lock(running_mutex_);
    running_ = false;
  }
  // Whoever has posted something meanwhile waits for it.
  loop_.context().restart();
  loop_.context().poll();
}

// --- Connections ---

void WorkerThread::accept(Listener& listener) {
  listener.waiting = false;
  listener.acceptor.async_accept(
      loop_.context(),
      io::Handler(listener.memory, [this, &listener](const error_code& error, Connection::Socket socket) {
        on_accept(listener, error, std::move(socket));
      }));
}

void WorkerThread::on_accept(Listener& listener, const error_code& error, Connection::Socket socket) {
  const io::AsioLoop::Turn turn(loop_);
  if (draining()) return;
  if (is_out_of_resources(error)) {
    log_.write(LogLevel::kError, "cannot accept connections: " + error.message());
    listener.waiting = true;
    loop_.start(retry_timer_, loop_.now() + kAcceptPause);
    return;
  }
  // Other errors are of the one connection, which is gone: accept(2).
  if (!error) {
    if (open_connections_.fetch_add(1, std::memory_order_relaxed) < settings().connections) {
      serve(std::move(socket));
    } else {
      open_connections_.fetch_sub(1, std::memory_order_relaxed);
      refuse(socket);
    }
  }
  on_load();
  if (intake_.accepts()) {
    accept(listener);
  } else {
    listener.waiting = true;  // the next ones wait in the backlog
  }
}

void WorkerThread::on_retry_accept() {
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    if (listener->waiting && !draining() && intake_.accepts()) accept(*listener);
  }
}

// As far as the socket takes it at once: there is no room to wait for such a client.
void WorkerThread::refuse(Connection::Socket& socket) {
  error_code error;
  static_cast<void>(socket.non_blocking(true, error));
  if (!error) socket.write_some(asio::buffer(refusal_), error);
  static_cast<void>(socket.shutdown(tcp::socket::shutdown_send, error));
}

void WorkerThread::serve(Connection::Socket&& socket) {
  if (free_.empty()) {
    connections_.push_back(std::make_unique<Connection>(*this));
    free_.reserve(connections_.size());  // so that giving one back cannot fail
    free_.push_back(connections_.back().get());
  }
  Connection& connection = *free_.back();
  free_.pop_back();
  if (open_ == nullptr) {
    open_ = &connection;
  } else {
    connection.next = open_;
    connection.previous = open_->previous;
    connection.previous->next = &connection;
    open_->previous = &connection;
  }
  ++open_count_;
  connection.open(std::move(socket));
}

void WorkerThread::on_closed(Connection& connection) noexcept {
  if (open_ == &connection) open_ = connection.next == &connection ? nullptr : connection.next;
  connection.previous->next = connection.next;
  connection.next->previous = connection.previous;
  connection.next = connection.previous = &connection;
  free_.push_back(&connection);
  --open_count_;
  open_connections_.fetch_sub(1, std::memory_order_relaxed);
  on_load();
  drained_if_empty();
}

// --- Pressure ---

// What waits, or is open, has become more or less.
void WorkerThread::on_load() noexcept {
  if (draining()) return;
  const async::Pressure::Load load{
      .waiting = scheduler_.waiting(),
      .memory = memory_,
      .queue_stands = scheduler_.queue_stands(),
      .connections_full =
          !is_batch() && open_connections_.load(std::memory_order_relaxed) >= settings().connections};
  const bool accepted = intake_.accepts();
  if (!intake_.observe(load)) return;
  takes_requests_ = intake_.reads();
  if (takes_requests_ && first_stalled_ != nullptr && !std::exchange(reading_posted_, true))
    loop_.post(reading_job_);
  if (!accepted && intake_.accepts()) on_retry_accept();
}

// In a turn of its own: nothing that has just run is part of it.
void WorkerThread::read_time() noexcept { const io::AsioLoop::Turn turn(loop_); }

void WorkerThread::on_pause_end() noexcept {
  measure_memory();
  on_load();
}

void WorkerThread::measure_memory() noexcept {
  if (settings().memory != 0) memory_ = allocated_memory();
}

void WorkerThread::stall(Connection& connection) noexcept {
  connection.previous_stalled = last_stalled_;
  connection.next_stalled = nullptr;
  (last_stalled_ == nullptr ? first_stalled_ : last_stalled_->next_stalled) = &connection;
  last_stalled_ = &connection;
}

void WorkerThread::leave_stalled(Connection& connection) noexcept {
  (connection.previous_stalled == nullptr ? first_stalled_ : connection.previous_stalled->next_stalled) =
      connection.next_stalled;
  (connection.next_stalled == nullptr ? last_stalled_ : connection.next_stalled->previous_stalled) =
      connection.previous_stalled;
}

// Those that have waited longest first, as long as there is room.
void WorkerThread::go_on_reading() {
  reading_posted_ = false;
  while (first_stalled_ != nullptr && takes_requests()) {
    Connection& connection = *first_stalled_;
    leave_stalled(connection);
    connection.resume();
  }
}

// --- Time ---

void WorkerThread::on_tick() {
  coarse_now_ = loop_.now();
  update_common_fields();
  measure_memory();
  on_load();
  for_each_connection([](Connection& connection) { connection.check(); });
  loop_.start(tick_timer_, loop_.now() + tick_);
}

// `visit` may close the connection that it gets.
template <class Visit> void WorkerThread::for_each_connection(Visit visit) {
  // A connection that closes leaves the ring; the one behind it is known before.
  Connection* connection = open_;
  for (std::size_t left = open_count_; left > 0; --left) {
    Connection* const following = connection->next;
    visit(*connection);
    connection = following;
  }
}

void WorkerThread::update_common_fields() {
  const Timestamp now = clock_.wall();
  const std::int64_t second = now.microseconds / 1'000'000;
  if (second == date_second_) return;
  date_second_ = second;
  date_.update(now);
  common_text_.assign(date_.text());
  if (!settings().server_field.empty())
    common_text_.append("Server: ").append(settings().server_field).append("\r\n");
  common_fields_ = common_text_;
}

// --- Draining ---

void WorkerThread::drain() noexcept {
  if (!drain_posted_.exchange(true)) loop_.post(drain_job_);
}

void WorkerThread::begin_drain() {
  draining_ = takes_requests_ = true;
  intake_.close();
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    error_code ignored;  // the descriptor is gone either way
    static_cast<void>(listener->acceptor.close(ignored));
  }
  if (is_batch()) return;  // what it runs belongs to the connections of others
  const TimePoint end = loop_.now() + settings().timeouts.drain;
  loop_.start(drain_timer_, end);
  for_each_connection([](Connection& connection) { connection.drain(); });
  go_on_reading();
  if (jobs_ != nullptr) jobs_->drain(end, [this] { drained_if_empty(); });
  drained_if_empty();
}

void WorkerThread::end_drain() {
  if (jobs_ != nullptr && jobs_->running() != 0) {
    log_.write(LogLevel::kWarning,
               "giving up " + std::to_string(jobs_->running()) + " jobs that did not finish in time");
  }
  if (jobs_ != nullptr) jobs_->stop();
  if (open_count_ == 0) return drained_if_empty();
  log_.write(LogLevel::kWarning,
             "closing " + std::to_string(open_count_) + " connections that did not finish in time");
  for_each_connection([](Connection& connection) { connection.close(); });
}

void WorkerThread::drained_if_empty() {
  if (!draining() || open_count_ != 0 || (jobs_ != nullptr && !jobs_->idle())) return;
  if (std::exchange(drained_, true)) return;
  fleet_.note_drained();
}

// --- Looking on ---

SchedulerStats WorkerThread::stats() const noexcept {
  SchedulerStats stats = scheduler_.stats();
  intake_.add_to(stats);
  stats.accepts = stats.accepts && !is_batch();
  return stats;
}

void WorkerThread::add_to(AnswersStats& stats) const {
  if (answer_metrics_ != nullptr) answer_metrics_->add_to(stats);
}

// Answered on the worker's thread; at once, with nothing, when it does not run. Nobody has to wait for it.
template <class Ask> auto WorkerThread::ask(Ask question) -> std::future<decltype(question())> {
  struct Question final : async::Job {
    explicit Question(Ask asked)
        : Job([](Job& job) noexcept {
            const std::unique_ptr<Question> self(static_cast<Question*>(&job));
            self->answer.set_value(self->ask());
          }),
          ask(asked) {}
    Ask ask;
    std::promise<decltype(question())> answer;
  };
  auto job = std::make_unique<Question>(question);
  std::future<decltype(question())> answer = job->answer.get_future();
  const std::lock_guard lock(running_mutex_);
  if (running_) {
    loop_.post(*job.release());
  } else {
    job->answer.set_value({});
  }
  return answer;
}

std::future<std::vector<LiveFlow>> WorkerThread::live_flows() {
  return ask([this] { return list_flows(); });
}

std::future<std::array<async::RunTimes, async::kPriorities>> WorkerThread::run_times() {
  return ask([this] { return scheduler_.run_times(); });
}

std::vector<LiveFlow> WorkerThread::list_flows() const {
  std::vector<LiveFlow> flows;
  const TimePoint now = clock_.now();
  const auto add = [&](const ServedExchange& exchange, std::string_view step, std::string waits_for) {
    if (exchange.flow() == nullptr) return;  // of a package that does not say so
    flows.push_back({.flow = std::string(exchange.flow()->name),
                     .step = std::string(step),
                     .waits_for = std::move(waits_for),
                     .age = now - exchange.arrived(),
                     .worker = scheduler_.position()});
  };
  const Connection* connection = open_;
  for (std::size_t left = open_count_; left > 0; --left, connection = connection->next) {
    const ServedExchange* const exchange = connection->handled();
    if (exchange == nullptr) continue;
    switch (scheduler_.place_of(*exchange)) {
      case Scheduler::Place::kQueue:
        add(*exchange, {}, "turn");
        break;
      case Scheduler::Place::kHere:
        add(*exchange, exchange->step(), exchange->waits_for());
        break;
      case Scheduler::Place::kAway:
        break;  // its worker says so
    }
  }
  for (const ServedExchange* guest = scheduler_.guests(); guest != nullptr;
       guest = Scheduler::next_guest(*guest))
    add(*guest, guest->step(), guest->waits_for());
  return flows;
}

}  // namespace zerver::server
