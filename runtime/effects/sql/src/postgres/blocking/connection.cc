#include "connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <poll.h>

namespace zerver::effects::postgres {

namespace {

constexpr std::int64_t kBoundMilliseconds = BlockingConnection::kBound.nanoseconds / 1'000'000;

// One line.
std::string message_of(const char* text) {
  std::string message = text == nullptr ? "" : text;
  while (!message.empty() && (message.back() == '\n' || message.back() == ' '))
    message.pop_back();
  std::ranges::replace(message, '\n', ' ');
  return message.empty() ? "the server does not answer" : message;
}

void append_hex(std::string& to, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    to += kDigits[byte >> 4U];
    to += kDigits[byte & 0xFU];
  }
}

int value_of(char digit) noexcept { return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10; }

}  // namespace

std::int64_t milliseconds_now() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// --- Values ---

std::size_t TextRows::size() const noexcept { return static_cast<std::size_t>(pq().rows(result_.get())); }

std::uint64_t TextRows::affected() const noexcept {
  const std::string_view text = pq().affected(result_.get());
  std::uint64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

bool TextRows::is_null(std::size_t row, std::size_t column) const noexcept {
  return pq().is_null(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}

std::string_view TextRows::text(std::size_t row, std::size_t column) const noexcept {
  const int at = static_cast<int>(row);
  const int in = static_cast<int>(column);
  return {pq().value(result_.get(), at, in),
          static_cast<std::size_t>(pq().value_size(result_.get(), at, in))};
}

std::int64_t TextRows::integer(std::size_t row, std::size_t column) const noexcept {
  const std::string_view written = text(row, column);
  std::int64_t value = 0;
  std::from_chars(written.data(), written.data() + written.size(), value);
  return value;
}

std::string TextRows::bytes(std::size_t row, std::size_t column) const {
  const std::string_view written = text(row, column);
  std::string result;
  for (std::size_t i = 2; i + 1 < written.size(); i += 2)
    result += static_cast<char>(value_of(written[i]) << 4 | value_of(written[i + 1]));
  return result;
}

TextValues& TextValues::text(std::string_view text) {
  values_.emplace_back(std::string(text));
  return *this;
}
TextValues& TextValues::number(std::int64_t number) { return text(std::to_string(number)); }
TextValues& TextValues::bytes(std::string_view bytes) {
  std::string hex = "\\x";
  append_hex(hex, bytes);
  values_.emplace_back(std::move(hex));
  return *this;
}
TextValues& TextValues::null() {
  values_.emplace_back();
  return *this;
}

void ArrayText::add(std::string_view element) {
  if (literal_.size() > 1) literal_ += ',';
  literal_ += element;
}
void ArrayText::bytes(std::string_view bytes) {
  std::string hex = "\"\\\\x";
  append_hex(hex, bytes);
  add(hex += '"');
}
void ArrayText::text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  add(quoted += '"');
}
std::string ArrayText::take() { return std::move(literal_ += '}'); }

// --- The connection ---

std::string BlockingConnection::open(const std::string& url, const char* application) {
  close();
  if (pq_.connect_start == nullptr) {
    if (std::string error = pq_.load(); !error.empty()) return error;
  }
  // What the URL says goes before the first ones.
  constexpr std::array<const char*, 8> kKeys = {
      "keepalives_idle",  "keepalives_interval", "keepalives_count", "tcp_user_timeout",
      "application_name", "client_encoding",     "dbname",           nullptr};
  const std::array<const char*, 8> values = {"5",         "2",    "3",         "10000",
                                             application, "UTF8", url.c_str(), nullptr};
  connection_ = pq_.connect_start(kKeys.data(), values.data(), 1);
  if (connection_ == nullptr) return "there is no memory";
  // Not on standard error: what is wrong is an answer.
  pq_.set_notice_processor(connection_, [](void*, const char*) {}, nullptr);
  const std::int64_t end = milliseconds_now() + kBoundMilliseconds;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (pq_.status(connection_) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
    if (!poll_until(status == PGRES_POLLING_WRITING, end)) break;
    status = pq_.connect_poll(connection_);
    if (status == PGRES_POLLING_FAILED) break;
  }
  if (status != PGRES_POLLING_OK) return broken();
  pq_.set_nonblocking(connection_, 0);
  return {};
}

void BlockingConnection::close() noexcept {
  if (connection_ == nullptr) return;
  pq_.finish(connection_);
  connection_ = nullptr;
  prepared_.clear();
}

std::string BlockingConnection::broken() {
  std::string why = message_of(pq_.error_message(connection_));
  close();
  return why;
}

bool BlockingConnection::poll_until(bool writes, std::int64_t end) noexcept {
  pollfd entry{pq_.socket(connection_), static_cast<short>(writes ? POLLOUT : POLLIN), 0};
  while (true) {
    const std::int64_t left = end - milliseconds_now();
    if (left <= 0) return false;
    const int ready = poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::string BlockingConnection::wait_for(TextRows& rows) {
  const std::int64_t end = milliseconds_now() + kBoundMilliseconds;
  std::string error;
  while (true) {
    while (pq_.is_busy(connection_) != 0) {
      if (!poll_until(false, end)) {
        close();
        return "the server has not answered in time";
      }
      if (pq_.consume_input(connection_) == 0) return broken();
    }
    PGresult* const result = pq_.get_result(connection_);
    if (result == nullptr) break;
    rows = TextRows(pq_, result);
    const ExecStatusType status = pq_.result_status(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) error = message_of(pq_.result_error(result));
  }
  if (pq_.status(connection_) == CONNECTION_BAD) {
    const std::string why = broken();
    return error.empty() ? why : error;
  }
  return error;
}

std::string BlockingConnection::execute(const std::string& script) {
  TextRows rows;
  if (pq_.send_query(connection_, script.c_str()) == 0) return broken();
  return wait_for(rows);
}

std::string BlockingConnection::run(std::string_view statement, const TextValues& values, TextRows& rows) {
  auto known = prepared_.find(statement.data());
  if (known == prepared_.end()) {
    const std::string name = "q" + std::to_string(prepared_.size());
    if (pq_.send_prepare(connection_, name.c_str(), std::string(statement).c_str(), 0, nullptr) == 0)
      return broken();
    if (std::string error = wait_for(rows); !error.empty()) return error;
    known = prepared_.emplace(statement.data(), name).first;
  }
  std::vector<const char*> texts;
  for (const std::optional<std::string>& value : values.all())
    texts.push_back(value ? value->c_str() : nullptr);
  if (pq_.send_prepared(connection_, known->second.c_str(), static_cast<int>(texts.size()), texts.data(),
                        nullptr, nullptr, 0) == 0)
    return broken();
  return wait_for(rows);
}

bool BlockingConnection::was_notified() {
  if (pq_.consume_input(connection_) == 0) {
    close();
    return false;
  }
  bool by_others = false;
  while (PGnotify* const notice = pq_.notifies(connection_)) {
    by_others = by_others || notice->be_pid != pq_.backend_pid(connection_);
    pq_.free_memory(notice);
  }
  return by_others;
}

}  // namespace zerver::effects::postgres
