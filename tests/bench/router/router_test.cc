// Every operation of a large API is answered by its own flow, with its own parameters.

#include "github.flow.h"
#include "tests/bench/router/github_routes.h"
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <string>

namespace zerver::tests {
namespace {

std::string expected_body(const GithubRoute& route) {
  std::string body = R"({"flow":")" + route.name + '"';
  for (const auto& [name, value] : route.parameters)
    body += ",\"" + name + "\":\"" + value + '"';
  return body + "}";
}

TEST(GithubRouter, AnswersEveryOperationByItsFlow) {
  testing::ReqTest service(github::package());
  const std::vector<GithubRoute> routes = github_routes();
  ASSERT_EQ(routes.size(), 1223U);
  ASSERT_EQ(github::package().flows.size(), routes.size());
  for (const GithubRoute& route : routes) {
    const testing::ResponseText response = service.send({route.method, route.path});
    ASSERT_EQ(response.status, 200) << route.path;
    EXPECT_EQ(response.body, expected_body(route)) << route.path;
  }
}

TEST(GithubRouter, TellsWhatIsNotThereFromWhatHasOtherMethods) {
  testing::ReqTest service(github::package());
  EXPECT_FALSE(service.send({.target = "/nowhere"}).found);
  EXPECT_TRUE(service.send({.target = "/nowhere"}).allowed.empty());
  EXPECT_FALSE(service.send({.target = "/repos/a/b/"}).found);
  const testing::ResponseText other = service.send({.method = Method::kPost, .target = "/repos/a/b"});
  EXPECT_FALSE(other.found);
  EXPECT_EQ(other.allowed, flow::MethodSet::of(Method::kGet, Method::kHead, Method::kPatch, Method::kDelete));
}

}  // namespace
}  // namespace zerver::tests
