// Responses that are well-formed: where they end, and what they say.
#include "response_helper.h"

namespace zerver::http {
namespace {

TEST(ResponseParser, TakesABodyOfAGivenLength) {
  const ResponseOutcome outcome =
      parse_response({.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello"});
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_TRUE(outcome.keep_alive);
  ASSERT_EQ(outcome.headers.size(), 2U);
  EXPECT_EQ(outcome.headers[1], (std::pair<std::string, std::string>("X-A", "b")));
}

TEST(ResponseParser, LeavesWhatComesBehindTheBody) {
  const ResponseOutcome outcome =
      parse_response({.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"});
  EXPECT_EQ(outcome.body, "ok");
  EXPECT_EQ(outcome.rest, "HTTP/1.1 200 OK\r\n");
}

TEST(ResponseParser, DecodesChunksAndDropsTrailers) {
  const ResponseOutcome outcome =
      parse_response({.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                               "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"});
  EXPECT_EQ(outcome.body, "hello world");
  EXPECT_EQ(outcome.headers.size(), 1U);
  EXPECT_TRUE(outcome.is_complete);
  EXPECT_EQ(outcome.rest, "");
}

TEST(ResponseParser, TakesABodyUntilTheConnectionCloses) {
  const ResponseInput input{.bytes = "HTTP/1.1 200 OK\r\n\r\nall of it", .closed = true};
  const ResponseOutcome outcome = parse_response(input);
  EXPECT_EQ(outcome.body, "all of it");
  EXPECT_FALSE(outcome.keep_alive);
  EXPECT_FALSE(parse_response({.bytes = input.bytes}).is_complete);
}

TEST(ResponseParser, KnowsWhichResponsesHaveNoBody) {
  const std::string_view with_length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  EXPECT_TRUE(parse_response({.bytes = with_length, .method = Method::kHead}).is_complete);
  EXPECT_FALSE(parse_response({.bytes = with_length}).is_complete);
  EXPECT_TRUE(parse_response({.bytes = "HTTP/1.1 204 No Content\r\n\r\n"}).is_complete);
  EXPECT_TRUE(
      parse_response({.bytes = "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"}).is_complete);
  EXPECT_TRUE(parse_response({.bytes = "HTTP/1.1 200 OK\r\n\r\n", .method = Method::kConnect}).is_complete);
  EXPECT_TRUE(parse_response(
                  {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .method = Method::kHead})
                  .is_complete);
}

TEST(ResponseParser, PassesOverInterimResponses) {
  const ResponseOutcome outcome =
      parse_response({.bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                               "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx"});
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(outcome.body, "x");
  EXPECT_EQ(outcome.headers.size(), 1U);
}

TEST(ResponseParser, TellsWhetherTheConnectionStaysOpen) {
  struct Case {
    std::string_view head;
    bool keep_alive;
  };
  for (const Case& each : {Case{"HTTP/1.1 200 OK\r\n", true}, Case{"HTTP/1.0 200 OK\r\n", false},
                           Case{"HTTP/1.1 200 OK\r\nConnection: x, Close\r\n", false},
                           Case{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", true},
                           Case{"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n", false}}) {
    const std::string bytes = std::string(each.head) + "Content-Length: 0\r\n\r\n";
    const ResponseOutcome outcome = parse_response({.bytes = bytes});
    ASSERT_TRUE(outcome.is_complete) << each.head << outcome.why;
    EXPECT_EQ(outcome.keep_alive, each.keep_alive) << each.head;
  }
}

TEST(ResponseParser, TakesAStatusLineWithoutAReason) {
  EXPECT_EQ(parse_response({.bytes = "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"}).status, 200);
  EXPECT_EQ(parse_response({.bytes = "HTTP/1.1 599\r\nContent-Length: 0\r\n\r\n"}).status, 599);
}

TEST(ResponseParser, SaysHowLargeABufferHasToBe) {
  ResponseParser parser{ResponseLimits{}};
  parser.reset(Method::kGet);
  ReadBuffer buffer(256);
  const std::string_view head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  std::memcpy(buffer.prepare(head.size()).data(), head.data(), head.size());
  EXPECT_FALSE(parser.started());
  buffer.commit(head.size());
  EXPECT_EQ(parser.parse(buffer), ResponseParser::Progress::kMore);
  EXPECT_TRUE(parser.started());
  EXPECT_EQ(parser.expected_size(), head.size() + 100000);
}

}  // namespace
}  // namespace zerver::http
