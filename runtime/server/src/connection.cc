// One client's connection.
#include "connection.h"

#include "metrics/answer_metrics.h"
#include <zerver/flow/request/problem.h>
#include <zerver/server/scheduling/scheduler.h>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <exception>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace zerver::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using http::RequestParser;
using io::AsioLoop;
using io::Handler;

constexpr std::size_t kLeastRoom = std::size_t{2} * 1024;
constexpr std::size_t kKeptInput = std::size_t{64} * 1024;
// So long a client may be silent before its connection gives its context back.
constexpr Duration kQuiet = Duration::from_milliseconds(500);
// After the last answer the client's bytes are still taken for a while: closing with unread ones resets the
// connection, and the client may lose the answer (RFC 9112, 9.6).
constexpr Duration kLinger = Duration::from_seconds(2);

}  // namespace

Connection::Connection(ConnectionHost& host) : host_(host), socket_(host.loop().context()) {}

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
    while (then == Then::kParse && body_left_.empty() && file_.size == 0 && host_.takes_requests() &&
           context_->out.size() < host_.settings().pipelined_output) {
      then = serve_next();
    }
    if (then == Then::kTurn) return hold();
    if (part_ == Part::kWaiting) append_part();
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
        if (!host_.takes_requests()) return stall();
        break;
      case Then::kRead:
        return read();
      case Then::kTurn:
      case Then::kWait:
        enter(Phase::kHandling);
        if (part_ != Part::kSending) return;
        part_ = Part::kNone;
        return context_->exchange.part_sent();
      case Then::kEnd:
        return end();
      case Then::kAbort:
        return close();
    }
  }
}

Connection::Then Connection::serve_next() {
  if (context_->in.empty()) return Then::kRead;
  switch (context_->parser.parse(context_->in)) {
    case RequestParser::Progress::kMore:
      if (context_->parser.take_expectation()) context_->out.append(http::kContinue);
      return Then::kRead;
    case RequestParser::Progress::kRefused: {
      const http::Refusal refusal = context_->parser.refusal();
      refuse(refusal.status, refusal.detail);
      return Then::kEnd;
    }
    case RequestParser::Progress::kComplete:
      break;
  }
  context_->parser.view(context_->in, context_->exchange.request);
  context_->exchange.request.client_ip = {client_ip_.data(), client_ip_size_};
  keep_alive_ = context_->exchange.request.keep_alive;
  handling_ = host_.scheduler().handle(context_->exchange) == flow::Handled::kLater;
  if (handling_) return context_->exchange.stays() ? Then::kWait : Then::kTurn;
  host_.scheduler().note_answered(context_->exchange);
  return answer();
}

http::ResponseContext Connection::response_context() const noexcept {
  http::ResponseContext context;
  context.common_fields = host_.common_fields();
  context.minor_version = context_->exchange.request.minor_version;
  context.keep_alive = keep_alive_;
  context.head = context_->exchange.request.method == Method::kHead;
  return context;
}

// Appends the exchange's response to what is to be sent.
Connection::Then Connection::answer() {
  if (part_ == Part::kWaiting) append_part();
  part_ = Part::kNone;
  if (in_parts_) {
    count_answer(context_->exchange.response.status);
    return end_parts();
  }
  const bool is_file = context_->exchange.response.file.descriptor >= 0;
  if (const std::string_view fault = http::find_fault(context_->exchange.response); !fault.empty()) {
    context_->exchange.response.reset();
    flow::answer_internal(context_->exchange, fault);
  }
  keep_alive_ = keep_alive_ && !context_->exchange.response.close && !host_.draining();
  if (is_file) return answer_file();
  count_answer(context_->exchange.response.status);
  body_left_ = http::write_response(context_->out, context_->exchange.response, response_context());
  if (body_left_.empty()) finish_request();
  return keep_alive_ ? Then::kParse : Then::kEnd;
}

void Connection::count_answer(std::uint16_t status) noexcept {
  if (AnswerMetrics* const answers = host_.answers(); answers != nullptr) [[unlikely]]
    answers->note(context_->exchange, status);
}

// The request and its response are not needed any more.
void Connection::finish_request() {
  context_->in.consume(context_->parser.size());
  context_->parser.reset();
  context_->exchange.end_request();
  phase_ = Phase::kIdle;
}

