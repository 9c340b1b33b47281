// PostgreSQL's client library, loaded when the first server is opened: it brings in two dozen others, which
// programs without one do not pay for.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

namespace zerver::effects::postgres {

struct Libpq {
// NOLINTNEXTLINE(bugprone-macro-parentheses): both are names
#define LIBPQ(member, function) decltype(&function) member = nullptr;
#include "libpq_functions.def"
#undef LIBPQ

  // Empty, or why it cannot be used. It stays until the program ends.
  [[nodiscard]] std::string load();
};

struct FreeResult {
  const Libpq* pq;
  void operator()(PGresult* result) const noexcept { pq->clear(result); }
};
using ResultPointer = std::unique_ptr<PGresult, FreeResult>;

}  // namespace zerver::effects::postgres
