// What `--targets` says: the systems that a service talks to, what holds for them, and how they are.
#pragma once

#include <zerver/effects/systems.h>
#include <zerver/flow/service.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace zerver::server {

// A call of a target, as the flows of some package have it.
struct ReportedCall {
  const flow::CallSite* site;
  const flow::OperationInfo* operation;  // null when nothing is known of it
};

struct ReportedTarget {
  effects::TargetState state;       // when it could be opened
  const flow::TargetInfo* info;     // of it
  std::string why_not_opened;       // empty: it is
  std::vector<ReportedCall> calls;  // in the order of the packages and of their texts

  bool is_up() const noexcept {
    return why_not_opened.empty() && state.health.state == effects::Health::State::kUp;
  }
};

// In the order of declaration. `probed` has the answers of Systems::probe(), by position in states(); those
// that have not answered are what states() says.
std::vector<ReportedTarget> report_targets(std::span<const flow::PackageInfo* const> packages,
                                           const effects::Systems& systems,
                                           std::span<const std::optional<effects::Health>> probed);

// For people. Nothing of it is secret.
std::string to_text(std::span<const ReportedTarget> targets);
// One line with one JSON object: `targets`.
std::string to_json(std::span<const ReportedTarget> targets);

}  // namespace zerver::server