void Connection::refuse(std::uint16_t status, std::string_view detail) {
  context_->exchange.end_request();
  context_->exchange.response.close = true;
  flow::answer_problem(context_->exchange, status, detail);
  if (AnswerMetrics* const answers = host_.answers(); answers != nullptr) [[unlikely]]
    answers->note_malformed(status);
  http::ResponseContext context;
  context.common_fields = host_.common_fields();
  context.keep_alive = false;
  body_left_ = http::write_response(context_->out, context_->exchange.response, context);
  keep_alive_ = false;
}

// --- Reading ---

bool Connection::idle() const noexcept {
  return phase_ == Phase::kIdle && context_->in.empty() && !context_->parser.started();
}

void Connection::take_context() {
  context_ = host_.contexts().take();
  context_->exchange.owner = this;
  context_->exchange.set_part_sink(this);
}

void Connection::give_back_context() noexcept {
  if (context_) host_.contexts().give_back(std::move(context_));
}

// Whatever the client sends is the kernel's to keep, until the worker has time for it.
void Connection::stall() noexcept {
  stalled_ = true;
  host_.stall(*this);
}

void Connection::resume() {
  stalled_ = false;
  guarded([this] { context_ ? go_on(Then::kParse) : read(); });
}

void Connection::read() {
  if (context_ && context_->parser.in_body()) {
    enter(Phase::kBody);
  } else {
    enter(!context_ || context_->in.empty() ? Phase::kIdle : Phase::kHead);
  }
  if (!host_.takes_requests()) return stall();
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
    if (!context_) take_context();
    http::ReadBuffer& in = context_->in;
    if (in.empty() && in.capacity() > kKeptInput) in.reset(RequestContext::kInput);
    // A client gets memory for what it has sent, not for what it says that it will send.
    const std::size_t expected = context_->parser.expected_size();
    const std::size_t missing = expected > in.size() ? expected - in.size() : 0;
    const std::size_t room = std::max(kLeastRoom, std::min(missing, in.size()));
    const std::span<char> space = in.prepare(room);
    if (host_.contexts().plenty_in_use() && idle()) {
      error_code error;
      const std::size_t size = socket_.read_some(asio::buffer(space.data(), space.size()), error);
      if (error != asio::error::would_block) return received(error, size);
      give_back_context();
      return watch();
    }
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
  if (std::exchange(letting_go_, false) && error == asio::error::operation_aborted) {
    give_back_context();
    return watch();
  }
  received(error, size);
}

void Connection::received(const error_code& error, std::size_t size) {
  if (error) return close();
  if (phase_ == Phase::kLingering) return end();
  context_->in.commit(size);
  if (writing_) return;  // the answer to a request that took too long
  guarded([this] { go_on(Then::kParse); });
}

// Waits for a client that is silent, or for the client of a waiting flow, to send more or to go away. Nothing
// is read by the operation itself: so it needs no buffer, and may stay under way when the flow finishes.
void Connection::watch() {
  if (watching_ || reading_ || (context_ && context_->in.tail().empty())) return;
  watching_ = true;
  socket_.async_wait(tcp::socket::wait_read,
                     Handler(read_memory_, [this](const error_code& error) { on_readable(error); }));
}

void Connection::on_readable(const error_code& error) {
  const AsioLoop::Turn turn(host_.loop());
  watching_ = false;
  if (closed_) return release_when_quiet();
  if (error) return close();
  if (writing_) return;  // it is read when that is done
  if (!handling_) return guarded([this] { phase_ == Phase::kLingering ? end() : read(); });
  // Views into the buffer are in use: only its free end may change, and not even that while another worker
  // may be reading a little past the request.
  const bool may_read = context_->exchange.stays();
  char byte = 0;
  const std::span<char> space = may_read ? context_->in.tail() : std::span<char>(&byte, 1);
  error_code failure;
  const std::size_t size = socket_.receive(asio::buffer(space.data(), space.size()),
                                           may_read ? 0 : tcp::socket::message_peek, failure);
  if (failure == asio::error::would_block) return;
  if (failure) return close();
  if (may_read) context_->in.commit(size);
}

