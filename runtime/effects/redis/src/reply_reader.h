// Bytes to replies: RESP2 (Redis serialization protocol specification,
// redis.io/docs/reference/protocol-spec).
#pragma once

#include <zerver/effects/redis/reply.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::effects::redis {

// Finds where a reply ends as its bytes come, each looked at once, and makes views of it then. Copies
// nothing.
class ReplyReader {
 public:
  enum class Next : std::uint8_t { kNothing, kReply, kBroken };
  static constexpr std::size_t kLongestText = std::size_t{512} << 20;  // as Redis has it
  static constexpr std::size_t kLongestLine = std::size_t{64} << 10;
  static constexpr std::size_t kMostElements = std::size_t{1} << 20;
  static constexpr int kDeepest = 8;

  // Room to read into. Replies that were taken are gone then.
  std::span<char> room(std::size_t at_least);
  void commit(std::size_t size) noexcept { end_ += size; }
  // kBroken: it is no RESP, and nothing that follows can be told.
  Next next(Reply& reply);
  // For another connection.
  void reset() noexcept;

 private:
  struct Line {
    std::string_view text;  // behind the type
    char type = 0;
    std::size_t size = 0;  // of all its bytes
  };

  Next line_at(std::size_t position, Line& line) const noexcept;
  Next scan() noexcept;
  void build(Reply& reply, std::size_t& position) noexcept;

  std::vector<char> bytes_;
  std::size_t begin_ = 0;          // of the reply that is next
  std::size_t end_ = 0;            // of what was received
  std::size_t scanned_ = 0;        // up to here elements are complete
  std::size_t missing_ = 1;        // elements, until the reply is complete
  std::size_t elements_ = 0;       // of it so far
  std::vector<std::size_t> open_;  // elements that the lists around the next one still miss
  std::vector<Reply> nodes_;
};

}  // namespace zerver::effects::redis
