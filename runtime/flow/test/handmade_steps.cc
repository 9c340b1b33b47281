// The steps of the hand-made package, as its user writes them.
#include "handmade.flow.h"

namespace handmade::v1 {

greet::Decision greet::run(View& view) {
  if (view.name() == "nobody") return fail(OverQuota{0});
  if (view.name() == "teapot") return done({418, "text/plain", view.text("short and ", "stout")});
  if (view.name() == "forgetful") return proceed();
  if (view.name() == "clumsy") throw std::runtime_error("dropped it");
  view.set_greeting(view.text("hello ", view.name()));
  return proceed();
}

admit::Decision admit::run(View& view) {
  const std::int32_t left = view.left().value_or(1);
  if (left <= 0) return fail(OverQuota{left});
  return proceed();
}

find::Decision find::run(View& view) {
  if (view.todo().has_value()) return proceed();
  return need_load();
}

found::Decision found::run(View& view) {
  const auto todo = view.todo();
  if (todo && todo->done) return replace_archived();
  if (todo && todo->title == "count me") return insert_counted();
  return proceed();
}

}  // namespace handmade::v1
