// Decides what is wrong with flows by walking every path, and how long the longest takes. Written from
// docs/language.md alone.

#pragma once

#include "tests/oracle/flows.h"

#include <compare>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace oracle {

enum class Fault : std::uint8_t {
  kRead,          // a slot that some path has not written is read
  kDoubleWrite,   // on a path, or side by side
  kNeverWritten,  // read somewhere, written nowhere
  kUnreachable,
  kNoResponse,
  kHandlerNever,  // a handler waits for what never comes
  kRace,          // a slot is written while another branch reads it, or by several elements
};
[[nodiscard]] const char* fault_name(Fault fault);

// A fault, in which flow it stands, and the slot or error that it is about.
struct Finding {
  Fault fault = Fault::kRead;
  int flow = 0;
  std::string subject;

  friend auto operator<=>(const Finding&, const Finding&) = default;
};

struct FlowVerdict {
  std::set<std::string> errors;       // that it can end with
  std::set<std::string> maybe_slots;  // read where some paths have written them and others have not
  std::set<std::string> raced_slots;  // written beside a read: what the read sees is a matter of luck
  bool has_dead_code = false;         // its own, or of a flow that it calls
  Time worst = 0;
};

struct Verdict {
  std::set<Finding> findings;
  std::vector<FlowVerdict> flows;
};

// None when a flow has more states than can be walked.
[[nodiscard]] std::optional<Verdict> enumerate(const Program& program);

// The longest that an effect and a group can keep a flow waiting.
[[nodiscard]] Time worst_of(const Effect& effect);
[[nodiscard]] Time worst_of(const Group& group);
// Of times one after the other; what is unbounded stays so.
[[nodiscard]] Time add(Time left, Time right);
[[nodiscard]] Time times(Time time, std::uint64_t count);

}  // namespace oracle
