// Why an operation of the runtime failed.
#pragma once

#include <zerver/core/string.h>
#include <zerver/core/time.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver {

// The six kinds that operations of adapters and the parsing of request parts fail with (the language's
// `@kind`), and three that no error declares: `cancelled`, the flow's deadline has passed or its client is
// gone; `internal`, a mistake of ours or of a step; and `unsupported`, a body of a media type or with a
// coding that is not taken.
enum class FaultKind : std::uint8_t {
  kInvalid,
  kMissing,
  kConflict,
  kRejected,
  kUnavailable,
  kTimeout,
  kCancelled,
  kInternal,
  kUnsupported
};
inline constexpr std::size_t kFaultKinds = 9;

// `invalid`, `missing` and so on.
std::string_view name_of(FaultKind kind) noexcept;

// A set of kinds, as `on` of a policy names them.
class FaultKinds {
 public:
  constexpr FaultKinds() noexcept = default;
  template <class... Kinds> static constexpr FaultKinds of(Kinds... kinds) noexcept {
    FaultKinds set;
    ((set.bits_ = static_cast<std::uint16_t>(set.bits_ | bit(kinds))), ...);
    return set;
  }
  constexpr bool contains(FaultKind kind) const noexcept { return (bits_ & bit(kind)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }

 private:
  static constexpr std::uint16_t bit(FaultKind kind) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(kind));
  }
  std::uint16_t bits_ = 0;
};

// One attempt of an operation that has failed: what a fault was made of. Lives in the arena of its request,
// as its texts do that are not static.
struct FaultCause {
  std::string_view step;       // that performed it
  std::string_view target;     // qualified: `todo.v1.db`
  std::string_view operation;  // empty when its adapter has no table of operations
  FaultKind kind = FaultKind::kInternal;
  std::uint16_t attempt = 0;  // from 1; 0: it was refused before any
  std::uint16_t status = 0;   // as Fault::status
  String why;
  const FaultCause* before = nullptr;  // the failure before it, of the same call; null: it was the first
};

struct Fault {
  FaultKind kind = FaultKind::kInternal;
  String why;      // for people; static, or in the arena of the request
  String pointer;  // RFC 6901, of the value in a JSON document that is wrong; empty when the whole document
                   // is, or none is
  std::uint16_t status = 0;   // what the other side answered with, in HTTP's terms; 0: nothing like it
  Duration retry_after = {};  // before that much time it is of no use to ask again
  const FaultCause* cause = nullptr;  // the last attempt of the call that it is of; null: not known
  String document = {};  // the JSON that the other side has answered with, of which errors take fields; as
                         // `why`; empty: none
};

}  // namespace zerver
