// One client's connection.
#include "connection.h"

#include <zerver/flow/request/problem.h>
#include <zerver/http/response_writer.h>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace zerver::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using http::RequestParser;
using io::AsioLoop;
using io::Handler;

constexpr std::size_t kInput = std::size_t{8} * 1024;
constexpr std::size_t kLeastRoom = std::size_t{2} * 1024;
constexpr std::size_t kKeptInput = std::size_t{64} * 1024;
constexpr std::size_t kKeptOutput = std::size_t{64} * 1024;
// After the last answer the client's bytes are still taken for a while: closing with unread ones resets the
// connection, and the client may lose the answer (RFC 9112, 9.6).
constexpr Duration kLinger = Duration::from_seconds(2);

}  // namespace

Connection::Connection(ConnectionHost& host)
    : host_(host),
      socket_(host.loop().context()),
      in_(kInput),
      parser_(host.settings().http),
      exchange_(*this, host.worker()) {}

Connection::~Connection() = default;

void Connection::open(Socket&& socket) {
  socket_ = std::move(socket);
  error_code error;
  const tcp::endpoint client = socket_.remote_endpoint(error);
  if (!error) static_cast<void>(socket_.set_option(tcp::no_delay(true), error));
  if (!error) static_cast<void>(socket_.non_blocking(true, error));
  closed_ = false;
  keep_alive_ = true;
  phase_ = Phase::kIdle;
  since_ = host_.coarse_now();
  if (error) return close();  // it is gone already

  const auto text_of = [this](int family, const void* address) {
    inet_ntop(family, address, client_ip_.data(), static_cast<socklen_t>(client_ip_.size()));
  };
  if (client.address().is_v4()) {
    text_of(AF_INET, client.address().to_v4().to_bytes().data());
  } else {
    text_of(AF_INET6, client.address().to_v6().to_bytes().data());
  }
  client_ip_size_ = static_cast<std::uint8_t>(std::strlen(client_ip_.data()));
  read();
}

// The heart: serves what has been read, sends the answers, goes on with what comes then. Returns when it
// waits for something.
void Connection::go_on(Then then) {
  for (;;) {
    while (then == Then::kParse && body_left_.empty() && out_.size() < host_.settings().pipelined_output) {
      then = serve_next();
    }
    switch (send()) {
      case Sent::kAll:
        break;
      case Sent::kLater:
        then_ = then;
        return;
      case Sent::kFailed:
        return close();
    }
    switch (then) {
      case Then::kParse:
        break;
      case Then::kRead:
        return read();
      case Then::kWait:
        return enter(Phase::kHandling);
      case Then::kEnd:
        return end();
    }
  }
}

Connection::Then Connection::serve_next() {
  if (in_.empty()) return Then::kRead;
  switch (parser_.parse(in_)) {
    case RequestParser::Progress::kMore:
      if (parser_.take_expectation()) out_.append(http::kContinue);
      return Then::kRead;
    case RequestParser::Progress::kRefused: {
      const http::Refusal refusal = parser_.refusal();
      refuse(refusal.status, refusal.detail);
      return Then::kEnd;
    }
    case RequestParser::Progress::kComplete:
      break;
  }
  parser_.view(in_, exchange_.request);
  exchange_.request.client_ip = {client_ip_.data(), client_ip_size_};
  keep_alive_ = exchange_.request.keep_alive;
  handling_ = host_.handle(exchange_) == flow::Handled::kLater;
  return handling_ ? Then::kWait : answer();
}

// Appends the exchange's response to what is to be sent.
Connection::Then Connection::answer() {
  if (const std::string_view fault = http::find_fault(exchange_.response); !fault.empty()) {
    exchange_.response.reset();
    flow::answer_internal(exchange_, fault);
  }
  keep_alive_ = keep_alive_ && !exchange_.response.close && !host_.draining();
  http::ResponseContext context;
  context.common_fields = host_.common_fields();
  context.minor_version = exchange_.request.minor_version;
  context.keep_alive = keep_alive_;
  context.head = exchange_.request.method == Method::kHead;
  body_left_ = http::write_response(out_, exchange_.response, context);
  if (body_left_.empty()) finish_request();
  return keep_alive_ ? Then::kParse : Then::kEnd;
}

