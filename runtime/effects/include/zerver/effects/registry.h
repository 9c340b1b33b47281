// Which implementation stands for which adapter: filled explicitly when a program starts.
#pragma once

#include <zerver/flow/call/operation.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::effects {

// One outside system, opened once for a process. Outlives the adapters that it hands out.
class System {
 public:
  virtual ~System() = default;
  // What one worker reaches it through; called before that worker runs.
  virtual std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) = 0;
};

// A system, or why it cannot be opened: one line that goes on from "target `todo.v1.db`: ".
struct Opened {
  std::unique_ptr<System> system;
  std::string error;
};

class Registry {
 public:
  using Open = std::function<Opened(const flow::TargetInfo& target, const flow::TargetConfig& config)>;

  // `adapter` is qualified: `zerver.sql`. What was registered for it before is replaced.
  void add(std::string adapter, Open open) { entries_.insert_or_assign(std::move(adapter), std::move(open)); }
  // Null when nothing is registered.
  const Open* find(std::string_view adapter) const noexcept {
    const auto entry = entries_.find(adapter);
    return entry == entries_.end() ? nullptr : &entry->second;
  }

 private:
  std::map<std::string, Open, std::less<>> entries_;
};

// The adapters of the standard library that this runtime implements: `sql`, `kv`, `clock`, `random`,
// and `auth.tokens`.
void add_standard_adapters(Registry& registry);

}  // namespace zerver::effects
