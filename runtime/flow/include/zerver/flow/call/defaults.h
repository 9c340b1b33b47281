// The values of policy_defaults.def.
#pragma once

#include <zerver/core/time.h>

#include <cstdint>
#include <string_view>

namespace zerver::flow::defaults {

#define POLICY_DEFAULT(identifier, value, setting, text, meaning) \
  inline constexpr std::uint32_t identifier = value;
#define ADAPTER_TIMEOUT(adapter, milliseconds)
#define OTHER_TIMEOUT(milliseconds)
#include <zerver/flow/call/policy_defaults.def>
#undef POLICY_DEFAULT
#undef ADAPTER_TIMEOUT
#undef OTHER_TIMEOUT

// How long an attempt on a target of that adapter may take, where neither its policy has a timeout nor its
// flow a deadline. `adapter` is qualified.
constexpr Duration timeout_of(std::string_view adapter) noexcept {
#define POLICY_DEFAULT(identifier, value, setting, text, meaning)
#define ADAPTER_TIMEOUT(name, milliseconds) \
  if (adapter == (name)) return Duration::from_milliseconds(milliseconds);
#define OTHER_TIMEOUT(milliseconds) return Duration::from_milliseconds(milliseconds);
#include <zerver/flow/call/policy_defaults.def>
#undef POLICY_DEFAULT
#undef ADAPTER_TIMEOUT
#undef OTHER_TIMEOUT
}

}  // namespace zerver::flow::defaults
