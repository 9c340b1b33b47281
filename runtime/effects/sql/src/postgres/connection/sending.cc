// How statements go out on a connection.
#include "connection.h"
#include "round_trip.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

bool Connection::takes_behind() const noexcept {
  if (state_ != State::kReady || is_cancelling()) return false;
  Duration work{};
  for (const Flight& flight : flights_) {
    const bool is_quick =
        flight.kind == Kind::kExecute && flight.request != nullptr && flight.statement->is_quick();
    if (!is_quick) return false;
    work = work + flight.statement->typical();
  }
  return goes_ahead(flights_.size(), work, round_trip_);
}

void Connection::measure() noexcept {
  if (state_ == State::kReady)
    round_trip_ = std::max(options_.least_round_trip, round_trip_of(pq_.socket(connection_)));
}

bool Connection::in_transaction() const noexcept {
  return connection_ != nullptr && pq_.transaction_status(connection_) != PQTRANS_IDLE;
}

void Connection::send(Request& request) noexcept {
  // One that was leased and lost is still somebody's.
  if (state_ != State::kReady)
    return request.failed({FaultKind::kUnavailable, "the connection to the server is lost", {}});
  if (copy_.phase == Copy::Phase::kNone && held_.empty()) return transmit(request);
  try {
    held_.push_back(&request);
    request.connection_ = this;
  } catch (const std::bad_alloc&) {
    request.failed({FaultKind::kUnavailable, "no memory", {}});
  }
}

void Connection::transmit(Request& request) noexcept {
  std::optional<Failure> failure;
  try {
    failure = try_send(request);
  } catch (const std::bad_alloc&) {
    failure = {FaultKind::kUnavailable, "no memory", {}};
  }
  if (!failure) return flush();
  request.connection_ = nullptr;
  request.again_ = false;
  request.failed(*failure);
}

std::optional<Failure> Connection::try_send(Request& request) {
  request.connection_ = this;
  if (request.form == Request::Form::kCommand) {
    const std::string text(request.statement.text);
    return send_command(&request, text.c_str());
  }
  std::shared_ptr<Statement> statement = book_.find_or_add(request.statement.text);
  if (statement->description() == nullptr) return send_describe(request, std::move(statement));
  if (request.form == Request::Form::kCopy) return queue_copy(request, std::move(statement));
  return send_execution(request, std::move(statement));
}

std::optional<Failure> Connection::send_command(Request* request, const char* text) {
  if (pq_.send_params(connection_, text, 0, nullptr, nullptr, nullptr, nullptr, 0) != 1 ||
      pq_.pipeline_sync(connection_) != 1)
    return broken();
  push(Kind::kCommand, request, nullptr);
  return std::nullopt;
}

// Without a name, so that it is not in the way of whoever asks the same meanwhile.
std::optional<Failure> Connection::send_describe(Request& request, std::shared_ptr<Statement> statement) {
  const std::vector<Oid>& hints = statement->hints();
  if (pq_.send_prepare(connection_, "", statement->text().c_str(), static_cast<int>(hints.size()),
                       hints.data()) != 1 ||
      pq_.send_describe(connection_, "") != 1 || pq_.pipeline_sync(connection_) != 1)
    return broken();
  push(Kind::kDescribe, &request, std::move(statement));
  return std::nullopt;
}

std::optional<Failure> Connection::send_execution(Request& request, std::shared_ptr<Statement> statement) {
  const Statement::Description& description = *statement->description();
  const auto values = request.statement.parameters;
  if (values.size() != description.parameters.size()) {
    return Failure{FaultKind::kInternal, "the number of parameters is not that of the statement", {}};
  }
  if (!parameters_.set(values, description.parameters))
    return Failure{FaultKind::kConflict, "a value does not fit its type", {}};
  const auto known = prepared_.find(statement->number());
  const bool prepares = known == prepared_.end();
  if (prepares) {
    if (prepared_.size() >= kMaxPrepared) close_oldest_statement();
    if (pq_.send_prepare(connection_, statement->name().c_str(), statement->text().c_str(),
                         static_cast<int>(description.parameters.size()), description.parameters.data()) != 1)
      return broken();
    prepared_[statement->number()] = {statement, ++uses_};
  } else {
    known->second.used = ++uses_;
  }
  if (pq_.send_prepared(connection_, statement->name().c_str(), parameters_.size(), parameters_.values(),
                        parameters_.sizes(), parameters_.formats(), description.is_binary ? 1 : 0) != 1 ||
      pq_.pipeline_sync(connection_) != 1)
    return broken();
  push(prepares ? Kind::kPrepareAndExecute : Kind::kExecute, &request, std::move(statement));
  return std::nullopt;
}

void Connection::close_oldest_statement() {
  const auto oldest =
      std::ranges::min_element(prepared_, {}, [](const auto& each) { return each.second.used; });
  const std::string text = "deallocate " + oldest->second.statement->name();
  prepared_.erase(oldest);
  // What is broken is found out by what is sent behind it.
  static_cast<void>(send_command(nullptr, text.c_str()));
}

// The connection ends soon, but not from within.
Failure Connection::broken() noexcept {
  loop_.start(timer_, loop_.now());
  return {FaultKind::kUnavailable, "the connection to the server is lost", {}};
}

void Connection::push(Kind kind, Request* request, std::shared_ptr<Statement> statement) {
  flights_.push_back({kind, request, std::move(statement), loop_.now(), false, false});
}

void Connection::flush() noexcept {
  if (state_ != State::kReady) return;
  const int left = pq_.flush(connection_);
  // What the server has said before it went is read first.
  if (left < 0) return watch_.wait_readable();
  if (left == 0 && copy_.phase == Copy::Phase::kSending) return feed_copy();
  if (left == 1 || has_unread()) watch_.wait_writable();
}

void Connection::probe() noexcept {
  if (pq_.pipeline_sync(connection_) != 1) return lose(last_error());
  push(Kind::kProbe, nullptr, nullptr);
  loop_.start(timer_, loop_.now() + options_.answer_timeout);
  flush();
}

}  // namespace zerver::effects::postgres
