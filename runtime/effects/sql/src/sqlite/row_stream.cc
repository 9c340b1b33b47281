#include "row_stream.h"

#include "refusal.h"
#include <zerver/flow/worker.h>

#include <memory>
#include <utility>

namespace zerver::effects::sqlite {

// Free, or: opening, or open with a part that is read or not, or closing.
class RowStreams::RowStream final : public OpenedSource, public StatementJob {
 public:
  explicit RowStream(RowStreams& owner)
      : StatementJob(owner.worker_.loop(), [](Job& job) noexcept { static_cast<RowStream&>(job).on_back(); }),
        owner_(owner) {}

  bool open(const flow::Statement& statement, std::chrono::steady_clock::time_point lock_deadline,
            flow::Operation& operation) {
    set(statement, Wanted::kRows, lock_deadline);
    set_read(reading_);
    if (!owner_.pool_.submit(*this)) return false;
    is_running_ = true;
    operation_ = &operation;
    return true;
  }

  void next(Reader& reader) noexcept override {
    reader_ = &reader;
    if (std::exchange(has_part_, false)) return tell();
    set_read(reading_);
    run();
  }

  void close() noexcept override {
    reader_ = nullptr;
    has_part_ = false;
    is_closing_ = true;
    if (is_running_ && !owner_.pool_.abandon(*this)) return;
    is_running_ = false;
    end();
  }

  // The loop does not run any more.
  void discard() noexcept {
    owner_.pool_.discard(static_cast<StatementJob&>(*this));
    owner_.pool_.discard(reading_);
  }

 private:
  void run() noexcept {
    is_running_ = true;
    static_cast<void>(owner_.pool_.submit(*this));  // never refused, because it is open
  }

  void on_back() noexcept {
    is_running_ = false;
    if (is_closing_) return end();
    if (flow::Operation* const operation = std::exchange(operation_, nullptr); operation != nullptr) {
      if (outcome().failed) {
        operation->fail(sql::fault_of(*operation, outcome().kind, outcome().why));
        return close();
      }
      has_part_ = true;
      return flow::StreamReply(*operation).open(*this);
    }
    tell();
  }

  // What has been read, to whoever waits for it. It may be closed from within.
  void tell() noexcept {
    Reader& reader = *std::exchange(reader_, nullptr);
    if (outcome().failed) return reader.on_failure({outcome().kind, String::borrowed(outcome().why), {}});
    if (rows().rows() == 0) return reader.on_end();
    reader.on_part(static_cast<const flow::RowSource*>(&rows()));
  }

  void end() noexcept {
    if (reading_.cursor.is_open()) {
      set_close(reading_);
      return run();
    }
    is_closing_ = false;
    owner_.streams_.give_back(*this);
  }

  RowStreams& owner_;
  Reading reading_;
  Reader* reader_ = nullptr;
  bool is_running_ = false;  // the pool has it
  bool has_part_ = false;    // that nobody has asked for yet
  bool is_closing_ = false;
};

RowStreams::RowStreams(Pool& pool, flow::Worker& worker) noexcept : pool_(pool), worker_(worker) {}

RowStreams::~RowStreams() {
  for (const auto& stream : streams_.all())
    stream->discard();
}

void RowStreams::open(const flow::Statement& statement, std::chrono::steady_clock::time_point lock_deadline,
                      flow::StreamReply reply) {
  if (!streams_.has_free() && streams_.size() == kMost)
    return reply.fail({FaultKind::kUnavailable, "too many streams of the database are open", {}});
  RowStream& stream = streams_.take([this] { return std::make_unique<RowStream>(*this); });
  if (stream.open(statement, lock_deadline, reply.operation())) return;
  streams_.give_back(stream);
  reply.fail({FaultKind::kUnavailable, "the database has too much to do", {}});
}

bool RowStreams::cancel(const flow::Operation& operation) noexcept { return streams_.cancel(operation); }

}  // namespace zerver::effects::sqlite
