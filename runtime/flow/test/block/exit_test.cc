#include "block_fixture.h"
#include <zerver/flow/block/exit.h>

#include <stdexcept>

namespace zerver::flow {
namespace {

struct Lost {
  int id = 0;
};

TEST_F(BlockTest, AnErrorTravelsWithItsValueAndWhatItWasMadeOf) {
  const Exit exit = exit_raised(exchange, 3, Lost{7}, {FaultKind::kMissing, "gone", {}});
  EXPECT_TRUE(exit.left());
  EXPECT_TRUE(exit.raised());
  EXPECT_TRUE(exit.raised_any(1, 3));
  EXPECT_FALSE(exit.raised_any(1, 2));
  EXPECT_EQ(exit.as<Lost>().id, 7);
  EXPECT_EQ(exit.fault.why, "gone");
}

TEST_F(BlockTest, AFaultIsEitherCancelledOrAMistake) {
  EXPECT_TRUE(exit_fault(exchange, {FaultKind::kCancelled, "late", {}}).cancelled());
  EXPECT_TRUE(log.lines.empty());
  const Exit exit = exit_fault(exchange, {FaultKind::kInternal, "what", {}});
  EXPECT_EQ(exit.kind, Exit::Kind::kBroken);
  EXPECT_EQ(log.lines.size(), 1U);
  answer_exit(exchange, exit);
  EXPECT_EQ(exchange.response.status, 500);
}

TEST_F(BlockTest, AnExceptionIsAMistakeAndAFullArenaIsNot) {
  const auto of = [&](auto thrown) {
    try {
      throw thrown;
    } catch (...) {
      return exit_exception(exchange);
    }
  };
  EXPECT_EQ(of(std::runtime_error("no")).status, 500);
  EXPECT_EQ(of(ArenaFull()).status, 503);
  EXPECT_EQ(of(7).status, 500);
  EXPECT_EQ(log.lines.size(), 3U);
}

TEST_F(BlockTest, ACancelledRequestIsAnsweredUnlessAHookHas) {
  exchange.response.status = 202;
  answer_exit(exchange, exit_cancelled_answered());
  EXPECT_EQ(exchange.response.status, 202);
  answer_exit(exchange, exit_cancelled());
  EXPECT_EQ(exchange.response.status, 504);
}

TEST_F(BlockTest, ALongListIsTheClientsMistake) {
  answer_exit(exchange, exit_too_many(exchange, 6, 5));
  EXPECT_EQ(exchange.response.status, 413);
}

}  // namespace
}  // namespace zerver::flow
