#include <zerver/flow/request/patience.h>

#include <gtest/gtest.h>

#include <array>

namespace zerver::flow {
namespace {

Duration patience(std::string_view first, std::string_view second = {}) {
  const std::array headers = {Header{"Zerver-Timeout-Ms", first}, Header{"Accept", "1"},
                              Header{"x-envoy-expected-rq-timeout-ms", second}};
  Request request;
  request.headers = headers;
  return patience_of(request);
}

TEST(Patience, IsTheShorterOne) {
  EXPECT_EQ(patience("250"), Duration::from_milliseconds(250));
  EXPECT_EQ(patience("250", "100"), Duration::from_milliseconds(100));
  EXPECT_EQ(patience("", "100"), Duration::from_milliseconds(100));
}

TEST(Patience, IsEndlessWhenNothingMakesSense) {
  for (const std::string_view text :
       {"", "0", "-1", "1.5", "1s", " 1", "99999999999999999999", "9999999999999"})
    EXPECT_EQ(patience(text), Duration::max()) << text;
}

}  // namespace
}  // namespace zerver::flow
