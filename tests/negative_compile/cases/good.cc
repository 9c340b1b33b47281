// compiles

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View& view) {
  if (view.id() == 0) return fail(OverQuota{});
  view.set_left(3);
  return proceed();
}

steps::v1::find::Decision steps::v1::find::run(View& view) {
  if (view.left().value_or(1) == 0) return fail(NotFound{.id = view.id()});
  view.set_todo({.id = view.id(), .title = view.text("todo ", view.id())});
  return proceed();
}
