// A TCP proxy between a client under test and its server that does to bytes what networks do.
#pragma once

#include <zerver/core/time.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace zerver::test {

enum class GateFault : std::uint8_t {
  kNone,
  kLatency,    // what comes from the server waits for a while
  kReset,      // connections are reset, and so are new ones
  kBlackHole,  // connections stay, new ones are accepted, and not a byte goes through
  kHalfClose,  // the server's side is ended (FIN) where it is; what the client sends goes nowhere
  kSlowBytes,  // what comes from the server comes byte by byte, with a pause between them
  kRefuse,     // connections are reset, new ones are refused
};
const char* name_of(GateFault fault) noexcept;

struct GateStats {
  std::uint64_t accepted = 0;   // connections so far
  std::size_t open = 0;         // now
  std::uint64_t to_server = 0;  // bytes that went through
  std::uint64_t to_client = 0;
};

// Listens on 127.0.0.1 on a thread of its own. All of it is for any thread.
class FaultGate {
 public:
  explicit FaultGate(std::uint16_t upstream_port);
  ~FaultGate();
  FaultGate(const FaultGate&) = delete;
  FaultGate& operator=(const FaultGate&) = delete;

  // The same for as long as it lives.
  std::uint16_t port() const noexcept;
  // From now on, for connections that there are and that come. Returns when it is in force. `pause` is that
  // of kLatency and kSlowBytes. Heal with kNone: bytes that were held up go on then, connections that were
  // half closed or reset stay so.
  void set(GateFault fault, Duration pause = Duration::from_milliseconds(200));
  // To another server, for connections that come.
  void set_upstream(std::uint16_t port);
  // Resets what is connected, once.
  void reset_connections();
  GateStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zerver::test
