// Each rule about a saga whose flow is gone.
#include <zerver/flow/saga/plan.h>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace zerver::flow {
namespace {

using Kind = SagaAction::Kind;
using R = SagaRecordKind;

// A function that is there; what the plan says is not performed here.
SagaTask nothing(Arena&, Exchange&, void*) { co_return Result<void>(); }

constexpr SagaStepInfo step(std::string_view name, SagaRole role, bool repeatable, bool undo_repeatable,
                            bool needs_result) {
  return {.step = name,
          .role = role,
          .repeatable = repeatable,
          .undo_repeatable = undo_repeatable,
          .undo_needs_result = needs_result,
          .write = nullptr,
          .read = nullptr,
          .undo = role == SagaRole::kCompensated ? nothing : nullptr,
          .redo = repeatable ? nothing : nullptr};
}

const SagaStepInfo kSteps[] = {
    step("s.keyed", SagaRole::kCompensated, true, true, true),    // may be repeated
    step("s.known", SagaRole::kCompensated, false, true, false),  // its undo needs nothing of its result
    step("s.needs", SagaRole::kCompensated, false, true, true),   // its undo needs its result
    step("s.once", SagaRole::kCompensated, true, false, false),   // its undo must not run twice
    step("s.pivot", SagaRole::kPivot, true, false, false),
    step("s.blind_pivot", SagaRole::kPivot, false, false, false),
    step("s.close", SagaRole::kUncompensated, true, false, false),
    step("s.blind_close", SagaRole::kUncompensated, false, false, false),
};

const SagaStepInfo* find(std::string_view name) {
  for (const SagaStepInfo& each : kSteps) {
    if (each.step == name) return &each;
  }
  return nullptr;
}

class SagaPlanTest : public ::testing::Test {
 protected:
  SagaPlanTest() { add(R::kBegan, 0, "s.flow"); }

  void add(R kind, std::uint32_t run = 0, std::string_view name = {}, bool is_last = false) {
    apply(history,
          {.saga = {}, .kind = kind, .is_last = is_last, .run = run, .name = name, .data = {}, .at = {}});
  }
  void intended(std::string_view name, bool is_last = false) { add(R::kIntended, ++runs, name, is_last); }
  void completed(std::string_view name, bool is_last = false) {
    intended(name, is_last);
    add(R::kCompleted, runs);
  }

  // `undo 2`, `redo 1`, `unwind`, `end`, `wait`, `people: ...`
  std::string next() const {
    const SagaAction action =
        next_action(history, find, [this](const SagaRun& run) { return tried.contains(run.number); });
    const auto run = [&] { return std::to_string(history.runs[action.run].number); };
    switch (action.kind) {
      case Kind::kUnwind:
        return "unwind";
      case Kind::kUndo:
        return "undo " + run();
      case Kind::kRedo:
        return "redo " + run();
      case Kind::kEnd:
        return "end";
      case Kind::kWait:
        return action.why.empty() ? "wait" : "people " + run();
    }
    return {};
  }

