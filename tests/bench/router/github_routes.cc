#include "tests/bench/router/github_routes.h"

#include <array>
#include <cctype>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace zerver::tests {
namespace {

Method method_of(std::string_view name) {
  for (const Method method : {Method::kGet, Method::kPost, Method::kPut, Method::kPatch, Method::kDelete})
    if (method_name(method) == name) return method;
  throw std::runtime_error("a method that is not expected: " + std::string(name));
}

// As github_flow.py makes identifiers.
std::string identifier(std::string_view name) {
  std::string result;
  for (const char c : name)
    result.push_back(std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_');
  return result;
}

void fill(GithubRoute& route) {
  for (std::size_t at = 0; at < route.pattern.size(); ++at) {
    if (route.pattern[at] != '{') {
      route.path.push_back(route.pattern[at]);
      continue;
    }
    const std::size_t end = route.pattern.find('}', at);
    const std::string value = "value-" + std::to_string(route.parameters.size());
    route.parameters.emplace_back(identifier(std::string_view(route.pattern).substr(at + 1, end - at - 1)),
                                  value);
    route.path += value;
    at = end;
  }
}

}  // namespace

std::vector<GithubRoute> github_routes() {
  std::ifstream file(ZERVER_ROUTES);
  std::vector<GithubRoute> routes;
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    if (second == std::string::npos)
      throw std::runtime_error("a line without method, pattern and name: " + line);
    GithubRoute route;
    route.method = method_of(std::string_view(line).substr(0, first));
    route.pattern = line.substr(first + 1, second - first - 1);
    route.name = line.substr(second + 1);
    fill(route);
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace zerver::tests
