// expect: view.id() = 4

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  view.id() = 4;
  return proceed();
}
