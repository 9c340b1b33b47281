// A service of blocks.flow over scripted systems.
#pragma once

#include "blocks.flow.h"
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace zerver::testing {

class Blocks : public ::testing::Test {
 protected:
  ReqTest service{blocks::v1::package()};
  FakeAdapter& left = service.fake("blocks.v1.left");
  FakeAdapter& right = service.fake("blocks.v1.right");
  FakeAdapter& third = service.fake("blocks.v1.third");

  static Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }
  static FakeReply value(std::int64_t number) { return FakeReply::value(number); }
  static FakeReply fault(FaultKind kind) { return FakeReply::fault(kind); }

  ResponseText get(const std::string& target) { return service.send({.target = target}); }
  ResponseText post(const std::string& target, std::string body) {
    return service.send({Method::kPost, target, std::move(body)});
  }
  // The steps whose effects a system was asked for, in order.
  static std::vector<std::string> asked(const FakeAdapter& system) {
    std::vector<std::string> steps;
    for (const FakeAdapter::Asked& each : system.asked())
      steps.push_back(each.step);
    return steps;
  }
  using Steps = std::vector<std::string>;

  void SetUp() override {
    left.answer("note_left", FakeReply::nothing());
    right.answer("note_right", FakeReply::nothing());
    third.answer("note_outer", FakeReply::nothing());
  }
};

}  // namespace zerver::testing
