#include "row_stream.h"

#include "fault.h"
#include <zerver/flow/data/row_set.h>

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace zerver::effects::postgres {

// https://www.postgresql.org/docs/15/sql-declare.html
class RowStreams::RowStream final : public OpenedSource, private LeaseRequest {
 public:
  explicit RowStream(RowStreams& owner)
      : owner_(owner), begin_(*this), declare_(*this), fetch_(*this), end_(*this) {
    begin_.set_command("begin isolation level repeatable read read only");
    fetch_.set_command(fetch_text_);
    end_.set_command("rollback");
  }

  void open(const flow::Statement& statement, flow::Operation& operation) {
    operation_ = &operation;
    text_.assign("declare zerver_rows no scroll cursor for ").append(statement.text);
    declare_.statement = {text_, statement.parameters};
    is_last_ = false;
    owner_.pool_.lease(*this);
  }

  void next(Reader& reader) noexcept override {
    reader_ = &reader;
    if (!under_way_) tell();
  }

  void close() noexcept override {
    reader_ = nullptr;
    failure_.reset();
    has_ready_ = false;
    if (connection_ == nullptr) {
      owner_.pool_.forget(static_cast<LeaseRequest&>(*this));
      return set_free();
    }
    if (Request* const request = std::exchange(under_way_, nullptr); request != nullptr)
      owner_.pool_.forget(*request, Connection::Stop::kCancel);
    connection_->send(end_);
  }

 private:
  // One of its statements, all of which belong to the connection that they are sent on.
  class Part final : public Request {
   public:
    explicit Part(RowStream& stream) noexcept : stream_(stream) { is_bound = true; }
    void set_command(std::string_view text) noexcept {
      form = Form::kCommand;
      statement = {text, {}};
    }

   private:
    void answered(const Answer& answer) noexcept override { stream_.on_answer(*this, answer); }
    void failed(const Failure& failure) noexcept override { stream_.on_failure(*this, failure); }
    RowStream& stream_;
  };

  void leased(Connection& connection) noexcept override {
    connection_ = &connection;
    under_way_ = &declare_;
    connection.send(begin_);
    connection.send(declare_);  // when that has failed, so does this
  }
  void refused(const Failure& failure) noexcept override {
    flow::Operation& operation = *std::exchange(operation_, nullptr);
    operation.fail(fault_of(operation, failure));
    set_free();
  }

  void on_answer(const Part& part, const Answer& answer) noexcept {
    if (&part == &begin_) return;
    if (&part == &end_) return give_back();
    under_way_ = nullptr;
    if (&part == &declare_) return fetch();
    try {
      keep(answer.rows);
    } catch (const std::bad_alloc&) {
      return on_failure(part, {FaultKind::kUnavailable, "no memory", {}});
    }
    tell();
  }

  void on_failure(const Part& part, const Failure& failure) noexcept {
    if (&part == &begin_) return;
    if (&part == &end_) return give_back();
    under_way_ = nullptr;
    if (flow::Operation* const operation = std::exchange(operation_, nullptr); operation != nullptr) {
      operation->fail(fault_of(*operation, failure));
      return close();
    }
    why_ = failure.why;
    failure_ = failure.kind;
    tell();
  }

  void fetch() noexcept {
    under_way_ = &fetch_;
    connection_->send(fetch_);
  }

  // The rows are the server's answer's, which goes.
  void keep(const flow::RowSource& rows) {
    flow::RowSet& ready = parts_[ready_];
    ready.clear();
    for (std::size_t column = 0; column < rows.columns(); ++column)
      ready.add_column(rows.column(column));
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      for (std::size_t column = 0; column < rows.columns(); ++column)
        ready.add_cell(rows.cell(row, column));
    }
    is_last_ = std::cmp_less(rows.rows(), kRows);
    has_ready_ = true;
  }

  // What has come, to whoever waits for it. It may be closed from within.
  void tell() noexcept {
    if (flow::Operation* const operation = std::exchange(operation_, nullptr); operation != nullptr)
      return flow::StreamReply(*operation).open(*this);
    if (reader_ == nullptr) return;
    Reader& reader = *std::exchange(reader_, nullptr);
    const flow::RowSet& part = parts_[ready_];
    if (std::exchange(has_ready_, false) && part.rows() != 0) {
      ready_ ^= 1U;
      if (!is_last_) fetch();
      return reader.on_part(static_cast<const flow::RowSource*>(&part));
    }
    if (failure_) return reader.on_failure({*failure_, String::borrowed(why_), {}});
    reader.on_end();
  }

  void give_back() noexcept {
    owner_.pool_.give_back(*std::exchange(connection_, nullptr));
    set_free();
  }
  void set_free() noexcept { owner_.streams_.give_back(*this); }

  RowStreams& owner_;
  const std::string fetch_text_ = "fetch forward " + std::to_string(kRows) + " from zerver_rows";
  std::string text_;
  Part begin_, declare_, fetch_, end_;
  Connection* connection_ = nullptr;  // null: it has none yet, or is free
  Request* under_way_ = nullptr;      // declare_ or fetch_
  Reader* reader_ = nullptr;
  std::array<flow::RowSet, 2> parts_;  // that the reader has, and that comes next,
  std::size_t ready_ = 0;              // which is this one
  bool has_ready_ = false;
  bool is_last_ = false;  // nothing comes behind what is ready
  std::optional<FaultKind> failure_;
  std::string why_;
};

RowStreams::RowStreams(Pool& pool) noexcept : pool_(pool) {}
RowStreams::~RowStreams() = default;

void RowStreams::open(const flow::Statement& statement, flow::StreamReply reply) {
  RowStream& stream = streams_.take([this] { return std::make_unique<RowStream>(*this); });
  stream.open(statement, reply.operation());
}

bool RowStreams::cancel(const flow::Operation& operation) noexcept { return streams_.cancel(operation); }

}  // namespace zerver::effects::postgres
