// expect: admit
// expect: secret_plan

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  if (view.secret_plan().empty()) return fail(OverQuota{});
  view.set_left(3);
  return proceed();
}
