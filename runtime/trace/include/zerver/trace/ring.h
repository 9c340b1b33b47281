// The latest events of one worker.
#pragma once

#include <zerver/trace/event.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace zerver::trace {

// Bounded: a new event takes the place of the oldest. Recording allocates nothing, takes no lock and costs a
// few nanoseconds. Written and read by the worker's thread only.
class Ring {
 public:
  static constexpr std::size_t kDefaultCapacity = std::size_t{1} << 14;

  // `capacity` is rounded up to a power of two. Requests of this ring count from `first_request`, which tells
  // the workers of a process apart.
  explicit Ring(std::size_t capacity = kDefaultCapacity, std::uint64_t first_request = 1);

  void record(const Event& event) noexcept { events_[recorded_++ & mask_] = event; }
  std::uint64_t next_request() noexcept { return next_request_++; }

  std::size_t capacity() const noexcept { return static_cast<std::size_t>(mask_) + 1; }
  std::size_t size() const noexcept;
  // Those that are gone.
  std::uint64_t overwritten() const noexcept { return recorded_ - size(); }
  // The oldest that is left is 0.
  const Event& operator[](std::size_t index) const noexcept {
    return events_[(overwritten() + index) & mask_];
  }
  void clear() noexcept { recorded_ = 0; }

 private:
  std::unique_ptr<Event[]> events_;
  std::uint64_t mask_;
  std::uint64_t recorded_ = 0;
  std::uint64_t next_request_;
};

}  // namespace zerver::trace
