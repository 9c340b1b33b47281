#include "crons.flow.h"

namespace clockwork::v1 {

count_stars::Decision count_stars::run(View&) { return proceed(); }

}  // namespace clockwork::v1
