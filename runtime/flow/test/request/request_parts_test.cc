#include <zerver/core/random.h>
#include <zerver/flow/request/request_parts.h>
#include <zerver/flow/worker.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <span>
#include <string>

namespace zerver::flow {
namespace {

class Parts : public ::testing::Test {
 protected:
  struct Sent final : Exchange {
    explicit Sent(Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
  };

  template <class T> Result<T> query(std::string_view text, std::string_view name = "x") {
    exchange.request.query = text;
    return query_part<T>(exchange, name);
  }
  template <class T> static std::string why(const Result<T>& result) {
    return result ? "nothing" : std::string(result.error().why.view());
  }

  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  Worker worker{{loop, loop.clock(), random, log}};
  Sent exchange{worker};
};

TEST_F(Parts, OfTheQueryAreDecoded) {
  EXPECT_EQ(*query<String>("a=1&x=y"), "y");
  EXPECT_EQ(*query<String>("x=a+b%2Bc%26"), "a b+c&");
  EXPECT_EQ(*query<String>("%78=1"), "1");
  EXPECT_EQ(*query<String>("x=1&x=2"), "1");
  EXPECT_EQ(*query<String>("x"), "");
  EXPECT_EQ(*query<String>("x=a=b"), "a=b");
  EXPECT_EQ(*query<String>("&&x=1&"), "1");
}

TEST_F(Parts, ThatAreWrongSayWhichAndWhy) {
  EXPECT_EQ(why(query<String>("y=1")), "the query parameter `x` is missing");
  EXPECT_EQ(why(query<String>("x=%4")), "the query parameter `x` is not percent-encoded right");
  EXPECT_EQ(why(query<String>("x=%zz")), "the query parameter `x` is not percent-encoded right");
  EXPECT_EQ(why(query<std::int32_t>("x=1.5")),
            "the query parameter `x` must be an integer from -2147483648 to 2147483647");
  EXPECT_EQ(why(query<std::uint64_t>("x=-1")),
            "the query parameter `x` must be an integer from 0, of at most 64 bits");
  EXPECT_EQ(why(query<bool>("x=yes")), "the query parameter `x` must be true or false");
  EXPECT_EQ(why(query<Bytes>("x=Zm9")), "the query parameter `x` must be base64");
  EXPECT_EQ(why(query<Timestamp>("x=today")), "the query parameter `x` must be a time as in RFC 3339");
  EXPECT_EQ(why(query<String>("x=%FF")), "the query parameter `x` must be UTF-8");
  EXPECT_EQ(query<String>("x=%FF").error().kind, FaultKind::kInvalid);
  EXPECT_EQ(why(query<String>("%zz=1&y=%zz")), "the query parameter `x` is missing");
}

TEST_F(Parts, OfTheQueryAreAListOfAllThatHaveTheName) {
  const std::int64_t numbers[] = {3, -1, 7};
  EXPECT_EQ(*query<List<std::int64_t>>("x=3&y=9&x=-1&%78=7&xx=2"), List<std::int64_t>::borrowed(numbers));
  const String texts[] = {String("a b"), String(), String("&")};
  EXPECT_EQ(*query<List<String>>("x=a+b&x&x=%26"), List<String>::borrowed(texts));
  EXPECT_EQ(why(query<List<std::int64_t>>("y=1")), "the query parameter `x` is missing");
  EXPECT_EQ(*query<std::optional<List<std::int64_t>>>("y=1"), std::nullopt);
  EXPECT_EQ((*query<std::optional<List<String>>>("x=a"))->size(), 1U);
  EXPECT_EQ(why(query<List<bool>>("x=true&x=1")), "the query parameter `x` must be true or false");
  EXPECT_EQ(why(query<List<String>>("x=a&x=%4")), "the query parameter `x` is not percent-encoded right");
}

TEST_F(Parts, MayBeAbsentButNotWrong) {
  EXPECT_EQ(*query<std::optional<std::int32_t>>(""), std::nullopt);
  EXPECT_EQ(*query<std::optional<std::int32_t>>("x=5"), 5);
  EXPECT_FALSE(query<std::optional<std::int32_t>>("x=five"));
  EXPECT_FALSE(query<std::optional<std::int32_t>>("x=%"));
}

TEST_F(Parts, AreOfEveryType) {
  EXPECT_TRUE(*query<bool>("x=true"));
  EXPECT_FALSE(*query<bool>("x=false"));
  EXPECT_FALSE(query<bool>("x=yes"));
  EXPECT_EQ(*query<std::uint32_t>("x=4294967295"), 4'294'967'295U);
  EXPECT_FALSE(query<std::uint32_t>("x=-1"));
  EXPECT_EQ(*query<std::int64_t>("x=-7"), -7);
  EXPECT_EQ(*query<std::uint64_t>("x=18446744073709551615"), 18'446'744'073'709'551'615U);
  EXPECT_FALSE(query<std::uint64_t>("x=18446744073709551616"));
  EXPECT_EQ(*query<double>("x=1.5"), 1.5);
  EXPECT_FALSE(query<double>("x=inf"));
  EXPECT_FALSE(query<double>("x=nan"));
  EXPECT_EQ(*query<Decimal>("x=1.5"), (Decimal{15, 1}));
  EXPECT_EQ(*query<Duration>("x=PT1S"), Duration::from_seconds(1));
  EXPECT_EQ(*query<Timestamp>("x=1970-01-01T00:00:00%2B00:00"), Timestamp{});
  EXPECT_EQ(query<Bytes>("x=Zm9v")->view(), "foo");
  EXPECT_FALSE(query<Bytes>("x=Zm9"));
  EXPECT_TRUE(query<Uuid>("x=f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
}

TEST_F(Parts, OfThePathAreDecoded) {
  EXPECT_EQ(*path_part<String>(exchange, "id", "a%2Fb"), "a/b");
  EXPECT_EQ(why(path_part<std::int64_t>(exchange, "id", "x")),
            "the path parameter `id` must be an integer of at most 64 bits");
}

TEST_F(Parts, OfTheHeaderIgnoreCase) {
  const Header headers[] = {
      {"X-Count", "7"}, {"Cookie", "a=1; session=\"abc\"; empty="}, {"cookie", "late=x"}};
  exchange.request.headers = headers;
  EXPECT_EQ(*header_part<std::int32_t>(exchange, "x-count"), 7);
  EXPECT_EQ(why(header_part<std::int32_t>(exchange, "x-other")), "the header field `x-other` is missing");
  EXPECT_EQ(*cookie_part<String>(exchange, "session"), "abc");
  EXPECT_EQ(*cookie_part<String>(exchange, "empty"), "");
  EXPECT_EQ(*cookie_part<String>(exchange, "late"), "x");
  EXPECT_EQ(*cookie_part<std::optional<String>>(exchange, "none"), std::nullopt);
  EXPECT_EQ(why(cookie_part<String>(exchange, "none")), "the cookie `none` is missing");
}

TEST_F(Parts, OfTheBodyAreWhole) {
  std::string text = R"({"a":1})";
  const std::size_t size = text.size();
  text.resize(size + Request::kBodyPadding);
  exchange.request.body = std::string_view(text).substr(0, size);
  EXPECT_EQ(*json_part<Map<std::int32_t>>(exchange)->find("a"), 1);
  EXPECT_EQ(*body_text(exchange), R"({"a":1})");
  EXPECT_EQ(body_bytes(exchange).size(), size);
  exchange.request.body = "\xFF";
  EXPECT_EQ(why(body_text(exchange)), "the body is no UTF-8");
}

// What the e2e tests do not send.
TEST_F(Parts, OfABodyThatIsNoJsonByItsFieldsAreRefused) {
  const auto is_taken = [this](std::string_view type, std::string_view coding = {}) {
    const std::array fields = {Header{"Content-type", type}, Header{"CONTENT-ENCODING", coding}};
    exchange.request.headers = std::span(fields).first(coding.empty() ? 1 : 2);
    exchange.request.body = "7";
    const Result<std::int64_t> number = json_part<std::int64_t>(exchange);
    if (number) return true;
    EXPECT_EQ(number.error().kind, FaultKind::kUnsupported);
    EXPECT_EQ(number.error().status, 415);
    return false;
  };
  EXPECT_TRUE(is_taken(""));
  EXPECT_TRUE(is_taken(" ; charset=utf-8"));
  EXPECT_TRUE(is_taken("application/problem+JSON"));
  EXPECT_FALSE(is_taken("application/json-seq"));
  EXPECT_FALSE(is_taken("json"));
  EXPECT_FALSE(is_taken("+jsonx"));
  EXPECT_FALSE(is_taken("text/plain; a=application/json"));
  EXPECT_TRUE(is_taken("application/json", "identity"));
  EXPECT_FALSE(is_taken("application/json", "identity, gzip"));
  EXPECT_FALSE(is_taken("application/json", "br"));
}

}  // namespace
}  // namespace zerver::flow
