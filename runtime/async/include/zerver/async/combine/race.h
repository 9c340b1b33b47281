// The first of several tasks to end, or to succeed.
#pragma once

#include <zerver/async/combine/branches.h>

#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace zerver::async {

// Which of the tasks it was, and what it gave.
template <class T> struct Winner {
  std::size_t index;
  Something<T> value;
};

namespace detail {

template <class T> std::vector<Outcome<T>> outcomes_of(const std::vector<Task<T>>& tasks) {
  return std::vector<Outcome<T>>(tasks.size());
}
template <class T, std::size_t kCount>
std::array<Outcome<T>, kCount> outcomes_of(const std::array<Task<T>, kCount>&) {
  return {};
}

// The first that `wins` says it of stops the others. None does: the first that is named.
template <class T, class Tasks, class Wins> Task<Winner<T>> first_of(Tasks tasks, Wins wins) {
  Branches branches;
  auto outcomes = outcomes_of(tasks);
  std::optional<std::size_t> winner;
  const auto on_end = [&](const Outcome<T>& outcome) {
    if (winner || !wins(outcome)) return;
    winner = static_cast<std::size_t>(&outcome - outcomes.data());
    branches.stop();
  };
  co_await branches.run([&] {
    for (std::size_t i = 0; i < tasks.size(); ++i)
      branch(branches, tasks[i], outcomes[i], on_end);
  });
  const std::size_t index = winner.value_or(0);
  co_return Winner<T>{index, value_of(outcomes[index])};
}

template <class T> struct AnyEnd {
  bool operator()(const Outcome<T>&) const noexcept { return true; }
};
template <class T> struct Success {
  bool operator()(const Outcome<T>& outcome) const noexcept { return !failed(outcome); }
};

template <class T, class... Rest>
std::array<Task<T>, 1 + sizeof...(Rest)> together(Task<T>&& first, Rest&&... rest) {
  return {std::move(first), std::move(rest)...};
}

}  // namespace detail

// Runs them side by side and gives what the first to end gave, be it a success or not: its exception is
// thrown. The others are asked to stop, and have ended before it returns; what they gave is dropped.
template <class T, std::same_as<Task<T>>... Rest> Task<Winner<T>> race(Task<T> first, Rest... rest) {
  return detail::first_of<T>(detail::together(std::move(first), std::move(rest)...), detail::AnyEnd<T>());
}
// One task or more.
template <class T> Task<Winner<T>> race(std::vector<Task<T>> tasks) {
  return detail::first_of<T>(std::move(tasks), detail::AnyEnd<T>());
}

// The same with the first success: neither an exception nor a failed Result. When there is none, how the task
// that is named first ended.
template <class T, std::same_as<Task<T>>... Rest> Task<Winner<T>> any(Task<T> first, Rest... rest) {
  return detail::first_of<T>(detail::together(std::move(first), std::move(rest)...), detail::Success<T>());
}
// One task or more.
template <class T> Task<Winner<T>> any(std::vector<Task<T>> tasks) {
  return detail::first_of<T>(std::move(tasks), detail::Success<T>());
}

}  // namespace zerver::async
