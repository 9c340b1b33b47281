// A statement on its way to a server.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/data/row_source.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::effects::postgres {

class Connection;

// Why a statement has failed. The texts are good while it is told.
struct Failure {
  FaultKind kind = FaultKind::kInternal;
  std::string_view why;
  std::string_view sql_state;  // empty when the server has not said it
};

// What a statement came to. The rows are good while it is told.
struct Answer {
  const flow::RowSource& rows;
  std::int64_t affected = 0;  // that an insert, update or delete changed
  std::string_view command;   // as the server calls it: `INSERT 0 1`
};

// Who waits in the queue of a pool.
class Waiting {
 public:
  enum class For : std::uint8_t { kAnswer, kConnection };

  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 protected:
  explicit Waiting(For what) noexcept : for_(what) {}
  ~Waiting() = default;

 private:
  friend class WaitingQueue;
  friend class Pool;

  virtual void refused(const Failure& failure) noexcept = 0;

  Waiting* previous_ = nullptr;
  Waiting* next_ = nullptr;
  For for_;
  bool queued_ = false;
};

// Embedded in whoever waits for the answer, and told exactly once, unless it is cancelled or let go. Pinned
// meanwhile; may be used again from within what it is told.
class Request : public Waiting {
 public:
  // How a statement is sent. A command has no values, is not prepared and must not return rows. A copy is
  // of a statement that has `rows`.
  enum class Form : std::uint8_t { kPrepared, kCommand, kCopy };

  // What it refers to stays until it is over. Values that are bound where the text has a `?`, or `$1`.
  flow::Statement statement;
  Form form = Form::kPrepared;
  // It is part of what is under way on the connection that it is sent on, and never goes to another one.
  bool is_bound = false;

 protected:
  Request() noexcept : Waiting(For::kAnswer) {}
  ~Request() = default;

 private:
  friend class Connection;
  friend class Pool;

  // All rows there are; good while it is told.
  virtual void answered(const Answer& answer) noexcept = 0;
  virtual void failed(const Failure& failure) noexcept = 0;
  void refused(const Failure& failure) noexcept final { failed(failure); }

  Connection* connection_ = nullptr;  // that it has been sent on
  bool again_ = false;                // it has been sent twice
};

// Asks for a connection of its own.
class LeaseRequest : public Waiting {
 protected:
  LeaseRequest() noexcept : Waiting(For::kConnection) {}
  ~LeaseRequest() = default;

 private:
  friend class Pool;

  // It is given back with Pool::give_back(). When it is lost meanwhile, what is sent on it fails.
  virtual void leased(Connection& connection) noexcept = 0;
};

// First come, first served.
class WaitingQueue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  Waiting* first() const noexcept { return first_; }
  bool contains(const Waiting& one) const noexcept { return one.queued_; }

  void push_back(Waiting& one) noexcept {
    one.previous_ = last_;
    one.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &one;
    last_ = &one;
    one.queued_ = true;
    ++size_;
  }
  void push_front(Waiting& one) noexcept {
    one.previous_ = nullptr;
    one.next_ = first_;
    (first_ == nullptr ? last_ : first_->previous_) = &one;
    first_ = &one;
    one.queued_ = true;
    ++size_;
  }
  void remove(Waiting& one) noexcept {
    (one.previous_ == nullptr ? first_ : one.previous_->next_) = one.next_;
    (one.next_ == nullptr ? last_ : one.next_->previous_) = one.previous_;
    one.queued_ = false;
    --size_;
  }

 private:
  Waiting* first_ = nullptr;
  Waiting* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace zerver::effects::postgres
