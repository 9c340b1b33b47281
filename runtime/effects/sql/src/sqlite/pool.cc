#include "pool.h"

#include "schema.h"

#include <algorithm>
#include <array>
#include <utility>

namespace zerver::effects::sqlite {

void StatementJob::set(const flow::Statement& statement, Wanted wanted,
                       std::chrono::steady_clock::time_point lock_deadline) {
  patience_.abandoned.store(false, std::memory_order_relaxed);
  task_ = Task::kAlone;
  session_ = nullptr;
  reading_ = nullptr;
  patience_.until = lock_deadline;
  text_ = statement.text;
  wanted_ = wanted;
  outcome_ = {};
  inserts_ = false;
  parameters_.assign(statement.parameters.begin(), statement.parameters.end());
  bytes_.clear();
  std::size_t size = 0;
  for (const flow::Value& value : parameters_) {
    if (value.has_text()) size += value.text().size();
  }
  bytes_.reserve(size);  // so that nothing moves below
  for (flow::Value& value : parameters_) {
    if (!value.has_text()) continue;
    const std::size_t begin = bytes_.size();
    bytes_.append(value.text());
    const std::string_view copy = bytes_.view().substr(begin);
    value = value.kind() == flow::Value::Kind::kBlob ? flow::Value(Bytes::borrowed(copy))
                                                     : flow::Value(String::borrowed(copy));
  }
}

void StatementJob::set_insert(std::unique_ptr<flow::RowSet>& values, std::size_t first) noexcept {
  std::swap(values_, values);
  inserts_ = true;
  first_ = first;
}

void StatementJob::set_end(Session& session, bool commits) noexcept {
  set_task(session, commits ? Task::kCommit : Task::kRollBack);
}

void StatementJob::set_undo(Session& session) noexcept { set_task(session, Task::kUndo); }

void StatementJob::set_task(Session& session, Task task) noexcept {
  patience_.abandoned.store(false, std::memory_order_relaxed);
  session_ = &session;
  task_ = task;
  outcome_ = {};
  text_ = {};
}

void StatementJob::set_read(Reading& reading) noexcept {
  patience_.abandoned.store(false, std::memory_order_relaxed);
  reading_ = &reading;
  task_ = Task::kRead;
  outcome_ = {};
}

void StatementJob::set_close(Reading& reading) noexcept {
  set_read(reading);
  task_ = Task::kClose;
}

// --- Opening and closing ---

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    writes_.ready.notify_all();
    reads_.ready.notify_all();
  }
  for (const auto& member : members_) {
    if (member->thread.joinable()) member->thread.join();
  }
}

std::string Pool::open(const std::string& path, const Settings& settings) {
  queue_bound_ = settings.queue_bound;
  batch_.reserve(kMaxBatch);
  // A database in memory belongs to its connection, so there is one for everything.
  const bool is_file = path != ":memory:";
  if (is_file) path_ = path;
  const std::size_t connections = is_file ? std::max<std::size_t>(settings.connections, 1) : 1;
  for (std::size_t index = 0; index < connections; ++index) {
    Member& member = *members_.emplace_back(std::make_unique<Member>());
    if (std::string error = member.connection.open(path, index > 0); !error.empty()) return error;
    if (settings.durable) {
      if (std::string error = member.connection.execute("pragma synchronous = full"); !error.empty())
        return error;
    }
    if (index == 0 && !settings.schema.empty()) {
      if (std::string error = apply_or_check_schema(member.connection, settings.schema); !error.empty())
        return error;
    }
    member.connection.keep_transactions();
  }
  for (std::size_t index = 0; index < members_.size(); ++index) {
    Member& member = *members_[index];
    Lane& lane = index == 0 ? writes_ : reads_;
    member.thread = std::thread([this, &member, &lane] { serve(member, lane); });
  }
  return {};
}

std::string Pool::use_also(std::string_view schema, std::size_t queue_bound) {
  const std::lock_guard lock(mutex_);
  queue_bound_ += queue_bound;
  // Nothing is asked of the writer before the service runs.
  return schema.empty() ? std::string() : apply_or_check_schema(writer().connection, schema);
}

PoolState Pool::state() const {
  const std::lock_guard lock(mutex_);
  const auto all = static_cast<std::uint32_t>(members_.size());
  PoolState state{.open = all, .most = all};
  for (const auto& member : members_) {
    const bool is_taken = member->busy || (member == members_.front() && open_ != nullptr);
    state.idle += is_taken ? 0 : 1;
  }
  state.waiting = static_cast<std::uint32_t>(writes_.queue.size() + reads_.queue.size());
  return state;
}

// --- Queues ---

