// `copy ... from stdin` on a connection. libpq has no copy in its pipeline mode, so it begins when all that
// was sent before has been answered, and what is sent behind it waits for its end.
// https://www.postgresql.org/docs/15/libpq-copy.html
#include "connection.h"

#include <new>
#include <string>
#include <utility>

namespace zerver::effects::postgres {

namespace {

constexpr std::size_t kPart = std::size_t{64} << 10;  // bytes that are written in one turn of the loop

}  // namespace

// The statement tells the types of the columns, and is never run.
std::optional<Failure> Connection::queue_copy(Request& request, std::shared_ptr<Statement> statement) {
  if (request.statement.rows->columns() != statement->description()->parameters.size())
    return Failure{FaultKind::kInternal, "the number of columns is not that of the statement", {}};
  copy_.cells.resize(request.statement.rows->columns());
  push(Kind::kCopy, &request, std::move(statement));
  copy_.phase = Copy::Phase::kQueued;
  begin_copy();
  return std::nullopt;
}

// When it is its turn.
void Connection::begin_copy() noexcept {
  if (copy_.phase != Copy::Phase::kQueued || flights_.front().kind != Kind::kCopy) return;
  const Flight& flight = flights_.front();
  if (flight.request == nullptr) {  // given up meanwhile
    flights_.pop_front();
    copy_.phase = Copy::Phase::kNone;
    return;
  }
  copy_.phase = Copy::Phase::kOpening;
  copy_.next = 0;
  try {
    const std::string text = "copy " + std::string(flight.request->statement.rows->into()) + " from stdin";
    if (pq_.exit_pipeline(connection_) != 1 || pq_.send_query(connection_, text.c_str()) != 1)
      return static_cast<void>(broken());
  } catch (const std::bad_alloc&) {
    return static_cast<void>(broken());
  }
  flush();
}

// The next rows. Others have their turn before those behind them.
void Connection::feed_copy() noexcept {
  Flight& flight = flights_.front();
  if (flight.request == nullptr) return give_up_copy(flight);
  const flow::BulkRows& rows = *flight.request->statement.rows;
  Failure failure;
  bool is_good = true;
  try {
    is_good = write_rows(rows, flight.statement->description()->parameters);
    failure = {FaultKind::kConflict, "a value does not fit its type", {}};
  } catch (const std::bad_alloc&) {
    is_good = false;
    failure = {FaultKind::kUnavailable, "no memory", {}};
  }
  if (!is_good) {
    Request& request = *std::exchange(flight.request, nullptr);
    request.connection_ = nullptr;
    give_up_copy(flight);
    return request.failed(failure);
  }
  const std::string_view text = copy_.text.text();
  if (pq_.put_copy_data(connection_, text.data(), static_cast<int>(text.size())) != 1)
    return static_cast<void>(broken());
  if (copy_.next == rows.rows()) return finish_copy(nullptr);
  watch_.wait_writable();
}

bool Connection::write_rows(const flow::BulkRows& rows, std::span<const Oid> types) {
  copy_.text.clear();
  while (copy_.next < rows.rows() && copy_.text.size() < kPart) {
    copy_.arena.reset();
    rows.read(copy_.next, copy_.arena, copy_.cells);
    if (!copy_.text.add_row(copy_.cells, types)) return false;
    ++copy_.next;
  }
  return true;
}

// With a reason nothing of it happens.
void Connection::finish_copy(const char* why) noexcept {
  copy_.phase = Copy::Phase::kEnding;
  if (pq_.put_copy_end(connection_, why) != 1) return static_cast<void>(broken());
  flush();
}

// Nobody waits for it any more, and its rows are gone.
void Connection::give_up_copy(Flight& flight) noexcept {
  if (copy_.phase == Copy::Phase::kQueued) return;
  flight.to_cancel = true;
  if (copy_.phase == Copy::Phase::kOpening) return cancel_head();
  // The server needs no other request than that: it waits for us. Should it not answer, the connection ends.
  flight.was_cancelled = true;
  loop_.start(timer_, loop_.now() + options_.answer_timeout);
  finish_copy("given up");
}

void Connection::leave_copy() noexcept {
  copy_.phase = Copy::Phase::kNone;
  if (pq_.enter_pipeline(connection_) != 1) static_cast<void>(broken());
}

void Connection::send_held() noexcept {
  while (state_ == State::kReady && copy_.phase == Copy::Phase::kNone && !held_.empty()) {
    Request& request = *held_.front();
    held_.pop_front();
    transmit(request);
  }
}

}  // namespace zerver::effects::postgres
