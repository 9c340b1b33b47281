#include "shop.flow.h"

namespace shop {

check::Decision check::run(View& view) {
  if (view.cents() > 1'000'000) return fail(Declined{});
  return proceed();
}

}  // namespace shop
