#include "connection.h"

#include "postgres/protocol/one_line.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

Connection::Connection(const Libpq& pq, io::AsioLoop& loop, const Options& options, StatementBook& book,
                       Names& names, ConnectionOwner& owner)
    : pq_(pq),
      loop_(loop),
      options_(options),
      book_(book),
      names_(names),
      owner_(owner),
      watch_(
          loop, this,
          [](void* self) noexcept {
            auto& connection = *static_cast<Connection*>(self);
            connection.state_ == State::kConnecting ? connection.poll_connect() : connection.on_readable();
          },
          [](void* self) noexcept {
            auto& connection = *static_cast<Connection*>(self);
            connection.state_ == State::kConnecting ? connection.poll_connect() : connection.on_writable();
          }),
      timer_(*this),
      answer_(nullptr, FreeResult{&pq}),
      error_(nullptr, FreeResult{&pq}),
      rows_(pq) {}

Connection::~Connection() { close(); }

void Connection::close() noexcept {
  loop_.stop(timer_);
  if (question_ != nullptr) question_->connection = nullptr;
  cancel_.reset();
  watch_.unwatch();
  answer_.reset();
  error_.reset();
  if (connection_ != nullptr) pq_.finish(std::exchange(connection_, nullptr));
  if (trace_ != nullptr) std::fclose(std::exchange(trace_, nullptr));
  std::free(std::exchange(trace_text_, nullptr));  // NOLINT: open_memstream's
  state_ = State::kLost;
}

// --- Connecting ---

void Connection::connect() {
  loop_.start(timer_, loop_.now() + options_.connect_timeout);
  if (!Names::has_names(options_.parameters)) return resolved(options_.parameters);
  question_ = std::make_shared<Names::Question>(Names::Question{this});
  names_.look_up(question_, options_.parameters);
}

void Connection::resolved(const ConnectParameters& parameters) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = pq_.connect_start(names.data(), values.data(), 0);
  if (connection_ == nullptr || pq_.status(connection_) == CONNECTION_BAD) {
    // Told later, like all that fails.
    loop_.start(timer_, loop_.now());
    return;
  }
  pq_.set_notice_processor(connection_, [](void*, const char*) {}, nullptr);
  // The only way to the key by which a statement is cancelled without blocking is what libpq writes down of
  // the messages of the beginning.
  trace_ = open_memstream(&trace_text_, &trace_size_);
  if (trace_ != nullptr) pq_.trace(connection_, trace_);
  if (watch_.watch(pq_.socket(connection_))) {
    loop_.start(timer_, loop_.now());
    return;
  }
  watch_.wait_writable();
}

void Connection::poll_connect() noexcept {
  // It may close its socket and open another one, for the next address.
  watch_.unwatch();
  const PostgresPollingStatusType status = pq_.connect_poll(connection_);
  if (status == PGRES_POLLING_OK) return connected();
  if (status == PGRES_POLLING_FAILED) return lose(last_error());
  if (watch_.watch(pq_.socket(connection_))) return lose("no more sockets can be watched");
  if (status == PGRES_POLLING_READING) {
    watch_.wait_readable();
  } else {
    watch_.wait_writable();
  }
}

void Connection::connected() noexcept {
  loop_.stop(timer_);
  read_cancel_key();
  if (pq_.set_nonblocking(connection_, 1) != 0 || pq_.enter_pipeline(connection_) != 1 ||
      watch_.watch(pq_.socket(connection_))) {
    return lose(last_error());
  }
  watch_.wait_readable();
  state_ = State::kReady;
  measure();
  idle_since_ = connected_at_ = head_since_ = loop_.now();
  owner_.connected(*this);
}

// `<time> B <size> BackendKeyData <process> <secret>`, separated by tabs.
void Connection::read_cancel_key() {
  if (trace_ == nullptr) return;
  pq_.untrace(connection_);
  std::fclose(std::exchange(trace_, nullptr));
  constexpr std::string_view kName = "BackendKeyData";
  const std::string_view text(trace_text_, trace_size_);
  if (const std::size_t at = text.rfind(kName); at != std::string_view::npos) {
    CancelKey key;
    if (std::sscanf(text.data() + at + kName.size(), " %d %d", &key.process, &key.secret) == 2 &&
        key.process == pq_.backend_pid(connection_))
      cancel_key_ = key;
  }
  // A password may be in it.
  std::fill_n(trace_text_, trace_size_, '\0');
  std::free(std::exchange(trace_text_, nullptr));  // NOLINT: open_memstream's
}