  SagaHistory history;
  std::set<std::uint32_t> tried;
  std::uint32_t runs = 0;
};

TEST_F(SagaPlanTest, EndsWhatHasNothing) { EXPECT_EQ(next(), "end"); }

TEST_F(SagaPlanTest, UndoesTheLastFirst) {
  completed("s.keyed");
  completed("s.known");
  EXPECT_EQ(next(), "unwind");
  add(R::kUnwinding);
  EXPECT_EQ(next(), "undo 2");
  add(R::kUndone, 2);
  EXPECT_EQ(next(), "undo 1");
  add(R::kUndone, 1);
  EXPECT_EQ(next(), "end");
}

// Side by side, one may begin first and complete last.
TEST_F(SagaPlanTest, UndoesInTheReverseOrderOfCompletion) {
  intended("s.known");
  intended("s.known");
  add(R::kCompleted, 2);
  add(R::kCompleted, 1);
  add(R::kUnwinding);
  EXPECT_EQ(next(), "undo 1");
}

TEST_F(SagaPlanTest, RunsWhatMayBeRepeatedAgainToLearnItsResult) {
  completed("s.known");
  intended("s.keyed");
  EXPECT_EQ(next(), "unwind");
  add(R::kUnwinding);
  EXPECT_EQ(next(), "redo 2");
  add(R::kCompleted, 2);
  EXPECT_EQ(next(), "undo 2");
  add(R::kUndone, 2);
  EXPECT_EQ(next(), "undo 1");
}

TEST_F(SagaPlanTest, UndoesNothingOfWhatHasNotHappened) {
  intended("s.keyed");
  add(R::kUnwinding);
  add(R::kFailed, 1);
  EXPECT_EQ(next(), "end");
}

TEST_F(SagaPlanTest, UndoesWhatIsInDoubtWhenThatNeedsNoResult) {
  intended("s.known");
  add(R::kUnwinding);
  EXPECT_EQ(next(), "undo 1");
}

TEST_F(SagaPlanTest, AsksPeopleAboutWhatItCannotKnowAndUndoesTheRest) {
  completed("s.known");
  intended("s.needs");
  add(R::kUnwinding);
  EXPECT_EQ(next(), "undo 1");
  add(R::kUndone, 1);
  EXPECT_EQ(next(), "people 2");
  add(R::kFailed, 2);
  EXPECT_EQ(next(), "end");
}

TEST_F(SagaPlanTest, RunsAnUndoThatWasCutOffAgainOnlyWhenItMay) {
  completed("s.once");
  add(R::kUnwinding);
  add(R::kUndoing, 1);
  EXPECT_EQ(next(), "people 1");
  add(R::kUndone, 1);
  EXPECT_EQ(next(), "end");
}

TEST_F(SagaPlanTest, TriesAgainLaterWhatHasFailed) {
  completed("s.known");
  completed("s.known");
  add(R::kUnwinding);
  add(R::kStuck, 2);
  tried.insert(2);
  EXPECT_EQ(next(), "undo 1");
  add(R::kUndone, 1);
  EXPECT_EQ(next(), "wait");
  tried.clear();
  EXPECT_EQ(next(), "undo 2");
}

TEST_F(SagaPlanTest, UndoesNothingThatHasBeenCommitted) {
  completed("s.known");
  add(R::kCommitted);
  EXPECT_EQ(next(), "end");
}

TEST_F(SagaPlanTest, SettlesADoubtOfWhatHasBeenCommitted) {
  completed("s.known");
  intended("s.known");
  add(R::kDoubtful, 2);
  add(R::kCommitted);
  EXPECT_EQ(next(), "undo 2");
}

// A commit that could not be made durable in time, so that the flow has undone everything.
TEST_F(SagaPlanTest, UnwindsBehindACommitThatFailed) {
  completed("s.known");
  add(R::kCommitted);
  add(R::kUnwinding);
  EXPECT_EQ(next(), "undo 1");
}

TEST_F(SagaPlanTest, TakesTheLastWriteForACommit) {
  completed("s.known");
  completed("s.close", true);
  EXPECT_EQ(next(), "end");
}

// The flow has decided to undo: a write that nothing undoes does not decide otherwise.
TEST_F(SagaPlanTest, GoesOnUnwindingBehindAWriteThatNothingUndoes) {
  completed("s.known");
  completed("s.close");
  add(R::kUnwinding);
  EXPECT_EQ(next(), "undo 1");
  add(R::kUndone, 1);
  EXPECT_EQ(next(), "people 2");
}

TEST_F(SagaPlanTest, AsksThePivotFirst) {
  completed("s.known");
  intended("s.pivot", true);
  EXPECT_EQ(next(), "redo 2");
  add(R::kCompleted, 2);
  EXPECT_EQ(next(), "end");
}

TEST_F(SagaPlanTest, UndoesEverythingWhenThePivotHasNotHappened) {
  completed("s.known");
  intended("s.pivot");
  add(R::kFailed, 2);
  EXPECT_EQ(next(), "unwind");
  add(R::kUnwinding);
  EXPECT_EQ(next(), "undo 1");
}

TEST_F(SagaPlanTest, UndoesNothingWhileAPivotIsInDoubt) {
  completed("s.known");
  intended("s.pivot");
  tried.insert(2);
  EXPECT_EQ(next(), "wait");
}

TEST_F(SagaPlanTest, AsksPeopleAboutAPivotThatMustNotBeRepeated) {
  completed("s.known");
  intended("s.blind_pivot");
  EXPECT_EQ(next(), "people 2");
}

// The flow has undone the rest: charging again would be wrong.
TEST_F(SagaPlanTest, NeverRepeatsAPivotBehindAnUnwinding) {
  completed("s.known");
  intended("s.pivot");
  add(R::kDoubtful, 2);
  add(R::kUnwinding);
  add(R::kUndone, 1);
  EXPECT_EQ(next(), "people 2");
}

TEST_F(SagaPlanTest, GoesOnBehindThePivot) {
  completed("s.known");
  completed("s.pivot");
  intended("s.close", true);
  EXPECT_EQ(next(), "redo 3");
  add(R::kCompleted, 3);
  EXPECT_EQ(next(), "end");
}

TEST_F(SagaPlanTest, AsksPeopleAboutWhatHasNotBegunBehindThePivot) {
  completed("s.known");
  completed("s.pivot");
  EXPECT_EQ(next(), "people 2");
}

TEST_F(SagaPlanTest, AsksPeopleAboutWhatMustNotBeRepeatedBehindThePivot) {
  completed("s.pivot");
  intended("s.blind_close", true);
  EXPECT_EQ(next(), "people 2");
}

TEST_F(SagaPlanTest, AsksPeopleAboutStepsThatTheProgramDoesNotHave) {
  completed("s.gone");
  add(R::kUnwinding);
  EXPECT_EQ(next(), "people 1");
}

TEST_F(SagaPlanTest, AsksPeopleAboutRecordsThatDoNotFit) {
  add(R::kUndone, 7);
  completed("s.known");
  EXPECT_EQ(next(), "people 1");
}

}  // namespace
}  // namespace zerver::flow
