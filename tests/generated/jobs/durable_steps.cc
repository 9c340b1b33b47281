#include "durable.flow.h"

namespace durable::v1::judge {

Decision run(View& view) { return view.luck() % 4 == 0 ? proceed() : fail(Unlucky{}); }

}  // namespace durable::v1::judge
