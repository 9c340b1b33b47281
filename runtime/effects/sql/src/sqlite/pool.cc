#include "pool.h"

#include "schema.h"

#include <algorithm>
#include <array>
#include <utility>

namespace zerver::effects::sqlite {

void StatementJob::set(const flow::Statement& statement, Wanted wanted,
                       std::chrono::steady_clock::time_point lock_deadline) {
  patience_.abandoned.store(false, std::memory_order_relaxed);
  patience_.until = lock_deadline;
  text_ = statement.text;
  wanted_ = wanted;
  outcome_ = {};
  parameters_.assign(statement.parameters.begin(), statement.parameters.end());
  bytes_.clear();
  std::size_t size = 0;
  const auto has_bytes = [](const flow::Value& value) {
    return value.kind() == flow::Value::Kind::kText || value.kind() == flow::Value::Kind::kBlob;
  };
  for (const flow::Value& value : parameters_) {
    if (has_bytes(value)) size += value.text().size();
  }
  bytes_.reserve(size);  // so that nothing moves below
  for (flow::Value& value : parameters_) {
    if (!has_bytes(value)) continue;
    const std::size_t begin = bytes_.size();
    bytes_.append(value.text());
    const std::string_view copy = bytes_.view().substr(begin);
    value = value.kind() == flow::Value::Kind::kText ? flow::Value(String::borrowed(copy))
                                                     : flow::Value(Bytes::borrowed(copy));
  }
}

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

std::string Pool::open(const std::string& path, std::string_view schema, std::size_t queue_bound) {
  queue_bound_ = queue_bound;
  // A database in memory belongs to its connection, so there is one for everything.
  const std::size_t readers = path == ":memory:" ? 0 : kReaders;
  for (std::size_t index = 0; index <= readers; ++index) {
    Member& member = *members_.emplace_back(std::make_unique<Member>());
    if (std::string error = member.connection.open(path, index > 0); !error.empty()) return error;
    if (index > 0 || schema.empty()) continue;
    if (std::string error = apply_or_check_schema(member.connection, schema); !error.empty()) return error;
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
  return schema.empty() ? std::string() : apply_or_check_schema(members_.front()->connection, schema);
}

// By its first word. One that turns out to write goes to the writer after all.
Pool::Lane& Pool::lane_of(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 3> kReading{"select", "values", "with"};
  if (members_.size() == 1) return writes_;
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
  const std::lock_guard lock(mutex_);
  if (writes_.queue.size() + reads_.queue.size() >= queue_bound_) return false;
  Lane& lane = lane_of(job.text_);
  lane.queue.push_back(&job);
  lane.ready.notify_one();
  return true;
}

bool Pool::abandon(StatementJob& job) noexcept {
  const std::lock_guard lock(mutex_);
  if (take_from_queue(job)) return true;
  end_soon(job);
  return false;
}

void Pool::discard(StatementJob& job) noexcept {
  std::unique_lock lock(mutex_);
  if (take_from_queue(job)) return;
  job.discarded_ = true;
  end_soon(job);
  ended_.wait(lock, [&] {
    return std::ranges::none_of(members_, [&](const auto& member) { return member->running == &job; });
  });
}

bool Pool::take_from_queue(const StatementJob& job) noexcept {
  return std::erase(writes_.queue, &job) + std::erase(reads_.queue, &job) > 0;
}

void Pool::end_soon(StatementJob& job) noexcept {
  job.patience_.abandoned.store(true, std::memory_order_relaxed);
  for (const auto& member : members_) {
    if (member->running == &job) member->connection.interrupt();
  }
}

bool Pool::run(Member& member, StatementJob& job, std::unique_lock<std::mutex>& lock) {
  member.running = &job;
  lock.unlock();
  bool needs_writer = false;
  try {
    job.outcome_ = member.connection.run(job.text_, job.parameters_, job.wanted_, job.rows_, job.patience_,
                                         needs_writer);
  } catch (const std::bad_alloc&) {
    job.outcome_ = {true, FaultKind::kUnavailable, "no memory"};
  }
  lock.lock();
  member.running = nullptr;
  ended_.notify_all();
  return needs_writer;
}

void Pool::serve(Member& member, Lane& lane) {
  std::unique_lock lock(mutex_);
  while (true) {
    lane.ready.wait(lock, [&] { return stopping_ || (!lane.queue.empty() && member.running == nullptr); });
    if (stopping_) return;
    StatementJob& job = *lane.queue.front();
    lane.queue.pop_front();
    const bool needs_writer = run(member, job, lock);
    if (job.discarded_) continue;
    if (needs_writer && !job.patience_.abandoned.load(std::memory_order_relaxed)) {
      writes_.queue.push_back(&job);
      writes_.ready.notify_one();
    } else {
      // Behind this the job is its loop's.
      job.loop_->post(job);
    }
  }
}

void Pool::perform(StatementJob& job) {
  std::unique_lock lock(mutex_);
  if (&lane_of(job.text_) == &reads_) {
    const bool needs_writer = perform_on(1, members_.size(), job, lock);
    reads_.ready.notify_all();  // their connections were in use
    if (!needs_writer) return;
  }
  static_cast<void>(perform_on(0, 1, job, lock));
  writes_.ready.notify_all();
}

// On the first of these members whose connection is free.
bool Pool::perform_on(std::size_t first, std::size_t end, StatementJob& job,
                      std::unique_lock<std::mutex>& lock) {
  Member* member = nullptr;
  ended_.wait(lock, [&] {
    for (std::size_t index = first; index < end && member == nullptr; ++index) {
      if (members_[index]->running == nullptr) member = members_[index].get();
    }
    return member != nullptr;
  });
  return run(*member, job, lock);
}

}  // namespace zerver::effects::sqlite
