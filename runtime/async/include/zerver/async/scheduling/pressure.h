// Says when a worker takes nothing more from its clients: then they wait where that costs next to nothing, in
// the kernel.
#pragma once

#include <zerver/core/time.h>

#include <cstddef>
#include <cstdint>
#include <limits>

namespace zerver::async {

// A mark that is reached, and one below it that ends what reaching it began.
struct WaterMarks {
  std::size_t high = std::numeric_limits<std::size_t>::max();
  std::size_t low = high;
};

struct PressurePolicy {
  WaterMarks waiting;  // requests in the queue
  WaterMarks memory;   // bytes
  // A pause is no longer, and the next one comes no sooner after it: what waits too long in the kernel is
  // refused in the end, with an answer that says so.
  Duration longest = Duration::from_milliseconds(200);
};

// Sans-I/O; one thread at a time.
class Pressure {
 public:
  struct Load {
    std::size_t waiting = 0;
    std::size_t memory = 0;
    bool queue_stands = false;      // ControlledDelay::overloaded()
    bool connections_full = false;  // as many are open as may
  };

  explicit Pressure(const PressurePolicy& policy) noexcept : policy_(policy) {}

  // What is so now. To be called when it changes, and at next() when nothing does.
  void observe(const Load& load, TimePoint now) noexcept;
  // New connections wait in the backlog: the queue stands or is nearly full, there is little memory, or no
  // place for one.
  bool accepts() const noexcept { return !accept_.closed; }
  // Open connections are not read: the queue is nearly full, or there is little memory. A queue that stands
  // is no reason, as it sheds: a request that is not read would wait longer without being counted.
  bool reads() const noexcept { return !read_.closed; }
  // The end of the pause that ends first; never() when there is none.
  TimePoint next() const noexcept;
  std::uint64_t accept_pauses() const noexcept { return accept_.pauses; }
  std::uint64_t read_pauses() const noexcept { return read_.pauses; }

 private:
  struct Gate {
    void update(bool is_high, bool is_low, TimePoint now, Duration longest) noexcept;

    bool closed = false;
    TimePoint end;   // of the pause
    TimePoint rest;  // until then there is no other one
    std::uint64_t pauses = 0;
  };

  PressurePolicy policy_;
  Gate accept_;
  Gate read_;
};

}  // namespace zerver::async