// The request and its response are not needed any more.
void Connection::finish_request() {
  in_.consume(parser_.size());
  parser_.reset();
  exchange_.reset();
  phase_ = Phase::kIdle;
}

void Connection::refuse(std::uint16_t status, std::string_view detail) {
  exchange_.reset();
  exchange_.request = Request{};
  exchange_.response.close = true;
  flow::answer_problem(exchange_, status, detail);
  http::ResponseContext context;
  context.common_fields = host_.common_fields();
  context.keep_alive = false;
  body_left_ = http::write_response(out_, exchange_.response, context);
  keep_alive_ = false;
}

// --- Reading ---

void Connection::read() {
  if (parser_.in_body()) {
    enter(Phase::kBody);
  } else {
    enter(in_.empty() ? Phase::kIdle : Phase::kHead);
  }
  if (reading_ || watching_) return;
  // Reading begins with trying to, and just now the client has seen nothing of the answer. After the other
  // connections have had their turn, its next request may be there already, and then that one call is all it
  // takes.
  reading_ = true;
  host_.loop().post(read_job_);
}

void Connection::start_reading() {
  reading_ = false;
  if (closed_) return release_when_quiet();
  guarded([this] {
    if (in_.empty() && in_.capacity() > kKeptInput) in_.reset(kInput);
    // A client gets memory for what it has sent, not for what it says that it will send.
    const std::size_t expected = parser_.expected_size();
    const std::size_t missing = expected > in_.size() ? expected - in_.size() : 0;
    const std::size_t room = std::max(kLeastRoom, std::min(missing, in_.size()));
    const std::span<char> space = in_.prepare(room);
    reading_ = true;
    socket_.async_read_some(
        asio::buffer(space.data(), space.size()),
        Handler(read_memory_, [this](const error_code& error, std::size_t size) { on_read(error, size); }));
  });
}

void Connection::on_read(const error_code& error, std::size_t size) {
  const AsioLoop::Turn turn(host_.loop());
  reading_ = false;
  if (closed_) return release_when_quiet();
  if (error) return close();
  if (phase_ == Phase::kLingering) return end();
  if (writing_) {  // the answer to a request that took too long
    in_.commit(size);
    return;
  }
  in_.commit(size);
  guarded([this] { go_on(Then::kParse); });
}

// Waits for the client of a waiting flow to send more or to go away. Nothing is read by the operation itself,
// so that it may stay under way when the flow finishes.
void Connection::watch() {
  if (watching_ || reading_ || in_.tail().empty()) return;
  watching_ = true;
  socket_.async_wait(tcp::socket::wait_read,
                     Handler(watch_memory_, [this](const error_code& error) { on_readable(error); }));
}

void Connection::on_readable(const error_code& error) {
  const AsioLoop::Turn turn(host_.loop());
  watching_ = false;
  if (closed_) return release_when_quiet();
  if (error) return close();
  if (writing_) return;  // it is read when that is done
  if (!handling_) return guarded([this] { phase_ == Phase::kLingering ? end() : read(); });
  // Views into the buffer are in use: only its free end may change.
  const std::span<char> space = in_.tail();
  error_code failure;
  const std::size_t size = socket_.read_some(asio::buffer(space.data(), space.size()), failure);
  if (failure == asio::error::would_block) return;
  if (failure) return close();
  in_.commit(size);
}

void Connection::on_finished() noexcept {
  handling_ = false;
  if (closed_) return;
  if (writing_) {
    finished_ = true;
    return;
  }
  guarded([this] { go_on(answer()); });
}

// --- Writing ---

