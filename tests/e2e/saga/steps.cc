#include "shop.flow.h"

shop::check::Decision shop::check::run(View& view) {
  if (view.id() % 3 == 0) return fail(Declined{});
  return proceed();
}
