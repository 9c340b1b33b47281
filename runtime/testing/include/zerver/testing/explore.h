// Every fault that the effects of a flow are declared to be able to have, one at a time and in pairs.
#pragma once

#include <zerver/flow/service.h>
#include <zerver/testing/faults.h>
#include <zerver/testing/sim_world.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace zerver::testing {

// An answer, as OutcomeInfo names it, and how many runs gave it.
struct SeenOutcome {
  std::uint16_t status = 0;
  std::string type;  // of a problem document; empty for others
  std::size_t runs = 0;
};

struct Exploration {
  std::size_t runs = 0;
  std::vector<SeenOutcome> seen;        // by status and type
  std::vector<SeenOutcome> unseen;      // what the flow may answer and did not, without 500: `runs` is 0
  std::vector<SeenOutcome> undeclared;  // what it answered though the compiler says that it cannot
  // What must hold and did not, each with the faults that did it.
  std::vector<std::string> violations;

  // A report: a line for each outcome, seen or not, then the violations.
  std::string text() const;
};

struct ExploreOptions {
  bool pairs = true;
  bool departures = true;  // the client leaves while each operation is under way
  std::size_t most_runs = 100'000;
  // What is wrong with a world whose request has been answered, and whose sagas have ended; may be null.
  std::function<std::string(SimWorld& world)> check = {};
};

// Runs the request in a new world each time: first without faults, then with each kind that an operation may
// fail with, a lost request, a lost answer, a duplicate and a broken connection, at each attempt of each
// effect that happens, those of undos included; then with a second one behind each of these. `make` returns a
// world that has not run, the same each time.
Exploration explore(const std::function<std::unique_ptr<SimWorld>()>& make, const RequestText& request,
                    const ExploreOptions& options = {});

}  // namespace zerver::testing
