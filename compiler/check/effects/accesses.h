// What effects touch, and when the order of two of them decides what comes out (Bernstein's conditions,
// 1966).
//
// Two effects on one target conflict when one of them writes what the other reads or writes. What is touched:
// of SQL the rows and columns of a table, of every other adapter what the first argument names (a path, a
// key, a topic). The same expression names the same thing; different expressions are taken for different
// things.

#pragma once

#include "compiler/check/effects/sql_access.h"
#include "compiler/model/effects.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::check {

// How an access goes with another one to the same thing.
enum class AccessMode : std::uint8_t {
  kRead,   // goes with reads
  kAdd,    // a new row, a call that counts each time: goes with others that add
  kWrite,  // goes with what touches other things
};

struct Access {
  const model::EffectCall* call = nullptr;
  std::uint32_t operation = 0;
  AccessMode mode = AccessMode::kRead;
  std::optional<SqlAccess> sql;
  const model::Expression* address = nullptr;  // null when the operation is about the whole target
  bool is_idempotent = false;

  // By what it names its thing: the columns of its keys, or whether it has an address. Two accesses of the
  // same table or target with one form conflict only when their values are the same, and then so is the text
  // of them.
  [[nodiscard]] std::string form() const;
  [[nodiscard]] std::string values() const;

  // "table `todo`", "target `cache`"
  [[nodiscard]] std::string thing(const model::Program& program) const;
  // "reads it", "inserts into it"
  [[nodiscard]] llvm::StringRef verb() const;
};

// Slots with another value in each run of a loop's body.
using VaryingSlots = llvm::DenseSet<model::SlotId>;

// Whether the order of the two decides; of accesses to the same target and table. With `varying` they belong
// to two runs of a loop's body, and may be one and the same.
[[nodiscard]] bool conflict(const Access& left, const Access& right, const VaryingSlots* varying = nullptr);

// The accesses of calls, each made once. Calls outlive it.
class Accesses {
 public:
  explicit Accesses(const model::Program& program) : program_(program) {}

  [[nodiscard]] const std::vector<Access>& of(const model::EffectCall& call);

 private:
  [[nodiscard]] std::vector<Access> make(const model::EffectCall& call) const;

  const model::Program& program_;
  llvm::DenseMap<const model::EffectCall*, std::vector<Access>> made_;
};

}  // namespace zc::check
