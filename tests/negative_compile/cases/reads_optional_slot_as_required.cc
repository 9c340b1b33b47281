// expect: left

#include "steps.flow.h"

steps::v1::find::Decision steps::v1::find::run(View& view) {
  const std::int32_t left = view.left();
  return left == 0 ? fail(NotFound{}) : proceed();
}