// Sends what there is, at once when the socket takes it.
Connection::Sent Connection::send() {
  while (sent_ < out_.size() || !body_left_.empty()) {
    const std::string_view head = out_.view().substr(sent_);
    error_code error;
    std::size_t size = 0;
    if (body_left_.empty()) {
      size = socket_.write_some(asio::buffer(head.data(), head.size()), error);
    } else {
      const std::array<asio::const_buffer, 2> both = {asio::buffer(head.data(), head.size()),
                                                      asio::buffer(body_left_.data(), body_left_.size())};
      size = socket_.write_some(both, error);
    }
    mark_sent(size);
    if (error == asio::error::would_block) {
      const std::string_view left = sent_ < out_.size() ? out_.view().substr(sent_) : body_left_;
      writing_ = true;
      phase_ = Phase::kWriting;
      since_ = host_.coarse_now();
      socket_.async_write_some(asio::buffer(left.data(), left.size()),
                               Handler(write_memory_, [this](const error_code& failure, std::size_t written) {
                                 on_written(failure, written);
                               }));
      return Sent::kLater;
    }
    if (error) return Sent::kFailed;
  }
  sent_ = 0;
  if (out_.capacity() > kKeptOutput) {
    out_.clear_and_shrink(kKeptOutput);
  } else {
    out_.clear();
  }
  return Sent::kAll;
}

void Connection::on_written(const error_code& error, std::size_t size) {
  const AsioLoop::Turn turn(host_.loop());
  writing_ = false;
  if (closed_) return release_when_quiet();
  if (error) return close();
  mark_sent(size);
  guarded([this] {
    if (std::exchange(finished_, false)) {
      go_on(answer());
    } else {
      go_on(then_);
    }
  });
}

void Connection::mark_sent(std::size_t size) noexcept {
  const std::size_t of_head = std::min(size, out_.size() - sent_);
  sent_ += of_head;
  if (body_left_.empty()) return;
  body_left_.remove_prefix(size - of_head);
  if (body_left_.empty()) finish_request();
}

// --- The end ---

// Everything is sent: takes and forgets what the client still sends until it closes too.
void Connection::end() {
  if (phase_ != Phase::kLingering) {
    enter(Phase::kLingering);
    error_code error;
    static_cast<void>(socket_.shutdown(tcp::socket::shutdown_send, error));
    if (error) return close();
  }
  if (reading_ || watching_) return;
  in_.reset(kInput);
  parser_.reset();
  start_reading();
}

void Connection::check() {
  const Timeouts& timeouts = host_.settings().timeouts;
  const Duration waited = host_.coarse_now() - since_;
  switch (phase_) {
    case Phase::kIdle:
      if (waited >= timeouts.idle) close();
      return;
    case Phase::kHead:
    case Phase::kBody:
      if (waited < (phase_ == Phase::kHead ? timeouts.head : timeouts.body)) return;
      return guarded([this] {
        refuse(408, "the request took too long to arrive");
        go_on(Then::kEnd);
      });
    case Phase::kHandling:
      return watch();
    case Phase::kWriting:
      if (waited >= timeouts.write) close();
      return;
    case Phase::kLingering:
      if (waited >= kLinger) close();
      return;
  }
}

void Connection::drain() {
  if (phase_ == Phase::kIdle) close();
}

void Connection::close() noexcept {
  if (closed_) return;
  closed_ = true;
  error_code ignored;  // there is nobody to tell, and the descriptor is gone either way
  static_cast<void>(socket_.close(ignored));
  if (handling_) exchange_.cancel();
  release_when_quiet();
}

void Connection::release_when_quiet() noexcept {
  if (!closed_ || reading_ || watching_ || writing_ || handling_) return;
  in_.reset(kInput);
  parser_.reset();
  out_.clear_and_shrink(kKeptOutput);
  sent_ = 0;
  body_left_ = {};
  finished_ = false;
  exchange_.reset();
  host_.on_closed(*this);
}

void Connection::enter(Phase phase) noexcept {
  if (phase_ == phase && phase != Phase::kIdle) return;
  phase_ = phase;
  since_ = host_.coarse_now();
}

// Nothing that happens to one connection ends the others: without memory for it, it is closed.
template <class Work> void Connection::guarded(Work work) noexcept {
  try {
    work();
  } catch (const std::exception& error) {
    host_.worker().log().write(LogLevel::kError, error.what());
    close();
  }
}

}  // namespace zerver::server
