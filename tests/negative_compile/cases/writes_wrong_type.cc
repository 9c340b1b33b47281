// expect: step `admit` writes slot `left`, which is a std::int32_t

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  view.set_left("three");
  return proceed();
}
