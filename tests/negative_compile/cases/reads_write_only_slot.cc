// expect: admit
// expect: left

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  view.set_left(view.left());
  return proceed();
}
