#include "stream_insert.h"

#include "bulk.h"
#include "refusal.h"
#include <zerver/flow/stream/source.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace zerver::effects::sqlite {

namespace {

// Of rows that are inserted together. There are as many again, which come next.
constexpr std::size_t kRowsAtOnce = std::size_t{64} << 10;

}  // namespace

class StreamInserts::StreamInsert final : public StatementJob, private flow::Source::Reader {
 public:
  explicit StreamInsert(StreamInserts& owner)
      : StatementJob(owner.worker_.loop(),
                     [](Job& job) noexcept { static_cast<StreamInsert&>(job).on_back(); }),
        owner_(owner) {}

  void start(const flow::Statement& statement, std::chrono::steady_clock::time_point lock_deadline,
             Session* session, bool opens, flow::Operation& operation) noexcept {
    operation_ = &operation;
    insert_text_ = statement.text;
    feed_ = statement.rows;
    lock_deadline_ = lock_deadline;
    is_alone_ = session == nullptr;
    within_ = is_alone_ ? &own_session_ : session;
    opens_ = is_alone_ || opens;
    next_ = before_ = inserted_ = 0;
    affected_ = 0;
    is_asked_ = is_complete_ = is_ending_ = has_begun_ = false;
    failure_.reset();
    coming_->clear();
    go_on();
  }

  bool is_for(const flow::Operation& operation) const noexcept { return operation_ == &operation; }

  void cancel() noexcept {
    operation_ = nullptr;
    close_source();
    if (is_running_ && owner_.pool_.abandon(*this)) is_running_ = false;
    if (!is_running_) roll_back();
  }

  // The loop does not run any more.
  void discard() noexcept {
    owner_.pool_.discard(static_cast<StatementJob&>(*this));
    owner_.pool_.discard(own_session_);
  }

 private:
  // --- What the source says ---

  void on_part(const void* part) noexcept override {
    is_asked_ = false;
    before_ += std::exchange(next_, 0);
    feed_->take(part);
    go_on();
  }
  void on_end() noexcept override {
    is_asked_ = false;
    is_complete_ = true;
    go_on();
  }
  void on_failure(const Fault& fault) noexcept override {
    is_asked_ = false;
    fail(FaultKind::kUnavailable, "the source of the rows has failed: ", fault.why);
    go_on();
  }

  // --- What happens next ---

  // Everything that can be done now. The source may tell something from within.
  void go_on() noexcept {
    if (std::exchange(is_going_, true)) return;
    while (step()) {
    }
    is_going_ = false;
    if (!is_running_ && (failure_ || !is_asked_)) end();
  }

  // True: there may be something else to do.
  bool step() noexcept {
    if (failure_ || operation_ == nullptr) return false;
    if (next_ < feed_->rows() && has_room()) {
      copy();
      return true;
    }
    if (!is_running_ && coming_->rows() > 0 && (!has_room() || is_asked_ || is_complete_)) {
      insert();
      return true;
    }
    if (!is_complete_ && !is_asked_ && has_room()) {
      is_asked_ = true;
      feed_->source()->next(*this);
      return true;
    }
    return false;
  }

  bool has_room() const noexcept {
    return coming_->bytes() + coming_->rows() * sizeof(flow::Value) < kRowsAtOnce;
  }

  void copy() noexcept {
    try {
      if (const Result<void> copied = copier_.append(*feed_, next_, *coming_, kRowsAtOnce); !copied)
        fail(copied.error().kind, of_row(before_ + next_, {}), copied.error().why);
    } catch (const std::bad_alloc&) {
      fail(FaultKind::kUnavailable, "no memory", {});
    }
  }

  void insert() noexcept {
    const std::size_t count = coming_->rows();
    set({insert_text_, {}}, Wanted::kCount, lock_deadline_);
    set_insert(coming_, inserted_);
    inserted_ += count;
    has_begun_ = true;
    coming_->clear();
    set_session(*within_, std::exchange(opens_, false));
    is_running_ = owner_.pool_.submit(*this);
    if (!is_running_) fail(FaultKind::kUnavailable, "the database has too much to do", {});
  }

