// Waiting for several tasks.
#pragma once

#include <zerver/async/combine/branches.h>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace zerver::async {

// Runs them side by side and gives all their values, in the order in which they are named (`Nothing` for one
// of type void). When one fails, by an exception or a failed Result, the others are asked to stop; all have
// ended before it returns. The first exception in that order is thrown.
template <class... T> Task<std::tuple<Something<T>...>> all(Task<T>... tasks) {
  detail::Branches branches;
  std::tuple<Outcome<T>...> outcomes;
  const auto on_end = [&](const auto& outcome) {
    if (detail::failed(outcome)) branches.stop();
  };
  const auto named = std::tie(tasks...);
  co_await branches.run([&] {
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      (detail::branch(branches, std::get<kIndex>(named), std::get<kIndex>(outcomes), on_end), ...);
    }(std::index_sequence_for<T...>());
  });
  co_return std::apply(
      [](auto&... outcome) { return std::tuple<Something<T>...>{detail::value_of(outcome)...}; }, outcomes);
}

// The same for any number of tasks that yield the same.
template <class T> Task<std::vector<Something<T>>> all(std::vector<Task<T>> tasks) {
  detail::Branches branches;
  std::vector<Outcome<T>> outcomes(tasks.size());
  const auto on_end = [&](const auto& outcome) {
    if (detail::failed(outcome)) branches.stop();
  };
  co_await branches.run([&] {
    for (std::size_t i = 0; i < tasks.size(); ++i)
      detail::branch(branches, tasks[i], outcomes[i], on_end);
  });
  std::vector<Something<T>> values;
  values.reserve(outcomes.size());
  for (Outcome<T>& outcome : outcomes)
    values.push_back(detail::value_of(outcome));
  co_return values;
}

}  // namespace zerver::async
