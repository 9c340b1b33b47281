// expect: admit
// expect: need_find

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View&) { return need_find(); }
