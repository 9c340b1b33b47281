// Which format a client wants its answer in: RFC 9110, 12.5.1.
#pragma once

#include <zerver/core/message.h>

#include <span>
#include <string_view>

namespace zerver::flow {

// The media type of MessagePack that the client prefers to JSON, as it names it; empty where it does not, or
// says nothing. Of two that it wants alike, the one that it names itself goes before one that a range such as
// `*/*` has in it, and what it names first before the other.
std::string_view preferred_message_pack(std::span<const Header> headers) noexcept;

}  // namespace zerver::flow
