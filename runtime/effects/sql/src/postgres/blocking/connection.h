// One connection to PostgreSQL that waits, within bounds, for what it asks.
#pragma once

#include "postgres/protocol/libpq.h"
#include <zerver/core/time.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::postgres {

// Of the steady clock.
[[nodiscard]] std::int64_t milliseconds_now() noexcept;

// The rows of a statement; every cell is text, bytes as `\x...`.
class TextRows {
 public:
  TextRows() = default;
  TextRows(const Libpq& pq, PGresult* result) noexcept : result_(result, {&pq}) {}

  std::size_t size() const noexcept;
  // Inserted, updated or deleted, or read.
  std::uint64_t affected() const noexcept;
  bool is_null(std::size_t row, std::size_t column) const noexcept;
  std::string_view text(std::size_t row, std::size_t column) const noexcept;
  std::int64_t integer(std::size_t row, std::size_t column) const noexcept;
  std::string bytes(std::size_t row, std::size_t column) const;

 private:
  const Libpq& pq() const noexcept { return *result_.get_deleter().pq; }

  ResultPointer result_{nullptr, {nullptr}};
};

// The parameters of a statement, as text.
class TextValues {
 public:
  TextValues& text(std::string_view text);
  TextValues& number(std::int64_t number);
  TextValues& bytes(std::string_view bytes);
  TextValues& null();
  std::span<const std::optional<std::string>> all() const noexcept { return values_; }

 private:
  std::vector<std::optional<std::string>> values_;
};

// An array, to be a parameter.
class ArrayText {
 public:
  void number(std::int64_t number) { add(std::to_string(number)); }
  void bytes(std::string_view bytes);
  void text(std::string_view text);
  void null() { add("null"); }
  std::string take();

 private:
  void add(std::string_view element);
  std::string literal_ = "{";
};

// Of one thread.
class BlockingConnection {
 public:
  // For a connection, and for the answer to one statement.
  static constexpr Duration kBound = Duration::from_seconds(10);

  BlockingConnection() = default;
  ~BlockingConnection() { close(); }
  BlockingConnection(const BlockingConnection&) = delete;
  BlockingConnection& operator=(const BlockingConnection&) = delete;

  // `application` is what the server knows it by. Empty, or what is wrong, without the password.
  [[nodiscard]] std::string open(const std::string& url, const char* application);
  void close() noexcept;
  bool is_open() const noexcept { return connection_ != nullptr; }
  // Behind open().
  const Libpq& library() const noexcept { return pq_; }

  // Several statements without parameters.
  [[nodiscard]] std::string execute(const std::string& script);
  // One, which is prepared once; `statement` is static. Empty, or what is wrong: the connection is closed
  // when it cannot be used any more.
  [[nodiscard]] std::string run(std::string_view statement, const TextValues& values, TextRows& rows);
  // Whether another connection has notified of something; does not wait.
  bool was_notified();

 private:
  [[nodiscard]] std::string wait_for(TextRows& rows);
  bool poll_until(bool writes, std::int64_t end) noexcept;
  std::string broken();

  Libpq pq_;
  PGconn* connection_ = nullptr;
  std::map<const char*, std::string> prepared_;  // names, by the text's address
};

}  // namespace zerver::effects::postgres
