// The C++ steps of jobs.flow.

#include "jobs.flow.h"

namespace work::v1 {

inspect::Decision inspect::run(View& view) {
  if (view.id() < 0) return fail(Refused{.id = view.id()});
  return proceed();
}

take_note::Decision take_note::run(View&) { return proceed(); }

inspect_all::Decision inspect_all::run(View&) { return proceed(); }

}  // namespace work::v1
