// What is to be done about a saga whose flow is gone: what is known goes in, the next step comes out.
#pragma once

#include <zerver/flow/saga/record.h>
#include <zerver/flow/saga/step_info.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace zerver::flow {

struct SagaAction {
  enum class Kind : std::uint8_t {
    kUnwind,  // write down that from here on it is taken back
    kUndo,    // run the undo of `run`
    kRedo,    // run the effects of `run` once more, to learn how they ended
    kEnd,     // nothing is left
    kWait,    // nothing can be done now: `why` is empty when something is tried again later, else it is for
              // people
  };
  Kind kind = Kind::kWait;
  std::size_t run = 0;        // position in SagaHistory::runs
  std::string_view why = {};  // static
};

// `find` knows the steps of this program by their names, null when it has none of that name. `tried` says
// whether a run has had its turn already, and failed.
//
// - Committed, or its last write done: nothing is undone; what is in doubt from before is settled.
// - Past its pivot: it only goes on. What is in doubt is done again when it may be repeated.
// - A pivot in doubt, or a write without an undo: done again when it may be repeated, which decides about all
//   the others; else it is for people, and so are they.
// - Else everything is undone, the last first. A run in doubt is done again when it may be repeated, and
//   then undone when it has succeeded; else it is undone when the undo needs nothing of its result: an undo
//   is harmless when there is nothing to undo; else it is for people.
// - An undo that was cut off is run again when it may be repeated; else it is for people.
SagaAction next_action(const SagaHistory& history,
                       const std::function<const SagaStepInfo*(std::string_view step)>& find,
                       const std::function<bool(const SagaRun& run)>& tried);

}  // namespace zerver::flow
