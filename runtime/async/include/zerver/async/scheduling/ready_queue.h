// What is ready to run and waits for a thread: classes of priority, with ageing.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/priority.h>
#include <zerver/core/time.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver::async {

class ReadyQueue;

// A job that waits in a ReadyQueue; embedded in the object that does the work. Pinned while it waits.
class Scheduled : public Job {
 public:
  explicit Scheduled(Run function) noexcept : Job(function) {}

  // What it was pushed with; the class may have been raised since.
  Priority priority() const noexcept { return priority_; }
  TimePoint since() const noexcept { return since_; }
  TimePoint deadline() const noexcept { return deadline_; }
  bool waiting() const noexcept { return queue_ != nullptr; }

 protected:
  ~Scheduled() = default;

 private:
  friend class ReadyQueue;
  friend class DeadlineHeap;

  ReadyQueue* queue_ = nullptr;
  Scheduled* older_ = nullptr;  // in the order of since_
  Scheduled* newer_ = nullptr;
  Scheduled* child_ = nullptr;    // in the heap: its first child,
  Scheduled* sibling_ = nullptr;  // the next child of its parent,
  Scheduled* before_ = nullptr;   // and the child before it, or the parent
  TimePoint since_;
  TimePoint deadline_ = TimePoint::never();
  TimePoint due_;
  Priority priority_ = Priority::kNormal;
};

// The one that is due first, of those that were added: a pairing heap (Fredman, Sedgewick, Sleator and
// Tarjan, 1986). Adding is O(1), taking out O(log n) amortised.
class DeadlineHeap {
 public:
  Scheduled* first() const noexcept { return root_; }
  void add(Scheduled& entry) noexcept;
  void remove(Scheduled& entry) noexcept;

 private:
  static Scheduled* merge(Scheduled* left, Scheduled* right) noexcept;
  static Scheduled* merge_children(Scheduled* first) noexcept;

  Scheduled* root_ = nullptr;
};

struct ReadyQueueOptions {
  // How far a class is behind: an entry goes before one of a more urgent class that came later by more than
  // the difference of their leads.
  std::array<Duration, kPriorities> lead = {Duration{}, Duration::from_milliseconds(50),
                                            Duration::from_seconds(1)};
  std::array<std::size_t, kPriorities> capacity = {10'000, 10'000, 10'000};
  // Inside a class the earliest deadline goes first, else the oldest entry. A deadline further away than the
  // horizon counts as one at the horizon.
  bool earliest_deadline_first = false;
  Duration horizon = Duration::from_seconds(1);
};

// Sans-I/O and bounded; nothing allocates. Theorem (docs/scheduling.md, with proof): whatever arrives later
// than `lead` of its class after an entry (and `horizon`, with deadlines) is never taken before that entry.
// So no entry waits longer than that and the time that the entries in the queue at that moment take. One
// thread at a time.
class ReadyQueue {
 public:
  explicit ReadyQueue(const ReadyQueueOptions& options = {}) noexcept : options_(options) {}
  ~ReadyQueue();
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  // False when the class is full. `since` is now, or earlier for what has waited elsewhere.
  [[nodiscard]] bool push(Scheduled& entry, Priority priority, TimePoint since,
                          TimePoint deadline = TimePoint::never()) noexcept;
  // The one whose turn it is; null when it is empty.
  Scheduled* pop() noexcept { return pop_up_to(Priority::kBatch); }
  // The one whose turn it is of these classes: from the most urgent one to `last`.
  Scheduled* pop_up_to(Priority last) noexcept;
  // The one whose turn it is inside that class.
  Scheduled* pop(Priority priority) noexcept;
  // Null when there is none that waits longer.
  const Scheduled* oldest(Priority priority) const noexcept { return class_of(priority).oldest; }
  void remove(Scheduled& entry) noexcept;
  // Somebody in a more urgent class waits for what the entry will do: it goes on as one of them, and keeps
  // the time since which it waits. Does nothing when the class is not more urgent. O(entries that came
  // later).
  void lend(Scheduled& entry, Priority priority) noexcept;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t size(Priority priority) const noexcept { return class_of(priority).size; }
  const ReadyQueueOptions& options() const noexcept { return options_; }

 private:
  struct Class {
    Scheduled* oldest = nullptr;
    Scheduled* newest = nullptr;
    DeadlineHeap by_deadline;  // unused without deadlines
    std::size_t size = 0;
  };

  Class& class_of(Priority priority) noexcept { return classes_[static_cast<std::size_t>(priority)]; }
  const Class& class_of(Priority priority) const noexcept {
    return classes_[static_cast<std::size_t>(priority)];
  }
  void link(Scheduled& entry) noexcept;
  void unlink(Scheduled& entry) noexcept;

  ReadyQueueOptions options_;
  std::array<Class, kPriorities> classes_;
  std::size_t size_ = 0;
};

}  // namespace zerver::async
