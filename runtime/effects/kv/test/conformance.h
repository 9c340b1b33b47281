// What every implementation of `kv` does.
#pragma once

#include <zerver/testing/adapter_harness.h>

#include <string>

namespace zerver::effects::kv {

// A harness for the adapter `kv` with that URL; its prefix is `prefix`.
testing::HarnessOptions harness_for(
    std::string url,
    std::string prefix = "test:", testing::HarnessOptions::Time time = testing::HarnessOptions::Time::kReal);
// The adapters of the standard library.
const Registry& standard_registry();

// Fails the test where the adapter does not do as `docs/kv.md` says. Its store is empty.
void check_conformance(testing::AdapterHarness& kv);

}  // namespace zerver::effects::kv
