// expect: admit
// expect: set_left

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  view.set_left("three");
  return proceed();
}
