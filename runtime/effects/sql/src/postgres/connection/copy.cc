// `copy ... from stdin` on a connection. libpq has no copy in its pipeline mode, so it begins when all that
// was sent before has been answered, and what is sent behind it waits for its end.
// https://www.postgresql.org/docs/15/libpq-copy.html
#include "connection.h"

#include <initializer_list>
#include <new>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <utility>

namespace zerver::effects::postgres {

namespace {

constexpr std::size_t kPart = std::size_t{64} << 10;  // bytes that are written in one turn of the loop

}  // namespace

// The statement tells the types of the columns, and is never run.
std::optional<Failure> Connection::queue_copy(Request& request, std::shared_ptr<Statement> statement) {
  if (request.statement.rows->columns() != statement->description()->parameters.size())
    return Failure{FaultKind::kInternal, "the number of columns is not that of the statement", {}};
  // Nobody hears notices, and without them whatever comes while rows are sent is that they are refused.
  if (std::optional<Failure> failure = send_command(nullptr, "set client_min_messages = error"))
    return failure;
  copy_.cells.resize(request.statement.rows->columns());
  push(Kind::kCopy, &request, std::move(statement));
  copy_.phase = Copy::Phase::kQueued;
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
  const flow::BulkRows& rows = *flight.request->statement.rows;
  copy_.phase = Copy::Phase::kOpening;
  copy_.next = copy_.before = 0;
  copy_.has_begun = copy_.is_asked = false;
  copy_.is_complete = rows.source() == nullptr;
  try {
    const std::string text = "copy " + std::string(rows.into()) + " from stdin";
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
  if (copy_.is_asked) return;
  flow::BulkRows& rows = *flight.request->statement.rows;
  if (copy_.next == rows.rows()) {
    if (copy_.is_complete) return finish_copy(nullptr);
    // What was written has gone out by now.
    return ask_for_rows(rows);
  }
  std::optional<Failure> failure;
  try {
    failure = write_rows(rows, flight.statement->description()->parameters);
  } catch (const std::bad_alloc&) {
    failure = {FaultKind::kUnavailable, "no memory", {}};
  }
  if (failure) return fail_copy(flight, *failure);
  const std::string_view text = copy_.text.text();
  if (pq_.put_copy_data(connection_, text.data(), static_cast<int>(text.size())) != 1)
    return static_cast<void>(broken());
  if (copy_.next == rows.rows() && copy_.is_complete) return finish_copy(nullptr);
  watch_.wait_writable();
}

// Empty when it went well. Its text is good until the next call.
std::optional<Failure> Connection::write_rows(flow::BulkRows& rows, std::span<const Oid> types) {
  const auto failed = [&](FaultKind kind, std::string_view why) {
    why_ = "row " + std::to_string(copy_.before + copy_.next + 1) + ": ";
    why_ += why;
    return Failure{kind, why_, {}};
  };
  copy_.text.clear();
  while (copy_.next < rows.rows() && copy_.text.size() < kPart) {
    copy_.arena.reset();
    if (const Result<void> read = rows.read(copy_.next, copy_.arena, copy_.cells); !read)
      return failed(read.error().kind, read.error().why);
    if (!copy_.text.add_row(copy_.cells, types))
      return failed(FaultKind::kConflict, "a value does not fit its type");
    ++copy_.next;
  }
  return std::nullopt;
}

// --- Rows of a stream ---

// Only when the server has taken those before, so that a source is as fast as the database.
void Connection::ask_for_rows(flow::BulkRows& rows) noexcept {
  copy_.before += std::exchange(copy_.next, 0);
  copy_.has_begun = copy_.is_asked = true;
  rows.source()->next(*this);
}

// What comes behind the end of the copy, which the server has refused meanwhile, is of no use.
void Connection::on_part(const void* part) noexcept {
  copy_.is_asked = false;
  if (copy_.phase != Copy::Phase::kSending) return;
  flights_.front().request->statement.rows->take(part);
  feed_copy();
}

void Connection::on_end() noexcept {
  copy_.is_asked = false;
  copy_.is_complete = true;
  if (copy_.phase == Copy::Phase::kSending) finish_copy(nullptr);
}

void Connection::on_failure(const Fault& fault) noexcept {
  copy_.is_asked = false;
  if (copy_.phase != Copy::Phase::kSending) return;
  Failure failure{FaultKind::kUnavailable, "no memory", {}};
  try {
    // The text goes with the source, which is closed before it is used.
    why_ = "the source of the rows has failed: ";
    why_ += fault.why.view();
    failure.why = why_;
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): that is what the failure says
  }
  fail_copy(flights_.front(), failure);
}

// Whether the server says something while it gets rows. It does that only to say that it takes no more.
bool Connection::is_copy_refused() const noexcept {
  int waiting = 0;
  return copy_.phase == Copy::Phase::kSending && ioctl(pq_.socket(connection_), FIONREAD, &waiting) == 0 &&
         waiting > 0;
}

// --- Ends ---

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

// It is over for whoever waits, and for the server soon.
void Connection::fail_copy(Flight& flight, const Failure& failure) noexcept {
  Request& request = *std::exchange(flight.request, nullptr);
  request.connection_ = nullptr;
  give_up_copy(flight);
  request.failed(failure);
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
