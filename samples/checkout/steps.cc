// The pure steps of the checkout.
#include "checkout.flow.h"

#include <algorithm>

namespace checkout {

price::Decision price::run(View& view) {
  constexpr std::int32_t kAll = 100;
  const std::int32_t discount = std::clamp(view.discount().value_or(0), 0, kAll);
  const std::int64_t full = view.product().cents * view.cart().quantity;
  view.set_cents(full - full * discount / kAll);
  return proceed();
}

enough::Decision enough::run(View& view) {
  if (view.reserved() == 0) return fail(SoldOut{});
  return proceed();
}

}  // namespace checkout
