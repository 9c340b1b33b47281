// expect: step `admit` only reads slot `id`: add it to its `->` in steps.flow

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  view.set_id(4);
  return proceed();
}
