// Calls that more than one file of tests makes.
#pragma once

#include "by_hand_adapter.h"

namespace zerver::flow::test {

inline constexpr CallSite kOnce{.step = "once", .target = 0, .operation = 1, .policy = {.timeout = ms(50)}};
inline constexpr CallSite kRetried{
    .step = "retried",
    .target = 0,
    .operation = 2,
    .policy = {.timeout = ms(50),
               .retries = 2,
               .backoff_first = ms(1),
               .backoff_cap = ms(1),
               .retry_on = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout)}};

}  // namespace zerver::flow::test
