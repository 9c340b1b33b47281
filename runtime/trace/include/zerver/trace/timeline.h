// Events as text and as JSON: the same for the same events, to the byte.
#pragma once

#include <zerver/trace/event.h>
#include <zerver/trace/ring.h>

#include <cstdint>
#include <string>

namespace zerver::trace {

// One line, such as `      20.500000 ms  #7  fail         reserve  attempt 2  unavailable`. Times count from
// `start`.
void append_text(std::string& out, const Event& event, TimePoint start = {});

// The members of a JSON object: `request`, `kind`, `name` and, where there is one, `attempt`, `fault` and a
// detail by its name.
void append_members(std::string& out, const Event& event);

// All events of one request, one a line, from its first on.
std::string timeline(const Ring& ring, std::uint64_t request);
// All that the ring holds, of all requests.
std::string timeline(const Ring& ring);
// The events of one request as a JSON array of objects: `at` (nanoseconds from the first), `kind`, `name`,
// and, where there is one, `attempt`, `fault` and a detail by its name.
std::string timeline_json(const Ring& ring, std::uint64_t request);

}  // namespace zerver::trace
