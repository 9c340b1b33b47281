// The C++ steps of sagas.flow.

#include "sagas.flow.h"

#include <stdexcept>

namespace sagas::v1 {

check::Decision check::run(View& view) {
  if (view.id() == 13) return fail(Odd{});
  if (view.id() == 14) throw std::runtime_error("fourteen");
  return proceed();
}

}  // namespace sagas::v1