void Connection::on_finished() noexcept {
  handling_ = false;
  host_.scheduler().note_answered(context_->exchange);
  if (closed_) {
    count_answer(kClientGone);
    if (!closing_) release_when_quiet();
    return;
  }
  if (writing_) {
    finished_ = true;
    return;
  }
  guarded([this] { go_on(answer()); });
}

// --- Writing ---

// The next request only waits for its turn. It may well come, as those behind it may, before the worker looks
// at its sockets again, and then all of their answers are written at once: while requests queue up, a write
// for each of them would make the queue longer.
void Connection::hold() {
  enter(Phase::kHandling);
  if (context_->out.empty() || std::exchange(holding_, true)) return;
  host_.loop().defer(flush_job_);
}

// The worker's turn ends: what has been answered is not kept back any longer.
void Connection::flush() noexcept {
  holding_ = false;
  if (closed_) return release_when_quiet();
  if (!handling_ || writing_) return;  // it has been sent, or is being
  guarded([this] { go_on(Then::kWait); });
}

// Sends what there is, at once when the socket takes it.
Connection::Sent Connection::send() {
  while (sent_ < context_->out.size() || !body_left_.empty()) {
    const std::string_view head = context_->out.view().substr(sent_);
    error_code error;
    std::size_t size = 0;
    if (body_left_.empty()) {
      // The first bytes of a file go into the same packet as its head.
      size = socket_.send(asio::buffer(head.data(), head.size()), file_.size == 0 ? 0 : MSG_MORE, error);
    } else {
      const std::array<asio::const_buffer, 2> both = {asio::buffer(head.data(), head.size()),
                                                      asio::buffer(body_left_.data(), body_left_.size())};
      size = socket_.write_some(both, error);
    }
    mark_sent(size);
    if (error == asio::error::would_block) {
      const std::string_view left =
          sent_ < context_->out.size() ? context_->out.view().substr(sent_) : body_left_;
      writing_ = true;
      phase_ = Phase::kWriting;
      since_ = host_.coarse_now();
      socket_.async_write_some(
          asio::buffer(left.data(), left.size()),
          Handler(context_->write_memory,
                  [this](const error_code& failure, std::size_t written) { on_written(failure, written); }));
      return Sent::kLater;
    }
    if (error) return Sent::kFailed;
  }
  if (file_.size != 0) {
    if (const Sent sent = send_file(); sent != Sent::kAll) return sent;
  }
  sent_ = 0;
  if (context_->out.capacity() > RequestContext::kKeptOutput) {
    context_->out.clear_and_shrink(RequestContext::kKeptOutput);
  } else {
    context_->out.clear();
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
  const std::size_t of_head = std::min(size, context_->out.size() - sent_);
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
  if (context_) {
    context_->in.reset(RequestContext::kInput);
    context_->parser.reset();
  }
  start_reading();
}

void Connection::check() {
  const Timeouts& timeouts = host_.settings().timeouts;
  const Duration waited = host_.coarse_now() - since_;
  switch (phase_) {
    case Phase::kIdle:
      if (waited >= timeouts.idle) return close();
      if (waited >= kQuiet && context_ && reading_ && !letting_go_ && idle()) {
        error_code ignored;  // then it keeps what it has
        letting_go_ = true;
        static_cast<void>(socket_.cancel(ignored));
      }
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
  closed_ = closing_ = true;
  if (finished_) count_answer(kClientGone);
  if (std::exchange(stalled_, false)) host_.leave_stalled(*this);
  error_code ignored;  // there is nobody to tell, and the descriptor is gone either way
  static_cast<void>(socket_.close(ignored));
  // It may be finished at once, or later: with cleanups of its own, or on another worker.
  if (handling_) host_.scheduler().cancel(context_->exchange);
  closing_ = false;
  release_when_quiet();
}

void Connection::release_when_quiet() noexcept {
  if (!closed_ || reading_ || watching_ || writing_ || handling_ || holding_ || part_comes_) return;
  give_back_context();
  sent_ = 0;
  body_left_ = {};
  finished_ = letting_go_ = in_parts_ = false;
  part_ = Part::kNone;
  file_ = {};
  host_.on_closed(*this);
}

void Connection::enter(Phase phase) noexcept {
  if (phase_ == phase && phase != Phase::kIdle) return;
  phase_ = phase;
  since_ = host_.coarse_now();
}

}  // namespace zerver::server
