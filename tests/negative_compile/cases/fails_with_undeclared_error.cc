// expect: step `admit` does not declare this error: add it to its `fails` in steps.flow

#include "steps.flow.h"

steps::v1::admit::Decision steps::v1::admit::run(View&) { return fail(NotFound{.id = 1}); }
