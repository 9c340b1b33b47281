#include <zerver/effects/registry.h>

#include <utility>

namespace zerver::effects {

std::string_view name_of(Health::State state) noexcept {
  switch (state) {
    case Health::State::kStarting:
      return "starting";
    case Health::State::kUp:
      return "up";
    case Health::State::kDegraded:
      return "degraded";
    case Health::State::kDown:
      break;
  }
  return "down";
}

void Registry::add(AdapterInfo info, Open open) {
  if (const Entry* const there = find(info.name); there != nullptr && !there->is_default) {
    errors_.push_back(
        "adapter `" + info.name +
        "` is registered twice; Registry::replace() is for one that takes the place of another");
    return;
  }
  replace(std::move(info), std::move(open));
}

void Registry::replace(AdapterInfo info, Open open) {
  std::string name = info.name;
  entries_.insert_or_assign(std::move(name), Entry{std::move(info), std::move(open), false});
}

void Registry::add_default(AdapterInfo info, Open open) {
  if (const Entry* const there = find(info.name); there != nullptr && !there->is_default) return;
  std::string name = info.name;
  entries_.insert_or_assign(std::move(name), Entry{std::move(info), std::move(open), true});
}

const Registry::Entry* Registry::find(std::string_view adapter) const noexcept {
  const auto entry = entries_.find(adapter);
  return entry == entries_.end() ? nullptr : &entry->second;
}

}  // namespace zerver::effects