  void on_back() noexcept {
    is_running_ = false;
    if (is_ending_) return finish();
    if (operation_ == nullptr) return roll_back();
    if (outcome().failed) {
      fail(outcome().kind, outcome().why, {});
    } else {
      affected_ += rows().affected();
    }
    go_on();
  }

  void fail(FaultKind kind, std::string_view what, std::string_view why) noexcept {
    if (failure_) return;
    failure_ = kind;
    try {
      why_.assign(what).append(why);
    } catch (const std::bad_alloc&) {
      why_.clear();
    }
  }

  // --- How it ends ---

  // Nothing is under way.
  void end() noexcept {
    if (operation_ == nullptr || is_ending_) return;
    if (failure_) return roll_back();
    if (!is_complete_ || coming_->rows() > 0) return;
    if (is_alone_ && has_begun_) return run_end([this] { set_end(*within_, true); });
    if (is_alone_ || has_begun_ || !opens_) return finish();
    // Its flow commits what it has opened, be there rows or none.
    copy();
    insert();
  }

  // Inside of a flow's transaction all of that is over, as what has been inserted so far cannot be told from
  // it; the flow ends it.
  void roll_back() noexcept {
    close_source();
    const bool is_left_to_flow = !is_alone_ && operation_ == nullptr;
    if (!has_begun_ || is_left_to_flow) return finish();
    run_end([this] {
      if (is_alone_) {
        set_end(*within_, false);
      } else {
        set_undo(*within_);
      }
    });
  }

  template <class Set> void run_end(Set set) noexcept {
    is_ending_ = is_running_ = true;
    set();
    static_cast<void>(owner_.pool_.submit(*this));  // never refused, because it is open
  }

  // The flow may begin the next one from within.
  void finish() noexcept {
    close_source();
    if (is_ending_ && outcome().failed) fail(outcome().kind, outcome().why, {});
    if (flow::Operation* const operation = std::exchange(operation_, nullptr); operation != nullptr) {
      if (failure_) {
        operation->fail(sql::fault_of(*operation, *failure_, why_));
      } else {
        operation->complete(&affected_);
      }
    }
    owner_.inserts_.give_back(*this);
  }

  void close_source() noexcept {
    is_asked_ = false;
    if (flow::BulkRows* const rows = std::exchange(feed_, nullptr); rows != nullptr) rows->finish();
  }

  StreamInserts& owner_;
  Session own_session_;
  Session* within_ = nullptr;  // its own, or that of the flow's transaction
  flow::Operation* operation_ = nullptr;
  std::string_view insert_text_;
  flow::BulkRows* feed_ = nullptr;  // null: closed
  std::chrono::steady_clock::time_point lock_deadline_;
  RowCopier copier_;
  std::unique_ptr<flow::RowSet> coming_ = std::make_unique<flow::RowSet>();  // that are to be inserted next
  std::size_t next_ = 0;      // row of the part that has come last
  std::size_t before_ = 0;    // rows of the parts before that
  std::size_t inserted_ = 0;  // rows that were handed to the pool
  bool has_begun_ = false;    // something was
  std::int64_t affected_ = 0;
  std::optional<FaultKind> failure_;
  std::string why_;
  bool is_alone_ = true;
  bool opens_ = true;
  bool is_running_ = false;  // the pool has it
  bool is_asked_ = false;    // the source
  bool is_complete_ = false;
  bool is_going_ = false;
  bool is_ending_ = false;
};

StreamInserts::StreamInserts(Pool& pool, flow::Worker& worker) noexcept : pool_(pool), worker_(worker) {}

StreamInserts::~StreamInserts() {
  for (const auto& insert : inserts_.all())
    insert->discard();
}

void StreamInserts::start(const flow::Statement& statement,
                          std::chrono::steady_clock::time_point lock_deadline, Session* session, bool opens,
                          flow::Operation& operation) {
  StreamInsert& insert = inserts_.take([this] { return std::make_unique<StreamInsert>(*this); });
  insert.start(statement, lock_deadline, session, opens, operation);
}

bool StreamInserts::cancel(const flow::Operation& operation) noexcept {
  const auto found =
      std::ranges::find_if(inserts_.all(), [&](const auto& insert) { return insert->is_for(operation); });
  if (found == inserts_.all().end()) return false;
  (*found)->cancel();
  return true;
}

}  // namespace zerver::effects::sqlite
