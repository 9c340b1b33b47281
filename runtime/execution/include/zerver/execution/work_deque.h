// A double-ended queue of pointers: its owner works at one end, thieves take from the other.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace zerver::execution {

// Lock-free, of fixed capacity (Chase and Lev, "Dynamic Circular Work-Stealing Deque", 2005; memory orders
// after Lê et al., "Correct and Efficient Work-Stealing for Weak Memory Models", 2013, with sequentially
// consistent accesses where they have fences, because ThreadSanitizer does not know fences). The owner's end
// is last in, first out, which keeps caches warm; thieves take the oldest, which is usually the largest piece
// of work.
template <class T> class WorkDeque {
 public:
  // A power of two, at least that many.
  explicit WorkDeque(std::size_t capacity) : items_(std::bit_ceil(capacity)) {}
  WorkDeque(const WorkDeque&) = delete;
  WorkDeque& operator=(const WorkDeque&) = delete;

  // Owner only. False when it is full.
  bool push(T& item) noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    const std::int64_t top = top_.load(std::memory_order_acquire);
    if (bottom - top >= static_cast<std::int64_t>(items_.size())) return false;
    slot(bottom).store(&item, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_seq_cst);
    return true;
  }

  // Owner only: the youngest, or null.
  T* pop() noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    bottom_.store(bottom, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top > bottom) {
      bottom_.store(bottom + 1, std::memory_order_relaxed);
      return nullptr;
    }
    T* item = slot(bottom).load(std::memory_order_relaxed);
    if (top == bottom) {  // the last one: a thief may have been faster
      if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
        item = nullptr;
      bottom_.store(bottom + 1, std::memory_order_relaxed);
    }
    return item;
  }

  // Any thread: the oldest; null when there is none or somebody else has just taken it.
  T* steal() noexcept {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    const std::int64_t bottom = bottom_.load(std::memory_order_seq_cst);
    if (top >= bottom) return nullptr;
    T* const item = slot(top).load(std::memory_order_relaxed);
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
      return nullptr;
    return item;
  }

  // Any thread; a moment old.
  std::size_t size() const noexcept {
    const std::int64_t top = top_.load(std::memory_order_seq_cst);
    const std::int64_t bottom = bottom_.load(std::memory_order_seq_cst);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }

 private:
  std::atomic<T*>& slot(std::int64_t index) noexcept {
    return items_[static_cast<std::size_t>(index) & (items_.size() - 1)];
  }

  // On cache lines of their own, because different threads write them.
  alignas(64) std::atomic<std::int64_t> top_ = 0;
  alignas(64) std::atomic<std::int64_t> bottom_ = 0;
  alignas(64) std::vector<std::atomic<T*>> items_;
};

}  // namespace zerver::execution
