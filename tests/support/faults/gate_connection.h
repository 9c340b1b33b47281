// One connection through the fault gate: both sockets, and the bytes that are on their way.
#pragma once

#include "tests/support/faults/fault_gate.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <poll.h>
#include <string>
#include <vector>

namespace zerver::test {

using GateClock = std::chrono::steady_clock;

struct GateRule {
  GateFault fault = GateFault::kNone;
  std::chrono::nanoseconds pause{0};
};

// Of the gate's thread.
class GateConnection {
 public:
  // Takes the client's socket; connects to the server.
  GateConnection(int client, std::uint16_t upstream_port);
  ~GateConnection();
  GateConnection(const GateConnection&) = delete;
  GateConnection& operator=(const GateConnection&) = delete;

  // A rule is in force from now on.
  void obey(const GateRule& rule);
  // Both sides see a reset.
  void reset();
  bool is_over() const noexcept { return client_ < 0; }

  // What it waits for; of none, the client's in any case and at most two.
  void add_to(std::vector<pollfd>& polled) const;
  // The next time at which there is something to do without an event.
  GateClock::time_point due() const;
  // Moves what can be moved. Adds the bytes that went through to the counts.
  void go_on(GateClock::time_point now, GateStats& stats);

 private:
  struct Chunk {
    std::string bytes;
    std::size_t done = 0;
    GateClock::time_point due;
  };
  // One direction.
  struct Lane {
    std::deque<Chunk> chunks;
    std::size_t buffered = 0;
    bool ended = false;   // its source has
    bool passed = false;  // and its destination knows
  };
  static constexpr std::size_t kBuffer = std::size_t{256} << 10;  // bytes of a lane

  bool is_held() const noexcept { return rule_.fault == GateFault::kBlackHole; }
  bool is_cut() const noexcept { return rule_.fault == GateFault::kHalfClose; }
  short events_of(const Lane& in, const Lane& out, GateClock::time_point now) const noexcept;
  bool read_into(Lane& lane, int from, GateClock::time_point now, bool shaped);
  bool write_from(Lane& lane, int to, GateClock::time_point now, bool one_by_one, std::uint64_t& count);
  void close() noexcept;

  int client_;
  int server_ = -1;
  GateRule rule_;
  Lane to_server_;
  Lane to_client_;
  bool cut_ = false;  // the client has seen an end that the server did not send
};

}  // namespace zerver::test
