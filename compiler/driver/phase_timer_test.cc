// The table of --time-phases.

#include "compiler/driver/phase_timer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/raw_ostream.h>

#include <string>

namespace zc::driver {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string table(const PhaseTimer& timer, std::uint64_t lines, std::uint64_t bytes) {
  std::string text;
  llvm::raw_string_ostream out(text);
  timer.print(lines, bytes, out);
  return text;
}

TEST(PhaseTimer, ShowsAPhaseOnceHoweverOftenItIsEntered) {
  PhaseTimer timer;
  timer.begin("load");
  timer.begin("parse");
  timer.begin("load");
  timer.end();
  timer.end();  // of no effect when nothing runs
  const std::string text = table(timer, 10, 2048);
  EXPECT_THAT(text, ContainsRegex("load .* ms .* ms .* %\nparse .*\ntotal .* 100.0 %\n"));
  EXPECT_THAT(text, HasSubstr("input    10 lines, 2.0 KiB; "));
  EXPECT_THAT(text, ContainsRegex("memory   [0-9.]+ MiB at the peak, [0-9.]+ times the input\n"));
}

TEST(PhaseTimer, AnEmptyInputHasNoRatio) {
  const std::string text = table(PhaseTimer(), 0, 0);
  EXPECT_THAT(text, HasSubstr("0.0 times the input"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace zc::driver
