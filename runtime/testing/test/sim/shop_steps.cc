#include "shop.flow.h"

namespace shop {

check::Decision check::run(View& view) {
  if (view.cents() > 1'000'000) return fail(Declined{});
  return proceed();
}

quote::Decision quote::run(View& view) {
  if (view.note()) {
    view.set_label(view.text(view.cents(), " cents, ", *view.note()));
    view.set_note(view.text(*view.note(), "!"));
  } else {
    view.set_label(view.text(view.cents(), " cents"));
  }
  return proceed();
}

}  // namespace shop
