#include "message/status.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace zerver::effects::grpc_client {
namespace {

constexpr FaultKinds kAll =
    FaultKinds::of(FaultKind::kInvalid, FaultKind::kMissing, FaultKind::kConflict, FaultKind::kRejected,
                   FaultKind::kUnavailable, FaultKind::kTimeout);

Status status(std::uint16_t http, std::vector<Header> headers, std::vector<Header> trailers) {
  return status_of({.status = http, .headers = headers, .trailers = trailers, .body = {}});
}
std::string why(std::string_view message, std::uint16_t code = 5) {
  Arena arena;
  return std::string(fault_of({.code = code, .message = message}, kAll, arena).why.view());
}
Duration pushback(std::string_view text) {
  Arena arena;
  return fault_of({.code = 14, .pushback = text}, kAll, arena).retry_after;
}

TEST(GrpcStatus, IsInTheTrailersOrAloneInTheHeaders) {
  EXPECT_EQ(status(200, {}, {{"grpc-status", "0"}}).code, 0);
  EXPECT_EQ(status(200, {{"grpc-status", "5"}}, {}).code, 5);
  EXPECT_EQ(status(200, {{"grpc-status", "5"}}, {{"grpc-status", "7"}}).code, 7);
  EXPECT_EQ(status(503, {{"grpc-status", "5"}}, {}).code, 5);
}

TEST(GrpcStatus, WithoutOneThatOfHttpCounts) {
  EXPECT_EQ(status(200, {}, {}).code, 2);
  EXPECT_EQ(status(400, {}, {}).code, 13);
  EXPECT_EQ(status(401, {}, {}).code, 16);
  EXPECT_EQ(status(403, {}, {}).code, 7);
  EXPECT_EQ(status(404, {}, {}).code, 12);
  for (const int http : {429, 502, 503, 504})
    EXPECT_EQ(status(static_cast<std::uint16_t>(http), {}, {}).code, 14);
  EXPECT_EQ(status(500, {}, {}).code, 2);
}

TEST(GrpcStatus, WhatIsNoCodeIsUnknown) {
  for (const char* const text : {"", "x", "17", "-1", "99999999999", "5 ", "0x0"})
    EXPECT_EQ(status(200, {}, {{"grpc-status", text}}).code, 2) << text;
}

TEST(GrpcStatus, IsTheKindOfItsTableOrRejected) {
  Arena arena;
  const auto kind = [&](std::uint16_t code, FaultKinds declared) {
    const Fault fault = fault_of({.code = code}, declared, arena);
    EXPECT_EQ(fault.status, code);
    return fault.kind;
  };
  EXPECT_EQ(kind(3, kAll), FaultKind::kInvalid);
  EXPECT_EQ(kind(4, kAll), FaultKind::kTimeout);
  EXPECT_EQ(kind(5, kAll), FaultKind::kMissing);
  EXPECT_EQ(kind(6, kAll), FaultKind::kConflict);
  EXPECT_EQ(kind(7, kAll), FaultKind::kRejected);
  EXPECT_EQ(kind(8, kAll), FaultKind::kUnavailable);
  EXPECT_EQ(kind(10, kAll), FaultKind::kConflict);
  EXPECT_EQ(kind(14, kAll), FaultKind::kUnavailable);
  EXPECT_EQ(kind(5, FaultKinds::of(FaultKind::kRejected)), FaultKind::kRejected);
}

TEST(GrpcStatus, TheDocumentHasTheTable) {
  std::ifstream file(std::string(ZERVER_SOURCE_DIR) + "/docs/grpc.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  for (std::uint16_t code = 1; code <= 16; ++code) {
    Arena arena;
    const std::string row = "| " + std::to_string(code) + " `" + std::string(name_of(code)) + "` | `" +
                            std::string(zerver::name_of(fault_of({.code = code}, kAll, arena).kind)) + "` |";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

TEST(GrpcStatus, ItsMessageIsDecodedToOneLineOfText) {
  EXPECT_EQ(why("no%20such person"), "no such person");
  EXPECT_EQ(why("gr%C3%BC%c3%9fe"),
            "gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(why("a%0d%0ab%00c%7f"), "a  b c ");
  EXPECT_EQ(why("100% of%2"), "100% of%2");
  EXPECT_EQ(why(""), "it answered with not_found");
  EXPECT_EQ(why("%ff%fe"), "it answered with not_found");
  EXPECT_EQ(why(std::string(1'000, 'x')), std::string(300, 'x'));
  EXPECT_EQ(why(std::string(299, 'x') + "%c3%bc"), std::string(299, 'x'));
}

TEST(GrpcStatus, TellsWhenToAskAgain) {
  EXPECT_EQ(pushback(""), Duration{});
  EXPECT_EQ(pushback("0"), Duration{});
  EXPECT_EQ(pushback("1500"), Duration::from_milliseconds(1'500));
  for (const char* const never : {"-1", "x", "1.5", "99999999999999999999999"})
    EXPECT_EQ(pushback(never), Duration::from_seconds(86'400)) << never;
}

}  // namespace
}  // namespace zerver::effects::grpc_client
