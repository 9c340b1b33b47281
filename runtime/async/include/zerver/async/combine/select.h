// Waiting for the first of several operations.
#pragma once

#include <zerver/async/operation.h>

#include <array>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

namespace zerver::async {

// Exactly one of the operations takes effect: the first that completes; if several could at once, the one
// that is named first. The others are cancelled before anything goes on, so no message is lost and no lock is
// taken by them. It is an operation itself.
template <class... Operations> class Select {
 public:
  // index() is that of the operation.
  using Value = std::variant<Result<typename Operations::Value>...>;

  explicit Select(Operations&&... operations) noexcept : operations_(std::move(operations)...) {}
  Select(Select&& other) noexcept : operations_(std::move(other.operations_)) {}

  bool try_complete() { return try_each(kIndices); }
  void enqueue(Waiter& waiter) {
    outer_ = &waiter;
    enqueue_each(kIndices);
  }
  void cancel() noexcept { cancel_but(sizeof...(Operations)); }
  Result<Value> result() { return take(kIndices); }

 private:
  static constexpr auto kIndices = std::index_sequence_for<Operations...>();
  static constexpr std::size_t kNone = sizeof...(Operations);

  struct Branch final : Waiter {
    Branch() noexcept : Waiter(tell) {}
    void begin(Select& its_select, std::size_t its_index, Loop& loop) noexcept {
      select = &its_select;
      index = its_index;
      set_loop(loop);
    }
    static void tell(Waiter& waiter) noexcept {
      auto& self = static_cast<Branch&>(waiter);
      self.select->complete(self.index);
    }
    Select* select = nullptr;
    std::size_t index = 0;
  };

  template <std::size_t... kIndex> bool try_each(std::index_sequence<kIndex...>) {
    return (try_one<kIndex>() || ...);
  }
  template <std::size_t kIndex> bool try_one() {
    if (!std::get<kIndex>(operations_).try_complete()) return false;
    winner_ = kIndex;
    return true;
  }
  template <std::size_t... kIndex> void enqueue_each(std::index_sequence<kIndex...>) {
    (enqueue_one<kIndex>(), ...);
  }
  // Those behind one that completes at once do not begin.
  template <std::size_t kIndex> void enqueue_one() {
    if (winner_ != kNone) return;
    branches_[kIndex].begin(*this, kIndex, outer_->loop());
    ++begun_;
    std::get<kIndex>(operations_).enqueue(branches_[kIndex]);
  }
  void complete(std::size_t index) noexcept {
    winner_ = index;
    cancel_but(index);
    outer_->complete();
  }
  void cancel_but(std::size_t winner) noexcept { cancel_each(winner, kIndices); }
  template <std::size_t... kIndex>
  void cancel_each(std::size_t winner, std::index_sequence<kIndex...>) noexcept {
    ((kIndex < begun_ && kIndex != winner ? std::get<kIndex>(operations_).cancel() : void()), ...);
  }
  template <std::size_t... kIndex> Result<Value> take(std::index_sequence<kIndex...>) {
    std::optional<Value> value;
    ((winner_ == kIndex
          ? void(value.emplace(std::in_place_index<kIndex>, std::get<kIndex>(operations_).result()))
          : void()),
     ...);
    return *std::move(value);
  }

  std::tuple<Operations...> operations_;
  std::array<Branch, sizeof...(Operations)> branches_;
  std::size_t begun_ = 0;
  std::size_t winner_ = kNone;
  Waiter* outer_ = nullptr;
};

// `auto chosen = co_await select(channel.receive(), sleep_for(second));` then `chosen->index()`. Fails only
// when it is cancelled.
template <class... Operations>
Awaiting<Select<Operations...>> select(Awaiting<Operations>... operations) noexcept {
  static_assert(sizeof...(Operations) > 0);
  return Awaiting<Select<Operations...>>(Select<Operations...>(std::move(operations)...));
}

}  // namespace zerver::async
