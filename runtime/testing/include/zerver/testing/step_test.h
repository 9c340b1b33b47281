// One C++ step, called as its flow calls it, with slots that are seeded by name.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/json_writer.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace zerver::testing {

namespace detail {

// A type that the generated code can write as JSON; others are compared, not shown.
template <class T>
concept WritesJson = requires(flow::JsonWriter& out, const T& value) { write_json(out, value); };

// One slot: a value of any type, or none.
class AnySlot {
 public:
  virtual ~AnySlot() = default;
  virtual const std::type_info& type() const noexcept = 0;
  // Empty when the type has no JSON.
  virtual std::string json() const = 0;
  bool is_set = false;
  bool is_seeded = false;
};

template <class T> class TypedSlot final : public AnySlot {
 public:
  const std::type_info& type() const noexcept override { return typeid(T); }
  std::string json() const override {
    if constexpr (WritesJson<T>) {
      OutputBuffer text;
      flow::JsonWriter writer(text);
      write_json(writer, value);
      return std::string(text.view());
    } else {
      return {};
    }
  }
  T value{};
};

}  // namespace detail

// The slots of one call of a step, by the names that the step's signature writes: `todo`, `auth.user`.
class StepSlots {
 public:
  // --- For tests ---

  template <class T> void seed(std::string name, T value) {
    auto slot = std::make_unique<detail::TypedSlot<T>>();
    slot->value = std::move(value);
    slot->is_set = slot->is_seeded = true;
    slots_.insert_or_assign(std::move(name), std::move(slot));
  }

  bool has(std::string_view name) const {
    const auto found = slots_.find(name);
    return found != slots_.end() && found->second->is_set;
  }
  // Throws std::invalid_argument when the step has no such slot, it is unset, or of another type.
  template <class T> const T& get(std::string_view name) const {
    const detail::AnySlot& slot = at(name);
    if (!slot.is_set) throw std::invalid_argument("slot `" + std::string(name) + "` is not set");
    return typed<T>(name, slot).value;
  }
  // What a set slot holds, as JSON; `(unset)` when it holds nothing.
  std::string json(std::string_view name) const {
    return has(name) ? at(name).json() : std::string("(unset)");
  }

  // --- For generated views ---

  template <class T> const T& read(std::string_view name) { return *seeded<T>(name, true); }
  template <class T> const T* read_if_set(std::string_view name) { return seeded<T>(name, false); }
  template <class T> T& updated(std::string_view name) {
    return const_cast<T&>(*seeded<T>(name, true));  // NOLINT: ours, and not const
  }
  // A place to write to. One that is read as optional keeps what was seeded until the step has written.
  template <class T> T& written(std::string_view name) {
    auto& slot = written_[std::string(name)];
    slot = std::make_unique<detail::TypedSlot<T>>();
    return static_cast<detail::TypedSlot<T>&>(*slot).value;
  }
  void wrote(std::string_view name, bool is_written) {
    const auto place = written_.find(name);
    if (place == written_.end()) return;  // updated in its place
    if (!is_written) return;
    place->second->is_set = true;
    slots_.insert_or_assign(std::string(name), std::move(place->second));
    written_.erase(place);
  }

 private:
  const detail::AnySlot& at(std::string_view name) const {
    const auto found = slots_.find(name);
    if (found == slots_.end())
      throw std::invalid_argument("slot `" + std::string(name) + "` was neither seeded nor written");
    return *found->second;
  }
  template <class T>
  static const detail::TypedSlot<T>& typed(std::string_view name, const detail::AnySlot& slot) {
    if (slot.type() != typeid(T))
      throw std::invalid_argument("slot `" + std::string(name) + "` is of another type");
    return static_cast<const detail::TypedSlot<T>&>(slot);
  }
  template <class T> const T* seeded(std::string_view name, bool required) {
    const auto found = slots_.find(name);
    if (found == slots_.end()) {
      if (required) throw std::invalid_argument("slot `" + std::string(name) + "` must be seeded");
      return nullptr;
    }
    return &typed<T>(name, *found->second).value;
  }

  std::map<std::string, std::unique_ptr<detail::AnySlot>, std::less<>> slots_;
  std::map<std::string, std::unique_ptr<detail::AnySlot>, std::less<>> written_;
};

// `StepTest<todos::apply::View> step; step.seed("todo", todo); auto result = step.run();`. `View` is the
// generated one; the step's `run` is found in its namespace. Values that a step makes live as long as this.
template <class View> class StepTest {
 public:
  using Decision = decltype(run(std::declval<View&>()));

  // What the step decided, and its slots behind it.
  class Result {
   public:
    const Decision& decision() const noexcept { return decision_; }
    auto kind() const noexcept { return decision_.kind(); }
    const StepSlots& slots() const noexcept { return *slots_; }
    template <class T> const T& slot(std::string_view name) const { return slots_->get<T>(name); }

   private:
    friend class StepTest;
    Result(Decision decision, const StepSlots& slots) : decision_(std::move(decision)), slots_(&slots) {}

    Decision decision_;
    const StepSlots* slots_;
  };

  // `arena_bytes`: how much memory the step may use.
  explicit StepTest(std::size_t arena_bytes = Arena::kDefaultCap) : arena_(arena_bytes) {}

  // The type is that of the slot.
  template <class T> StepTest& seed(std::string name, T value) {
    slots_.seed(std::move(name), std::move(value));
    return *this;
  }
  Arena& arena() noexcept { return arena_; }

  // Once. Throws what the step throws, and std::invalid_argument when a slot that it reads is not seeded, or
  // with a value of another type.
  Result run_step() {
    View view = View::over(arena_, slots_);
    Decision decision = run(view);
    view.report(slots_);
    return Result(std::move(decision), slots_);
  }

 private:
  Arena arena_;
  StepSlots slots_;
};

}  // namespace zerver::testing
