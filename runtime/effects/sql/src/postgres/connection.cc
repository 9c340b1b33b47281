#include "connection.h"

#include "protocol/one_line.h"
#include "protocol/sql_state.h"
#include "protocol/types.h"
#include "round_trip.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/ioctl.h>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

namespace {

std::string_view field(const Libpq& pq, const PGresult* result, int code) noexcept {
  const char* const text = pq.error_field(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

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
            connection.state_ == State::kConnecting ? connection.poll_connect() : connection.flush();
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

// --- Sending ---

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
  if (left == 1) watch_.wait_writable();
  // What the server has said before it went is read first.
  if (left < 0) watch_.wait_readable();
  if (left == 0 && copy_.phase == Copy::Phase::kSending) feed_copy();
}

void Connection::probe() noexcept {
  if (pq_.pipeline_sync(connection_) != 1) return lose(last_error());
  push(Kind::kProbe, nullptr, nullptr);
  loop_.start(timer_, loop_.now() + options_.answer_timeout);
  flush();
}

// --- Receiving ---

void Connection::on_readable() noexcept {
  if (!within_bounds()) return end_oversized();
  const bool is_alive = pq_.consume_input(connection_) == 1;
  drain();
  if (state_ != State::kReady) return;
  read_notifications();
  if (state_ != State::kReady) return;
  if (!is_alive) return lose(last_error());
  watch_.wait_readable();
}

// libpq keeps all of an answer in memory. What is about to be read is counted before it is, from the second
// time on, so that answers that come in one piece cost nothing.
bool Connection::within_bounds() noexcept {
  if (flights_.empty() || answer_bytes_ == 0) return true;
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

void Connection::drain() noexcept {
  if (std::exchange(draining_, true)) return;
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
  if (state_ == State::kReady && !flights_.empty() && answer_bytes_ == 0) answer_bytes_ = 1;
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
  if (flights_.empty()) {
    if (flight.kind != Kind::kProbe) idle_since_ = now;
    stray_cancel_ = stray_cancel_ && is_cancelling();
  }
  cancel_head();
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
  flight.request->failed(failure_of(error_.get()));
}

// Once: a statement that cannot have begun, because of something that it has nothing to do with.
bool Connection::goes_again(const Flight& flight, std::string_view state) noexcept {
  constexpr std::string_view kCancelled = "57014";
  constexpr std::string_view kNoSuchStatement = "26000";
  constexpr std::string_view kNotSupported = "0A000";  // "cached plan must not change result type"
  const bool may_go =
      flight.request != nullptr && !flight.request->again_ && !flight.request->is_bound && !in_transaction();
  if (flight.statement != nullptr && (state == kNotSupported || state == kNoSuchStatement)) {
    const std::string_view routine = field(pq_, error_.get(), PG_DIAG_SOURCE_FUNCTION);
    if (state == kNotSupported && routine != "RevalidateCachedQuery") return false;
    book_.forget(*flight.statement);
    return may_go;
  }
  return state == kCancelled && !flight.to_cancel && std::exchange(stray_cancel_, false) && may_go;
}

Failure Connection::failure_of(const PGresult* error) {
  const ServerError parts{
      field(pq_, error, PG_DIAG_SQLSTATE),        field(pq_, error, PG_DIAG_MESSAGE_PRIMARY),
      field(pq_, error, PG_DIAG_CONSTRAINT_NAME), field(pq_, error, PG_DIAG_TABLE_NAME),
      field(pq_, error, PG_DIAG_COLUMN_NAME),
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
  if (how == Stop::kLetGo || flight->kind == Kind::kDescribe) return;
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

// The backend has been told; what it runs now may be the statement behind the one that was meant.
void Connection::cancelled() noexcept {
  cancel_.reset();
  if (state_ != State::kReady) return;
  if (flights_.empty() || !flights_.front().was_cancelled) loop_.stop(timer_);
  if (flights_.empty()) stray_cancel_ = false;
  cancel_head();
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
  if (error_ != nullptr && !field(pq_, error_.get(), PG_DIAG_SQLSTATE).empty())
    why = failure_of(error_.get()).why;
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
