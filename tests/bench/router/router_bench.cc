// Looking routes up in a compiled-in router of 1,223 routes: every lookup is of another route than the one
// before.

#include "github.flow.cc"
#include "tests/bench/router/github_routes.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace {

using zerver::tests::GithubRoute;

std::vector<GithubRoute> shuffled_routes() {
  std::vector<GithubRoute> routes = zerver::tests::github_routes();
  std::shuffle(routes.begin(), routes.end(), std::mt19937(1));
  return routes;
}

// The time of one item is that of one lookup.
void find_route(benchmark::State& state) {
  const std::vector<GithubRoute> routes = shuffled_routes();
  for (auto _ : state) {
    for (const GithubRoute& route : routes) {
      github::FoundCaptures values;
      benchmark::DoNotOptimize(
          github::find_flow_route(route.method, zerver::flow::RoutePath(route.path), values));
      benchmark::DoNotOptimize(values);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(routes.size()));
}
BENCHMARK(find_route);

// A path that no route has, with all methods asked for the Allow field.
void allowed_methods(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(
        github::methods_of_path(zerver::flow::RoutePath("/repos/octocat/hello/actions/nowhere")));
}
BENCHMARK(allowed_methods);

}  // namespace

BENCHMARK_MAIN();
