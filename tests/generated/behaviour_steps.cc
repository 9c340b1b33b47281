// The C++ steps of behaviour.flow: each does on demand what a step may do.

#include "behaviour.flow.h"

#include <stdexcept>

namespace behaviour::v1 {

greet::Decision greet::run(View& view) {
  if (view.name() == "nobody") return fail(OverQuota{.left = 0});
  if (view.name() == "teapot")
    return done({.status = 418, .content_type = "text/plain", .body = "short and stout"});
  if (view.name() == "clumsy") throw std::runtime_error("dropped it");
  if (view.name() == "forgetful") return proceed();
  view.set_greeting(view.text("hello ", view.name()));
  return proceed();
}

admit::Decision admit::run(View& view) {
  const std::int32_t left = view.left().value_or(1);
  if (left <= 0) return fail(OverQuota{.left = left});
  return proceed();
}

choose::Decision choose::run(View& view) {
  // The last digit of the id says what to do.
  return view.id().value.bytes[15] == 0 || view.todo() ? proceed() : need_load();
}

loaded::Decision loaded::run(View& view) {
  if (!view.todo() || view.todo()->title == "plain") return proceed();
  return view.todo()->done ? replace_archived() : insert_counted();
}

}  // namespace behaviour::v1
