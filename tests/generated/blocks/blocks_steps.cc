// The C++ steps of blocks.flow: each does on demand what a step may do.

#include "blocks.flow.h"

#include <stdexcept>

namespace blocks::v1 {

check::Decision check::run(View& view) {
  if (view.a() == 13) return fail(Odd{.id = view.a()});
  return proceed();
}

throw_up::Decision throw_up::run(View& view) {
  if (view.a() == 13) throw std::runtime_error("thirteen");
  return proceed();
}

check_item::Decision check_item::run(View& view) {
  if (view.item() == 13) return fail(Odd{.id = view.item()});
  if (view.item() == 14) throw std::runtime_error("fourteen");
  return proceed();
}

tell_odd::Decision tell_odd::run(View& view) {
  if (view.id() % 2 == 1) return fail(Odd{.id = view.id()});
  return proceed();
}

total::Decision total::run(View& view) {
  std::int64_t sum = 0;
  for (const std::int64_t value : view.all())
    sum += value;
  view.set_sum(sum);
  return proceed();
}

}  // namespace blocks::v1