// --- Ending ---

void Connection::forget(Request& request, Stop how) noexcept {
  request.connection_ = nullptr;
  request.again_ = false;
  if (std::erase(held_, &request) != 0) return;
  const auto flight = std::ranges::find(flights_, &request, &Flight::request);
  if (flight == flights_.end()) return;
  flight->request = nullptr;
  if (state_ != State::kReady) return;
  if (flight->kind == Kind::kCopy && copy_.phase != Copy::Phase::kEnding) return give_up_copy(*flight);
  // A description may wait for a lock, too, and has nothing to go on with.
  if (how == Stop::kLetGo && flight->kind != Kind::kDescribe) return;
  flight->to_cancel = true;
  cancel_head();
}

// The server knows only "what runs now", so the statement must be the one that does.
void Connection::cancel_head() noexcept {
  if (flights_.empty() || !flights_.front().to_cancel || flights_.front().was_cancelled || is_cancelling())
    return;
  flights_.front().was_cancelled = true;
  // When nothing has come by then the connection ends, whether the server knows or not.
  loop_.start(timer_, loop_.now() + options_.answer_timeout);
  if (cancel_key_.process == 0) return;
  cancel_.emplace(loop_, pq_.socket(connection_), cancel_key_, this,
                  [](void* self) noexcept { static_cast<Connection*>(self)->cancelled(); });
  if (!cancel_->under_way()) cancel_.reset();
}

// Of what has come to be the first. A description is over at once, unless it waits for a lock, and a request
// to cancel it may hit a statement behind it; that has a deadline as well.
void Connection::cancel_next() noexcept {
  const auto is_wanted = [](const Flight& flight) {
    return flight.request != nullptr && flight.request->form != Request::Form::kCommand;
  };
  const bool is_left = !flights_.empty() && flights_.front().kind == Kind::kDescribe &&
                       std::any_of(flights_.begin() + 1, flights_.end(), is_wanted);
  if (!is_left) cancel_head();
}

// The backend has been told; what it runs now may be the statement behind the one that was meant.
void Connection::cancelled() noexcept {
  cancel_.reset();
  if (state_ != State::kReady) return;
  if (flights_.empty() || !flights_.front().was_cancelled) loop_.stop(timer_);
  if (flights_.empty()) stray_cancel_ = false;
  cancel_next();
  owner_.has_room(*this);
}

void Connection::on_timer() noexcept {
  const bool has_failed = connection_ != nullptr && pq_.status(connection_) == CONNECTION_BAD;
  lose(has_failed ? last_error() : "the server does not answer");
}

std::string Connection::last_error() const {
  if (connection_ == nullptr) return "the connection cannot be made";
  const std::string text = one_line(pq_.error_message(connection_));
  return text.empty() ? "the connection is lost" : text;
}

void Connection::lose(std::string why) noexcept {
  if (state_ == State::kLost) return;
  // What the server has said of it says more.
  if (error_ != nullptr) {
    if (const Failure said = failure_of(error_.get()); !said.sql_state.empty()) why = said.why;
  }
  close();
  copy_.phase = Copy::Phase::kNone;
  // Whoever is told may give up what comes behind.
  while (!flights_.empty()) {
    const Flight flight = std::move(flights_.front());
    flights_.pop_front();
    if (flight.request == nullptr) continue;
    flight.request->connection_ = nullptr;
    // Of a description nothing is left behind, so another connection may have it.
    if (flight.kind == Kind::kDescribe && !flight.request->again_ && !flight.request->is_bound) {
      flight.request->again_ = true;
      owner_.come_back(*flight.request);
    } else {
      flight.request->again_ = false;
      flight.request->failed({FaultKind::kUnavailable, why, {}});
    }
  }
  while (!held_.empty()) {
    Request& request = *held_.front();
    held_.pop_front();
    request.connection_ = nullptr;
    request.failed({FaultKind::kUnavailable, why, {}});
  }
  owner_.lost(*this, why);
}

}  // namespace zerver::effects::postgres
