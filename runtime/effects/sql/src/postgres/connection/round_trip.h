// How far away a server is, and what that means for what is sent to it.
#pragma once

#include <zerver/core/time.h>

#include <cstddef>

namespace zerver::effects::postgres {

// The shortest way there and back that the kernel has seen on the socket lately, without what the server did
// meanwhile; zero where there is no network in between, or nobody can tell.
Duration round_trip_of(int socket) noexcept;

// So many statements are sent on a connection before the first of them is answered, at most.
inline constexpr std::size_t kMaxInFlight = 8;

// Whether a statement is sent behind those that are in flight, of which there is one, with `work` for the
// server. One is, so that the server need not fall asleep between two; more, where all of them will be done
// before an answer could bring the next one here. Sent any earlier they would wait behind each other, while
// another connection may be idle before.
constexpr bool goes_ahead(std::size_t in_flight, Duration work, Duration round_trip) noexcept {
  return in_flight < kMaxInFlight && (in_flight == 1 || work < round_trip);
}

}  // namespace zerver::effects::postgres
