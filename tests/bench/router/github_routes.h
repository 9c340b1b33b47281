// The operations of GitHub's REST API as requests.

#pragma once

#include <zerver/core/message.h>

#include <string>
#include <utility>
#include <vector>

namespace zerver::tests {

struct GithubRoute {
  Method method = Method::kGet;
  std::string pattern;  // "/repos/{owner}/{repo}"
  std::string name;     // "repos/get"
  std::string path;     // with a value of its own for each parameter
  std::vector<std::pair<std::string, std::string>> parameters;
};

// All 1,223 of tests/data/routes/github.tsv. Throws when the file is not what it should be.
std::vector<GithubRoute> github_routes();

}  // namespace zerver::tests
