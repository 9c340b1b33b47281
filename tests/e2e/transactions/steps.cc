// The step of bank.flow.
#include "bank.flow.h"

bank::covered::Decision bank::covered::run(View& view) {
  if (view.left() < view.transfer().cents) return fail(Poor{});
  return proceed();
}
