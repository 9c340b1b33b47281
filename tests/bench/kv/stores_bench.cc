// How many writes and reads a second one worker gets through to a store of `kv`, as flows reach it:
// `kv_stores_bench URL [COUNT] [IN_FLIGHT]` prints `set NUMBER` and `get NUMBER`. compare_stores.py puts
// stores side by side.
#include "zerver.flow.h"
#include <zerver/core/clock.h>
#include <zerver/effects/registry.h>
#include <zerver/testing/adapter_harness.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace zerver {
namespace {

constexpr std::size_t kKeys = 20'000;
constexpr std::size_t kFilling = 64;  // operations in flight

// False when one of them has failed.
template <class Make>
bool run(testing::AdapterHarness& kv, std::size_t count, std::size_t in_flight, const Make& make) {
  using Operation = testing::Performed<decltype(make(std::string()))>;
  struct Slot {
    std::string key;
    std::unique_ptr<Operation> operation;
  };
  std::vector<Slot> slots(in_flight);
  std::size_t begun = 0, ended = 0;
  bool is_good = true;
  // Those that have ended make room for others, some of which end at once.
  const auto go_on = [&] {
    for (bool is_new = true; is_new;) {
      is_new = false;
      for (Slot& slot : slots) {
        if (slot.operation != nullptr && !slot.operation->ended()) continue;
        if (slot.operation != nullptr) {
          is_good = is_good && slot.operation->ok();
          slot.operation.reset();
          ++ended;
        }
        if (begun == count) continue;
        slot.key = "key:" + std::to_string(begun++ % kKeys);
        slot.operation = kv.start(make(slot.key), {.patience = Duration::from_seconds(60)});
        is_new = is_new || slot.operation->ended();
      }
    }
    return ended == count;
  };
  return kv.run_until(go_on, Duration::from_seconds(600)) && is_good;
}

int measure(const std::string& url, std::size_t count, std::size_t in_flight) {
  effects::Registry registry;
  effects::add_standard_adapters(registry);
  testing::HarnessOptions options;
  options.arguments = {{"url", url}};
  testing::AdapterHarness kv(registry, "zerver.kv", options);
  if (!kv.error().empty()) {
    std::fprintf(stderr, "%s\n", kv.error().c_str());
    return 2;
  }
  const std::string value = '"' + std::string(100, 'v') + '"';
  const auto set = [&](const std::string& key) {
    return KvAdapter::SetArguments{String::borrowed(key), Json::borrowed(value)};
  };
  const auto get = [](const std::string& key) { return KvAdapter::GetArguments{String::borrowed(key)}; };
  const SystemClock clock;
  const auto time = [&](const char* name, const auto& make) {
    const TimePoint begin = clock.now();
    if (!run(kv, count, in_flight, make)) return false;
    std::printf("%s %.0f\n", name,
                static_cast<double>(count) * 1e9 / static_cast<double>((clock.now() - begin).nanoseconds));
    return true;
  };
  // Without a figure: all keys are there then.
  if (run(kv, kKeys, kFilling, set) && time("set", set) && time("get", get)) return 0;
  std::fprintf(stderr, "an operation failed\n");
  return 1;
}

}  // namespace
}  // namespace zerver

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto number = [&](int position, std::size_t otherwise) {
    return argc > position ? static_cast<std::size_t>(std::strtoul(argv[position], nullptr, 10)) : otherwise;
  };
  return zerver::measure(argv[1], number(2, 100'000), number(3, 64));
}
