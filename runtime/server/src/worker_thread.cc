// One worker: a loop with its own listening sockets, connections, timers and memory.
#include "worker_thread.h"

#include <zerver/core/status.h>
#include <zerver/http/response_writer.h>

#include <boost/asio/buffer.hpp>

#include <algorithm>
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

}  // namespace

WorkerThread::WorkerThread(const Settings& settings, const Clock& clock, Log& log,
                           std::atomic<std::size_t>& open_connections)
    : ConnectionHost(settings, loop_, worker_),
      clock_(clock),
      log_(log),
      open_connections_(open_connections),
      loop_(clock),
      worker_(flow::Seams{loop_, clock, random_, log},
              flow::WorkerLimits{.arena_bytes = settings.request_memory,
                                 .json_depth = settings.json_depth,
                                 .inline_effects = settings.executor == Executor::kInline}),
      tick_(tick_for(settings.timeouts)) {
  coarse_now_ = clock.now();
  update_common_fields();

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

void WorkerThread::listen(int socket, bool v6) {
  listeners_.push_back(std::make_unique<Listener>(loop_.context()));
  listeners_.back()->acceptor.assign(v6 ? tcp::v6() : tcp::v4(), socket);
}

void WorkerThread::run() {
  on_tick();
  for (const std::unique_ptr<Listener>& listener : listeners_)
    accept(*listener);
  loop_.run();
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
  accept(listener);
}

void WorkerThread::on_retry_accept() {
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    if (listener->waiting && !draining()) accept(*listener);
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
  stop_when_drained();
}

// --- Time ---

void WorkerThread::on_tick() {
  coarse_now_ = loop_.now();
  update_common_fields();
  // A connection that closes leaves the ring; the one behind it is known before.
  Connection* connection = open_;
  for (std::size_t left = open_count_; left > 0; --left) {
    Connection* const following = connection->next;
    connection->check();
    connection = following;
  }
  loop_.start(tick_timer_, loop_.now() + tick_);
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

void WorkerThread::begin_drain() {
  if (std::exchange(draining_, true)) return;
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    error_code ignored;  // the descriptor is gone either way
    static_cast<void>(listener->acceptor.close(ignored));
  }
  loop_.start(drain_timer_, loop_.now() + settings().timeouts.drain);
  Connection* connection = open_;
  for (std::size_t left = open_count_; left > 0; --left) {
    Connection* const following = connection->next;
    connection->drain();
    connection = following;
  }
  stop_when_drained();
}

void WorkerThread::end_drain() {
  log_.write(LogLevel::kWarning,
             "closing " + std::to_string(open_count_) + " connections that did not finish in time");
  Connection* connection = open_;
  for (std::size_t left = open_count_; left > 0; --left) {
    Connection* const following = connection->next;
    connection->close();
    connection = following;
  }
}

void WorkerThread::stop_when_drained() {
  if (draining() && open_count_ == 0) loop_.stop();
}

}  // namespace zerver::server
