// A bounded queue between threads, without a lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace zerver::async::detail {

// Has the cache line come for writing while other work goes on. The builtin has it come for reading on
// x86-64.
inline void prefetch_for_writing(const void* address) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw (%0)" : : "r"(address));  // does nothing on processors without it
#else
  __builtin_prefetch(address, 1);
#endif
}

// Every cell counts its turns, so that senders and receivers meet in a cell and nowhere else (Vyukov,
// "Bounded MPMC queue", 2010). Closing marks the senders' position: nobody takes a cell after that, and what
// was taken before is sure to be filled. Positions are sequentially consistent: of one who takes a cell and
// then looks whether somebody waits, and one who begins to wait and then looks at the positions, at least one
// sees the other.
template <class T> class Cells {
 public:
  // kSoon: another one is just leaving the cell; to be tried again at once.
  enum class Push : std::uint8_t { kDone, kSoon, kFull, kClosed };
  enum class Pop : std::uint8_t { kDone, kSoon, kEmpty, kEnded };

  // Room for `capacity` rounded up to a power of two, at least 2.
  explicit Cells(std::size_t capacity)
      : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1),
        ahead_(mask_ < 4 * kAhead ? 0 : kAhead),
        cells_(new Cell[mask_ + 1]) {
    for (std::size_t i = 0; i <= mask_; ++i)
      cells_[i].turn.store(i, std::memory_order_relaxed);
  }
  Cells(const Cells&) = delete;
  Cells& operator=(const Cells&) = delete;
  ~Cells() {
    std::optional<T> message;
    while (pop(message) == Pop::kDone)
      message.reset();
  }

  Push push(T& message) noexcept {
    std::size_t tail = tail_.load(std::memory_order_relaxed);
    while (true) {
      if ((tail & kClosed) != 0) return Push::kClosed;
      const std::size_t position = tail >> 1;
      Cell& cell = cells_[position & mask_];
      const std::size_t turn = cell.turn.load(std::memory_order_acquire);
      if (turn == position) {
        if (tail_.compare_exchange_weak(tail, tail + kOne, std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) {
          prefetch_for_writing(&cells_[(position + ahead_) & mask_]);
          std::construct_at(&cell.message, std::move(message));
          cell.turn.store(position + 1, std::memory_order_release);
          return Push::kDone;
        }
        continue;
      }
      const std::size_t head = head_.load(std::memory_order_seq_cst);
      const std::size_t now = tail_.load(std::memory_order_relaxed);
      if (now == tail) return position - head > mask_ ? Push::kFull : Push::kSoon;
      tail = now;
    }
  }

  Pop pop(std::optional<T>& message) noexcept {
    std::size_t head = head_.load(std::memory_order_relaxed);
    while (true) {
      Cell& cell = cells_[head & mask_];
      const std::size_t turn = cell.turn.load(std::memory_order_acquire);
      if (turn == head + 1) {
        if (head_.compare_exchange_weak(head, head + 1, std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) {
          message.emplace(std::move(cell.message));
          std::destroy_at(&cell.message);
          cell.turn.store(head + mask_ + 1, std::memory_order_release);
          return Pop::kDone;
        }
        continue;
      }
      const std::size_t tail = tail_.load(std::memory_order_seq_cst);
      const std::size_t now = head_.load(std::memory_order_relaxed);
      if (now == head) {
        if (tail >> 1 != head) return Pop::kSoon;
        return (tail & kClosed) != 0 ? Pop::kEnded : Pop::kEmpty;
      }
      head = now;
    }
  }

  // Whether the next cell is free, or full. For whoever waits: the positions, which the others write all the
  // time, are left alone, so closing is not seen.
  bool may_push() const noexcept {
    const std::size_t position = tail_.load(std::memory_order_relaxed) >> 1;
    return cells_[position & mask_].turn.load(std::memory_order_relaxed) == position;
  }
  bool may_pop() const noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    return cells_[head & mask_].turn.load(std::memory_order_relaxed) == head + 1;
  }

  // False when it was closed before.
  bool close() noexcept { return (tail_.fetch_or(kClosed, std::memory_order_seq_cst) & kClosed) == 0; }
  bool is_closed() const noexcept { return (tail_.load(std::memory_order_acquire) & kClosed) != 0; }
  std::size_t capacity() const noexcept { return mask_ + 1; }
  // About: others go on meanwhile.
  std::size_t size() const noexcept {
    const std::size_t head = head_.load(std::memory_order_acquire);
    const std::size_t tail = tail_.load(std::memory_order_acquire) >> 1;
    return tail > head ? tail - head : 0;
  }

 private:
  static constexpr std::size_t kClosed = 1;  // the lowest bit of tail_, above which is the position
  static constexpr std::size_t kOne = 2;
  static constexpr std::size_t kLine = 64;

  struct Cell {
    Cell() noexcept {}
    ~Cell() {}

    std::atomic<std::size_t> turn;
    union {
      T message;
    };
  };

  // The cells that are filled next were last written by a receiver. A sender that waited for each line of
  // them would do little else, as taking a cell is a locked instruction, which waits for all stores before
  // it.
  static constexpr std::size_t kAhead = std::max<std::size_t>(1, 2 * kLine / sizeof(Cell));

  const std::size_t mask_;
  const std::size_t ahead_;  // kAhead, or 0 where that would be a cell that is being read
  const std::unique_ptr<Cell[]> cells_;
  alignas(kLine) std::atomic<std::size_t> tail_ = 0;  // where senders are
  alignas(kLine) std::atomic<std::size_t> head_ = 0;  // where receivers are
};

}  // namespace zerver::async::detail