// By its first word. One that turns out to write goes to the writer after all.
Pool::Lane& Pool::lane_of(const StatementJob& job) noexcept {
  constexpr std::array<std::string_view, 3> kReading{"select", "values", "with"};
  if (members_.size() == 1 || job.session_ != nullptr) return writes_;
  if (job.reading_ != nullptr) return reads_;
  const std::string_view text = job.text_;
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n("), text.size());
  const auto starts_with = [word = text.substr(begin)](std::string_view lower) {
    return word.size() > lower.size() &&
           std::ranges::equal(word.substr(0, lower.size()), lower, [](char c, char l) {
             return (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) == l;
           });
  };
  return std::ranges::any_of(kReading, starts_with) ? reads_ : writes_;
}

bool Pool::submit(StatementJob& job) {
  using Task = StatementJob::Task;
  const std::lock_guard lock(mutex_);
  const bool goes_on = job.reading_ != nullptr && job.reading_->cursor.is_open();
  if (job.reading_ == nullptr && job.task_ != Task::kAlone && job.task_ != Task::kOpen) {
    // Everybody else waits for its end.
    writes_.queue.push_front(&job);
    writes_.ready.notify_one();
    return true;
  }
  if (!goes_on && writes_.queue.size() + reads_.queue.size() >= queue_bound_) return false;
  Lane& lane = lane_of(job);
  lane.queue.push_back(&job);
  lane.ready.notify_one();
  return true;
}

bool Pool::abandon(StatementJob& job) noexcept {
  const std::lock_guard lock(mutex_);
  if (job.task_ == StatementJob::Task::kCommit) {
    const bool waits = std::ranges::find(writes_.queue, &job) != writes_.queue.end();
    if (waits) job.task_ = StatementJob::Task::kRollBack;
    return false;
  }
  if (take_from_queue(job)) return true;
  job.patience_.abandoned.store(true, std::memory_order_relaxed);
  return false;
}

void Pool::discard(StatementJob& job) noexcept {
  Lock lock(mutex_);
  if (take_from_queue(job)) return;
  job.discarded_ = true;
  job.patience_.abandoned.store(true, std::memory_order_relaxed);
  ended_.wait(lock, [&] {
    return std::ranges::find(batch_, &job) == batch_.end() &&
           std::ranges::none_of(members_, [&](const auto& member) { return member->running == &job; });
  });
}

void Pool::discard(Session& session) noexcept {
  Lock lock(mutex_);
  if (open_ != &session) return;
  ended_.wait(lock, [&] { return !writer().busy; });
  writer().connection.roll_back();
  open_ = nullptr;
  writes_.ready.notify_all();
}

void Pool::discard(Reading& reading) noexcept {
  Lock lock(mutex_);
  // One of a database in memory is the writer's.
  if (reading.own == nullptr) ended_.wait(lock, [&] { return !writer().busy; });
  reading.cursor.close();
}

bool Pool::take_from_queue(const StatementJob& job) noexcept {
  return std::erase(writes_.queue, &job) + std::erase(reads_.queue, &job) > 0;
}

// --- Threads ---

// The next job of the lane that this member may run: while a session is open, the writer runs nothing else.
StatementJob* Pool::next(const Member& member, Lane& lane) noexcept {
  if (member.busy || lane.queue.empty()) return nullptr;
  auto job = lane.queue.begin();
  if (&lane == &writes_ && open_ != nullptr) {
    // In memory the session's rows may come out of a stream on the same connection.
    job = std::ranges::find_if(lane.queue, [&](const StatementJob* each) {
      return each->session_ == open_ || (each->reading_ != nullptr && each->reading_->cursor.is_open());
    });
    if (job == lane.queue.end()) return nullptr;
  }
  StatementJob* const found = *job;
  lane.queue.erase(job);
  return found;
}

void Pool::serve(Member& member, Lane& lane) {
  Lock lock(mutex_);
  while (true) {
    StatementJob* job = nullptr;
    lane.ready.wait(lock, [&] { return stopping_ || (job = next(member, lane)) != nullptr; });
    if (stopping_) return;
    const bool is_alone = job->task_ == StatementJob::Task::kAlone;
    if (&lane == &writes_ && is_alone && !lane.queue.empty() && open_ == nullptr) {
      run_batch(member, *job, lock);
    } else {
      const bool needs_writer = run(member, *job, lock);
      give_back(*job, needs_writer);
    }
    ended_.notify_all();
  }
}

void Pool::give_back(StatementJob& job, bool needs_writer) noexcept {
  if (job.discarded_) return;
  if (needs_writer && !job.patience_.abandoned.load(std::memory_order_relaxed)) {
    writes_.queue.push_back(&job);
    writes_.ready.notify_one();
  } else {
    // Behind this the job is its loop's.
    job.loop_->post(job);
  }
}

bool Pool::run(Member& member, StatementJob& job, Lock& lock) noexcept {
  using Task = StatementJob::Task;
  if (job.session_ != nullptr && job.task_ != Task::kOpen && job.session_ != open_) {
    // It was never opened.
    if (job.task_ != Task::kRollBack)
      job.outcome_ = {true, FaultKind::kUnavailable, "the database has rolled the transaction back"};
    return false;
  }
  member.running = &job;
  member.busy = true;
  lock.unlock();
  const bool needs_writer = execute(member.connection, job);
  lock.lock();
  member.running = nullptr;
  member.busy = false;
  if (job.task_ == Task::kOpen && member.connection.in_transaction()) open_ = job.session_;
  if (job.task_ == Task::kCommit || job.task_ == Task::kRollBack) {
    open_ = nullptr;
    writes_.ready.notify_all();
  }
  ended_.notify_all();
  return needs_writer;
}

bool Pool::execute(Connection& connection, StatementJob& job) noexcept {
  using Task = StatementJob::Task;
  bool needs_writer = false;
  try {
    switch (job.task_) {
      case Task::kCommit:
        job.outcome_ = connection.commit();
        return false;
      case Task::kRollBack:
      case Task::kUndo:
        connection.roll_back();
        return false;
      case Task::kOpen:
        job.outcome_ = connection.begin(job.patience_);
        if (job.outcome_.failed) return false;
        break;
      case Task::kGoOn:
        if (connection.in_transaction()) break;
        job.outcome_ = {true, FaultKind::kUnavailable, "the database has rolled the transaction back"};
        return false;
      case Task::kRead:
        job.outcome_ = read(connection, job);
        return false;
      case Task::kClose:
        job.reading_->cursor.close();
        return false;
      case Task::kAlone:
        break;
    }
    if (job.inserts_) {
      job.outcome_ = connection.insert(job.text_, *job.values_, job.first_, job.rows_, job.patience_);
    } else {
      job.outcome_ =
          connection.run(job.text_, job.parameters_, job.wanted_, job.rows_, job.patience_, needs_writer);
    }
  } catch (const std::bad_alloc&) {
    job.outcome_ = {true, FaultKind::kUnavailable, "no memory"};
  }
  return needs_writer;
}

// A reading goes on for as long as its client takes, and what it sees is from when it began: in a file it has
// a connection of its own, so that nobody else sees that.
Outcome Pool::read(Connection& connection, StatementJob& job) {
  Reading& reading = *job.reading_;
  if (!reading.cursor.is_open()) {
    if (!path_.empty() && reading.own == nullptr) {
      auto own = std::make_unique<Connection>();
      if (std::string error = own->open(path_, true); !error.empty())
        return {true, FaultKind::kUnavailable, std::move(error)};
      reading.own = std::move(own);
    }
    Connection& its_own = reading.own != nullptr ? *reading.own : connection;
    if (Outcome opened = reading.cursor.open(its_own, job.text_, job.parameters_); opened.failed)
      return opened;
  }
  return reading.cursor.read(job.rows_, job.patience_);
}

// --- Statements under one commit ---

// The first one and those that wait behind it.
void Pool::run_batch(Member& member, StatementJob& first, Lock& lock) noexcept {
  batch_.push_back(&first);
  while (!writes_.queue.empty() && batch_.size() < kMaxBatch &&
         writes_.queue.front()->task_ == StatementJob::Task::kAlone) {
    batch_.push_back(writes_.queue.front());
    writes_.queue.pop_front();
  }
  member.busy = true;
  lock.unlock();
  bool together = !member.connection.begin(first.patience_).failed;
  lock.lock();
  std::size_t done = 0;
  if (together) run_together(member, done, together, lock);
  // What could not be part of it, and all of them when there was no commit.
  for (std::size_t index = 0; index < batch_.size(); ++index) {
    StatementJob& job = *batch_[index];
    const bool is_settled = together && index < done && job.outcome_.kind != FaultKind::kInternal;
    const bool is_good = together && index < done && !job.outcome_.failed;
    if (is_good || is_settled || job.patience_.abandoned.load(std::memory_order_relaxed)) continue;
    member.running = &job;
    lock.unlock();
    static_cast<void>(execute(member.connection, job));
    lock.lock();
    member.running = nullptr;
  }
  member.busy = false;
  for (StatementJob* const job : batch_)
    give_back(*job, false);
  batch_.clear();
}

// `together` is false when nothing of it has happened.
void Pool::run_together(Member& member, std::size_t& done, bool& together, Lock& lock) noexcept {
  for (; done < batch_.size() && together; ++done) {
    StatementJob& job = *batch_[done];
    if (job.patience_.abandoned.load(std::memory_order_relaxed)) continue;
    member.running = &job;
    lock.unlock();
    static_cast<void>(execute(member.connection, job));
    lock.lock();
    member.running = nullptr;
    together = member.connection.in_transaction();
  }
  lock.unlock();
  if (together) together = !member.connection.commit().failed;
  lock.lock();
}

// --- On the caller's thread ---

bool Pool::perform(StatementJob& job) {
  Lock lock(mutex_);
  if (&lane_of(job) == &reads_) {
    Member* reader = nullptr;
    ended_.wait(lock, [&] {
      const auto free = std::ranges::find_if(members_.begin() + 1, members_.end(),
                                             [](const auto& member) { return !member->busy; });
      if (free != members_.end()) reader = free->get();
      return reader != nullptr;
    });
    const bool needs_writer = run(*reader, job, lock);
    reads_.ready.notify_all();  // the connection was in use
    if (!needs_writer) return true;
  }
  ended_.wait(lock, [&] { return !writer().busy || open_ != nullptr; });
  if (open_ != nullptr) {
    writes_.queue.push_back(&job);
    return false;
  }
  static_cast<void>(run(writer(), job, lock));
  writes_.ready.notify_all();
  return true;
}

}  // namespace zerver::effects::sqlite
