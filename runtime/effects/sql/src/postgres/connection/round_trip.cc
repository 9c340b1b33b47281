#include "round_trip.h"

#include <cstddef>
#include <cstdint>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace zerver::effects::postgres {

Duration round_trip_of(int socket) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  if (size < offsetof(tcp_info, tcpi_min_rtt) + sizeof info.tcpi_min_rtt) return {};
  // Before the first sample the kernel says that it knows none.
  if (info.tcpi_min_rtt == UINT32_MAX) return {};
  return Duration{std::int64_t{info.tcpi_min_rtt} * 1'000};
}

}  // namespace zerver::effects::postgres
