// expect: set_todo

#include "steps.flow.h"

#include <string>

steps::v1::find::Decision steps::v1::find::run(View& view) {
  const std::string title = "made here, gone when the step returns";
  view.set_todo({.id = 1, .title = title});
  return proceed();
}
