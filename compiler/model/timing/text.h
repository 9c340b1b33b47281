// Times, formulas and tables of calls as people read them.

#pragma once

#include "compiler/model/timing/timing.h"
#include "compiler/model/words.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace zc::model {

// "1.155 s", "960 ms", "2 min 5 s": exact, but for sums that ended at `kForever`.
[[nodiscard]] std::string duration_text(Nanoseconds time);
// "3 x 300 ms + 20 ms + 40 ms", "2 x 20 ms + 50 ms" with hedges; "no timeout" without a bound. With `times`
// "25 x (2 x 50 ms + 5 ms)".
[[nodiscard]] std::string formula_text(const CallTime& time, std::uint64_t times = 1);
// "db.one", with the join of its group: "db.one (race)".
[[nodiscard]] std::string effect_text(const Program& program, PackageId from, const TimedCall& call);

// Lines of a table with a heading, a line a call and, under several, their sum. No line ends in a blank.
class CallTable {
 public:
  CallTable(const Program& program, PackageId from) : program_(program), from_(from) {}

  // Of more than `limit` calls the longest are shown, in their order.
  [[nodiscard]] std::vector<std::string> lines(llvm::ArrayRef<TimedCall> calls, std::size_t limit) const;
  // All of them, each with a bar that shows when it waits on a line of `scale`.
  [[nodiscard]] std::vector<std::string> lines_with_bars(llvm::ArrayRef<TimedCall> calls,
                                                         Nanoseconds scale) const;

 private:
  using Row = std::vector<std::string>;
  [[nodiscard]] Row row(const TimedCall& call) const;

  const Program& program_;
  PackageId from_;
};

// Columns two blanks apart, as wide as their longest cell; those in `to_the_right` are aligned to the right.
[[nodiscard]] std::vector<std::string> align_columns(llvm::ArrayRef<std::vector<std::string>> rows,
                                                     llvm::ArrayRef<std::size_t> to_the_right);

}  // namespace zc::model
