// GoogleTest matchers for responses, decisions and slots. The only header here that needs GoogleMock.
#pragma once

#include <zerver/testing/json_text.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/seeds.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace zerver::testing {

inline void PrintTo(const ResponseText& response, std::ostream* out) {
  *out << response.status << ' ' << response.content_type << ' ' << response.body;
}

// A response with that status.
inline auto HasStatus(std::uint16_t status) {
  return ::testing::Field("status", &ResponseText::status, status);
}

// A header field whose value matches; the name's case counts.
template <class Matcher> auto HasHeader(std::string name, Matcher value) {
  return ::testing::ResultOf(
      "header " + name, [name](const ResponseText& response) { return std::string(response.header(name)); },
      value);
}

// A response whose body says that JSON.
MATCHER_P(JsonBody, json, std::string("has the JSON body ") + std::string(json)) {
  *result_listener << arg.body;
  return json_equal(arg.body, std::string_view(json));
}

// A response whose JSON body has a field with that JSON value: `HasJson("title", "\"tea\"")`.
MATCHER_P2(HasJson, name, json,
           std::string("has the field ") + std::string(name) + ": " + std::string(json)) {
  const std::string value = json_field(arg.body, name);
  *result_listener << "it is " << (value.empty() ? std::string("not there") : value);
  return json_equal(value, std::string_view(json));
}

// A problem document (RFC 9457) of that error, named as in the `.flow` file with its package:
// `todos.NotFound`.
MATCHER_P2(IsProblem, status, error, std::string("is a problem ") + std::string(error)) {
  const std::string type = json_field(arg.body, "type");
  *result_listener << arg.status << ' ' << type;
  return arg.status == status && arg.content_type == "application/problem+json" &&
         type == "\"urn:zerver:error:" + std::string(error) + "\"";
}

// What StepTest::run_step() returned, with that decision: `Decided(Kind::kProceed)`.
MATCHER_P(Decided, decided, "decided so") {
  *result_listener << "it decided " << static_cast<int>(arg.kind());
  return arg.kind() == decided;
}

// The same, where a slot says that JSON behind the step.
MATCHER_P2(Slot, name, json, std::string("slot ") + std::string(name) + " is " + std::string(json)) {
  const std::string value = arg.slots().json(name);
  *result_listener << "it is " << value;
  return json_equal(value, std::string_view(json));
}

// The same, where a slot is unset behind the step.
MATCHER_P(SlotUnset, name, std::string("slot ") + std::string(name) + " is unset") {
  return !arg.slots().has(name);
}

// `EXPECT_TRUE(holds_for_seeds(1, 200, [](std::uint64_t seed) -> std::string { ... }))`: for each seed the
// function returns what is wrong, or nothing. The failure has the command that runs this test with that seed
// alone.
inline ::testing::AssertionResult holds_for_seeds(std::uint64_t first, std::uint64_t count,
                                                  const std::function<std::string(std::uint64_t seed)>& run) {
  const std::optional<SeedFailure> failure = run_seeds(first, count, run);
  if (!failure) return ::testing::AssertionSuccess();
  const ::testing::TestInfo* const test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string filter =
      test == nullptr ? std::string()
                      : "--gtest_filter=" + std::string(test->test_suite_name()) + "." + test->name();
  return ::testing::AssertionFailure() << describe(*failure, filter);
}

}  // namespace zerver::testing
