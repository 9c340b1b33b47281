// What a server answers on a connection.
#include "connection.h"
#include "postgres/protocol/one_line.h"
#include "postgres/protocol/sql_state.h"
#include "postgres/protocol/types.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <sys/ioctl.h>
#include <utility>

namespace zerver::effects::postgres {

namespace {

std::string_view field(const Libpq& pq, const PGresult* result, int code) noexcept {
  const char* const text = pq.error_field(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

void Connection::on_readable() noexcept {
  if (!within_bounds()) return end_oversized();
  const bool is_refused = is_copy_refused();
  const bool is_alive = pq_.consume_input(connection_) == 1;
  // Why, it can be asked behind the end only.
  if (is_refused) finish_copy("refused");
  drain();
  if (state_ != State::kReady) return;
  read_notifications();
  if (state_ != State::kReady) return;
  if (!is_alive) return lose(last_error());
  watch_.wait_readable();
}

// libpq keeps all of an answer in memory. What is about to be read is counted before it is, from the second
// time on that something comes for the same statement, so that answers that come in one piece cost nothing.
bool Connection::within_bounds() noexcept {
  if (flights_.empty()) return true;
  if (answer_bytes_ == 0) {
    answer_bytes_ = 1;
    return true;
  }
  int waiting = 0;
  if (ioctl(pq_.socket(connection_), FIONREAD, &waiting) == 0 && waiting > 0)
    answer_bytes_ += static_cast<std::size_t>(waiting);
  // Some more than of the rows alone.
  return answer_bytes_ <= 2 * kMaxBytes;
}

// What is left of the answer cannot be told from what comes behind it.
void Connection::end_oversized() noexcept {
  constexpr std::string_view kWhy = "the rows are larger than 16 MiB";
  if (Request* const request = std::exchange(flights_.front().request, nullptr); request != nullptr) {
    request->connection_ = nullptr;
    request->failed({FaultKind::kInternal, kWhy, {}});
  }
  lose(std::string(kWhy));
}

// When libpq cannot send all it has it reads, and there may be nothing more to come.
void Connection::on_writable() noexcept {
  if (is_copy_refused()) return on_readable();
  drain();
  if (state_ == State::kReady && pq_.status(connection_) == CONNECTION_BAD) return lose(last_error());
  flush();
}

// Something that libpq has read already.
bool Connection::has_unread() noexcept {
  return !draining_ && !flights_.empty() && copy_.phase != Copy::Phase::kSending &&
         pq_.is_busy(connection_) == 0;
}

void Connection::drain() noexcept {
  draining_ = true;
  // While it takes rows libpq says so again and again.
  while (state_ == State::kReady && !flights_.empty() && copy_.phase != Copy::Phase::kSending &&
         pq_.is_busy(connection_) == 0) {
    ResultPointer result(pq_.get_result(connection_), FreeResult{&pq_});
    if (pq_.status(connection_) == CONNECTION_BAD) break;
    if (result != nullptr) {
      take(std::move(result));
    } else if (copy_.phase > Copy::Phase::kQueued) {
      end_flight();
    }
  }
  draining_ = false;
}

void Connection::take(ResultPointer result) noexcept {
  switch (pq_.result_status(result.get())) {
    case PGRES_PIPELINE_SYNC:
      return end_flight();
    case PGRES_PIPELINE_ABORTED:
      return;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
      if (error_ == nullptr) error_ = std::move(result);
      return;
    case PGRES_COPY_IN:
      copy_.phase = Copy::Phase::kSending;
      return feed_copy();
    default:
      // The last one of a flight is what it is for.
      answer_ = std::move(result);
  }
}

// Only now what it has done is there for good.
void Connection::end_flight() noexcept {
  Flight flight = std::move(flights_.front());
  flights_.pop_front();
  const TimePoint now = loop_.now();
  answer_bytes_ = 0;
  if (flight.kind == Kind::kCopy) leave_copy();
  if (flight.request != nullptr) flight.request->connection_ = nullptr;
  const bool is_execution = flight.kind == Kind::kExecute || flight.kind == Kind::kPrepareAndExecute;
  if (is_execution && !flight.to_cancel) {
    // What was sent behind another one was there when that was done.
    const Duration way = flight.sent > head_since_ ? round_trip_ : Duration{};
    flight.statement->took(std::max(now - std::max(head_since_, flight.sent) - way, Duration{}));
  }
  head_since_ = now;
  if (flight.was_cancelled) {
    // A request that has not gone out yet is not needed any more.
    if (is_cancelling() && !cancel_->was_sent()) cancel_.reset();
    stray_cancel_ = is_cancelling();
  }
  if ((flight.was_cancelled && !is_cancelling()) || flight.kind == Kind::kProbe) loop_.stop(timer_);
  if (flight.kind == Kind::kDescribe) {
    end_description(flight);
  } else if (error_ != nullptr) {
    fail(flight);
  } else {
    succeed(flight);
  }
  answer_.reset();
  error_.reset();
  if (state_ != State::kReady) return;
  begin_copy();
  send_held();
  if (state_ != State::kReady) return;
  if (flights_.empty()) {
    if (flight.kind != Kind::kProbe) idle_since_ = now;
    stray_cancel_ = stray_cancel_ && is_cancelling();
  }
  cancel_next();
  owner_.has_room(*this);
}

void Connection::end_description(Flight& flight) noexcept {
  Statement& statement = *flight.statement;
  if (error_ != nullptr) {
    // "could not determine data type of parameter $3"
    constexpr std::string_view kIndeterminate = "42P18";
    const std::string_view message = field(pq_, error_.get(), PG_DIAG_MESSAGE_PRIMARY);
    const std::size_t dollar = message.rfind('$');
    if (field(pq_, error_.get(), PG_DIAG_SQLSTATE) != kIndeterminate || dollar == std::string_view::npos)
      return fail(flight);
    const int number = std::atoi(message.data() + dollar + 1);
    if (number < 1 || !statement.take_for_text(static_cast<std::size_t>(number) - 1)) return fail(flight);
  } else {
    Statement::Description description;
    for (int i = 0; i < pq_.parameters(answer_.get()); ++i)
      description.parameters.push_back(pq_.parameter_type(answer_.get(), i));
    description.is_binary = true;
    for (int i = 0; i < pq_.fields(answer_.get()); ++i)
      description.is_binary = description.is_binary && is_read_as_binary(pq_.field_type(answer_.get(), i));
    statement.describe(std::move(description));
  }
  // Nothing has been done so far.
  if (flight.request != nullptr) send(*flight.request);
}

void Connection::succeed(Flight& flight) noexcept {
  if (flight.request == nullptr) return;
  // Another connection may have prepared it before something was changed.
  if (flight.kind == Kind::kPrepareAndExecute) flight.statement->compared = nullptr;
  const bool is_read =
      answer_ != nullptr &&
      rows_.set(answer_.get(), flight.statement == nullptr ? nullptr : &flight.statement->compared);
  if (!is_read) {
    if (flight.statement != nullptr) book_.forget(*flight.statement);
    return flight.request->failed({FaultKind::kInternal, "the server's answer is in an unknown form", {}});
  }
  if (pq_.result_memory(answer_.get()) > kMaxBytes)
    return flight.request->failed({FaultKind::kInternal, "the rows are larger than 16 MiB", {}});
  flight.request->again_ = false;
  flight.request->answered({rows_, rows_.affected(), rows_.command()});
}

void Connection::fail(Flight& flight) noexcept {
  const std::string_view state = field(pq_, error_.get(), PG_DIAG_SQLSTATE);
  // The first answer of the two is that it is prepared.
  if (flight.kind == Kind::kPrepareAndExecute && answer_ == nullptr)
    prepared_.erase(flight.statement->number());
  const bool again = goes_again(flight, state);
  if (flight.request == nullptr) return;
  if (again) {
    flight.request->again_ = true;
    return owner_.come_back(*flight.request);
  }
  flight.request->again_ = false;
  flight.request->failed(failure_of(error_.get(), flight.kind == Kind::kCopy));
}

// Once: a statement that cannot have begun, because of something that it has nothing to do with.
bool Connection::goes_again(const Flight& flight, std::string_view state) noexcept {
  constexpr std::string_view kCancelled = "57014";
  constexpr std::string_view kNoSuchStatement = "26000";
  constexpr std::string_view kNotSupported = "0A000";  // "cached plan must not change result type"
  const bool is_used_up = flight.kind == Kind::kCopy && copy_.has_begun;
  const bool may_go = flight.request != nullptr && !flight.request->again_ && !flight.request->is_bound &&
                      !is_used_up && !in_transaction();
  if (flight.statement != nullptr && (state == kNotSupported || state == kNoSuchStatement)) {
    const std::string_view routine = field(pq_, error_.get(), PG_DIAG_SOURCE_FUNCTION);
    if (state == kNotSupported && routine != "RevalidateCachedQuery") return false;
    book_.forget(*flight.statement);
    return may_go;
  }
  return state == kCancelled && !flight.to_cancel && std::exchange(stray_cancel_, false) && may_go;
}

Failure Connection::failure_of(const PGresult* error, bool is_copy) {
  const ServerError parts{
      field(pq_, error, PG_DIAG_SQLSTATE),
      field(pq_, error, PG_DIAG_MESSAGE_PRIMARY),
      field(pq_, error, PG_DIAG_CONSTRAINT_NAME),
      field(pq_, error, PG_DIAG_TABLE_NAME),
      field(pq_, error, PG_DIAG_COLUMN_NAME),
      is_copy ? copied_row(field(pq_, error, PG_DIAG_CONTEXT)) : std::string_view(),
  };
  if (parts.state.empty()) {
    why_ = one_line(pq_.result_error(error));
    return {FaultKind::kUnavailable, why_, {}};
  }
  why_ = describe(parts);
  return {kind_of(parts.state), why_, parts.state};
}

void Connection::read_notifications() noexcept {
  while (state_ == State::kReady) {
    PGnotify* const notification = pq_.notifies(connection_);
    if (notification == nullptr) return;
    owner_.notified(notification->relname, notification->extra);
    pq_.free_memory(notification);
  }
}

}  // namespace zerver::effects::postgres
