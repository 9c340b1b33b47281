// expect: admit
// expect: find

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View&) { return find::proceed(); }
