// The steps of transactions.flow.
#include "transactions.flow.h"

#include <stdexcept>

namespace transactions::v1 {

check::Decision check::run(View& view) {
  if (view.id() == 13) return fail(Odd{});
  if (view.id() == 14) throw std::runtime_error("fourteen");
  return proceed();
}

note::Decision note::run(View& view) {
  view.set_found(view.maybe().value_or(-1));
  return proceed();
}

}  // namespace transactions::v1
