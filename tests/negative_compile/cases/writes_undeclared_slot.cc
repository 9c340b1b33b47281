// expect: admit
// expect: set_todo

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  view.set_todo({});
  return proceed();
}
