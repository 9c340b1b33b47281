#include <zerver/flow/saga/plan.h>

#include <ranges>
#include <utility>
#include <vector>

namespace zerver::flow {

namespace {

using Kind = SagaAction::Kind;
using Status = SagaRun::Status;

constexpr std::string_view kUnknownStep = "this program has no step of that name";
constexpr std::string_view kNoResult =
    "it may have happened, must not be repeated, and its undo needs what it wrote";
constexpr std::string_view kPivotInDoubt =
    "it may have happened, must not be repeated, and decides about the rest";
constexpr std::string_view kAbandonedPivot = "it may have happened, and everything else has been undone";
constexpr std::string_view kBehindPivot =
    "it stands behind the pivot, may have happened, and must not be repeated";
constexpr std::string_view kUndoCut = "its undo was cut off, and must not be repeated";
constexpr std::string_view kNoUndo = "it may have happened, and has no undo";
constexpr std::string_view kIncomplete =
    "it was cut off behind its pivot: what had not begun by then has not been done";

bool in_doubt(const SagaRun& run) noexcept {
  return run.status == Status::kDoubtful || run.status == Status::kIntended;
}

// Collects what cannot be done, while what can be done ends the search.
class Search {
 public:
  Search(const SagaHistory& history, const std::function<const SagaStepInfo*(std::string_view step)>& find,
         const std::function<bool(const SagaRun& run)>& tried)
      : history_(history), tried_(tried) {
    for (const SagaRun& run : history.runs)
      infos_.push_back(find(run.step));
  }

  SagaAction run() {
    if (!history_.broken.empty()) return {Kind::kWait, 0, history_.broken};
    if (history_.committed) return settle_doubts() ? found_ : end();
    if (const std::size_t pivot = passed_pivot(); pivot < history_.runs.size()) return go_on_behind(pivot);
    if (decide_pivots()) return found_;
    if (!history_.unwinding && has_something_to_undo()) return {Kind::kUnwind};
    return unwind() ? found_ : end();
  }

 private:
  const SagaStepInfo* info(std::size_t run) const { return infos_[run]; }

  // Position of a run that decides for going on; the number of runs when there is none.
  std::size_t passed_pivot() const {
    for (std::size_t run = 0; run < infos_.size(); ++run) {
      if (info(run) == nullptr || history_.runs[run].status != Status::kCompleted) continue;
      const bool decides = info(run)->role == SagaRole::kPivot ||
                           (info(run)->role == SagaRole::kUncompensated && !history_.unwinding);
      if (decides) return run;
    }
    return infos_.size();
  }

  bool has_something_to_undo() const {
    for (const SagaRun& run : history_.runs) {
      if (run.status != Status::kFailed && run.status != Status::kUndone) return true;
    }
    return false;
  }

  // True when `found_` says what to do.
  bool act(Kind kind, std::size_t run) {
    if (tried_(history_.runs[run])) {
      is_waiting_ = true;
      return false;
    }
    found_ = {kind, run, {}};
    return true;
  }
  bool give_to_people(std::size_t run, std::string_view why) {
    if (found_.why.empty()) found_ = {Kind::kWait, run, why};
    return false;
  }

  bool settle(std::size_t at) {
    const SagaRun& run = history_.runs[at];
    const SagaStepInfo* const step = info(at);
    if (step == nullptr) return give_to_people(at, kUnknownStep);
    switch (run.status) {
      case Status::kFailed:
      case Status::kUndone:
        return false;
      case Status::kUndoing:
        return step->undo_repeatable ? act(Kind::kUndo, at) : give_to_people(at, kUndoCut);
      case Status::kCompleted:
      case Status::kStuck:
        return step->undo != nullptr ? act(Kind::kUndo, at) : give_to_people(at, kNoUndo);
      case Status::kIntended:
      case Status::kDoubtful:
        break;
    }
    if (step->role != SagaRole::kCompensated) return give_to_people(at, kAbandonedPivot);
    if (step->repeatable && step->redo != nullptr) return act(Kind::kRedo, at);
    if (!step->undo_needs_result) return act(Kind::kUndo, at);
    return give_to_people(at, kNoResult);
  }

  // Of a saga that has completed: what was in doubt, or being undone, when it did.
  bool settle_doubts() {
    for (std::size_t at = history_.runs.size(); at-- > 0;) {
      const Status status = history_.runs[at].status;
      if (status != Status::kCompleted && settle(at)) return true;
    }
    return false;
  }

  SagaAction go_on_behind(std::size_t pivot) {
    bool is_complete = false;
    for (std::size_t at = 0; at < infos_.size(); ++at) {
      const SagaRun& run = history_.runs[at];
      is_complete = is_complete || (run.is_last && run.status == Status::kCompleted);
      if (run.number < history_.runs[pivot].number || !in_doubt(run)) {
        if (run.status != Status::kCompleted && settle(at)) return found_;
        continue;
      }
      if (info(at) == nullptr) {
        give_to_people(at, kUnknownStep);
      } else if (!info(at)->repeatable || info(at)->redo == nullptr) {
        give_to_people(at, kBehindPivot);
      } else if (act(Kind::kRedo, at)) {
        return found_;
      }
    }
    if (!is_complete && !is_waiting_) give_to_people(pivot, kIncomplete);
    return end();
  }

  // Whether a pivot that is in doubt has to be asked first.
  bool decide_pivots() {
    for (std::size_t at = 0; at < infos_.size(); ++at) {
      const SagaRun& run = history_.runs[at];
      if (!in_doubt(run) || run.abandoned) continue;
      if (info(at) == nullptr) {
        give_to_people(at, kUnknownStep);
        return true;
      }
      if (info(at)->role == SagaRole::kCompensated) continue;
      if (!info(at)->repeatable || info(at)->redo == nullptr) {
        give_to_people(at, kPivotInDoubt);
      } else if (!act(Kind::kRedo, at)) {
        found_ = {};
      }
      return true;
    }
    return false;
  }

  bool unwind() {
    for (std::size_t at = infos_.size(); at-- > 0;) {
      if (in_doubt(history_.runs[at]) && settle(at)) return true;
    }
    for (std::size_t at = infos_.size(); at-- > 0;) {
      if (!in_doubt(history_.runs[at]) && settle(at)) return true;
    }
    return false;
  }

  SagaAction end() const {
    if (is_waiting_) return {};
    return found_.why.empty() ? SagaAction{Kind::kEnd} : found_;
  }

  const SagaHistory& history_;
  const std::function<bool(const SagaRun& run)>& tried_;
  std::vector<const SagaStepInfo*> infos_;
  SagaAction found_;
  bool is_waiting_ = false;
};

}  // namespace

SagaAction next_action(const SagaHistory& history,
                       const std::function<const SagaStepInfo*(std::string_view step)>& find,
                       const std::function<bool(const SagaRun& run)>& tried) {
  return Search(history, find, tried).run();
}

}  // namespace zerver::flow
