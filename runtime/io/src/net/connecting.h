// From an endpoint to a connected socket.
#pragma once

#include "net/descriptor.h"
#include "net/socket_address.h"
#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/io/net/address.h>

#include <cstdint>

namespace zerver::io::net {

struct AttemptTimes {
  Duration next;  // after which the next address is tried beside the last
  Duration each;  // that one address has
};

// A socket that is connected to that address, within `at_most`.
async::Task<Result<DescriptorPtr>> connect_socket(AsioLoop& loop, SocketAddress address, Duration at_most);
// To the first of the addresses that answers, which are tried in their order (RFC 8305, "happy eyeballs").
async::Task<Result<DescriptorPtr>> connect_first(AsioLoop& loop, const Addresses& addresses,
                                                 std::uint16_t port, int type, AttemptTimes times);

}  // namespace zerver::io::net
