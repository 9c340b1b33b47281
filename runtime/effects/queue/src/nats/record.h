// A job as a value in a bucket.
#pragma once

#include <zerver/async/priority.h>
#include <zerver/core/uuid.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects::queue {

// Times and spans are in microseconds.
struct NatsRecord {
  Uuid id;
  std::string queue, name, arguments, unique;
  async::Priority priority = async::Priority::kNormal;
  std::uint32_t attempts = 0;
  std::int64_t order = 0;  // of those that are due at the same time
  std::int64_t due = 0;
  std::int64_t lease = 0;
  std::int64_t leased_until = 0;  // 0: it waits
  std::uint64_t token = 0;
  // Of a dead one:
  std::string dead_letter, why;
  std::int64_t at = 0;

  std::string text() const;
  static std::optional<NatsRecord> parse(std::string_view text);
};

}  // namespace zerver::effects::queue
