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

// What a client does that hands a body on while it comes: how it ended, and the most that was in memory.
struct Streamed {
  std::string body;
  std::string rest;
  std::size_t most = 0;
  std::uint16_t status = 0;
  ResponseParser::Progress progress = ResponseParser::Progress::kMore;
};

Streamed stream_response(std::string_view bytes, std::size_t piece, bool closed = false) {
  ResponseParser parser({.body = 10});
  parser.reset(Method::kGet, /*streams=*/true);
  ReadBuffer buffer(16);
  Streamed outcome;
  const auto take = [&] {
    if (!parser.streams() || outcome.progress == ResponseParser::Progress::kRefused) return;
    ReceivedResponse response;
    parser.view(buffer, response);
    outcome.status = response.status;
    outcome.body += response.body;
    outcome.most = std::max(outcome.most, buffer.size());
    parser.drop_body(buffer);
  };
  while (!bytes.empty() && outcome.progress == ResponseParser::Progress::kMore) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    std::memcpy(buffer.prepare(next.size()).data(), next.data(), next.size());
    buffer.commit(next.size());
    outcome.progress = parser.parse(buffer);
    take();
  }
  if (closed && outcome.progress == ResponseParser::Progress::kMore) {
    outcome.progress = parser.end();
    take();
  }
  if (outcome.progress == ResponseParser::Progress::kComplete) {
    buffer.consume(parser.size());
    outcome.rest = std::string(buffer.view()) + std::string(bytes);
  }
  return outcome;
}

TEST(StreamedResponse, IsHandedOutHoweverItIsFramedAndCut) {
  const std::string head = "HTTP/1.1 203 Fine\r\nX-A: 1\r\n";
  const std::string body = "0123456789abcdefghijklmnopqrstuvwxyz";
  const std::string chunked = head +
                              "Transfer-Encoding: chunked\r\n\r\na;x=y\r\n0123456789\r\n1\r\na\r\n19\r\n" +
                              "bcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Trailer: 1\r\n\r\nREST";
  const std::string fixed = head + "Content-Length: 36\r\n\r\n" + body + "REST";
  for (const std::string& bytes : {chunked, fixed}) {
    for (const std::size_t piece : {1U, 2U, 5U, 17U, 1000U}) {
      const Streamed streamed = stream_response(bytes, piece);
      EXPECT_EQ(streamed.progress, ResponseParser::Progress::kComplete) << piece;
      EXPECT_EQ(streamed.status, 203) << piece;
      EXPECT_EQ(streamed.body, body) << piece;
      EXPECT_EQ(streamed.rest, "REST") << piece;
    }
  }
  const Streamed open = stream_response(head + "\r\n" + body, 3, true);
  EXPECT_EQ(open.progress, ResponseParser::Progress::kComplete);
  EXPECT_EQ(open.body, body);
}

TEST(StreamedResponse, TakesNoMoreMemoryThanIsReadAtOnce) {
  std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 0; i < 5000; ++i) {
    chunked += "4\r\nabcd\r\n";
    body += "abcd";
  }
  const Streamed streamed = stream_response(chunked + "0\r\n\r\n", 50);
  EXPECT_EQ(streamed.body, body);
  EXPECT_LT(streamed.most, 200U);
}

TEST(StreamedResponse, MayBeLongerThanCanBeCountedIn32Bits) {
  ResponseParser parser({});
  parser.reset(Method::kGet, /*streams=*/true);
  const auto progress_of = [&](std::string_view length) {
    parser.reset(Method::kGet, /*streams=*/true);
    ReadBuffer buffer(16);
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: " + std::string(length) + "\r\n\r\n";
    std::memcpy(buffer.prepare(head.size()).data(), head.data(), head.size());
    buffer.commit(head.size());
    return parser.parse(buffer);
  };
  EXPECT_EQ(progress_of("1099511627776"), ResponseParser::Progress::kMore);
  EXPECT_EQ(progress_of("99999999999999999999999999"), ResponseParser::Progress::kRefused);
}

TEST(StreamedResponse, IsCutOffWhenItsConnectionIs) {
  const Streamed streamed = stream_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 4, true);
  EXPECT_EQ(streamed.progress, ResponseParser::Progress::kRefused);
  EXPECT_EQ(streamed.body, "abc");
}

TEST(StreamedResponse, IsOnlyASuccess) {
  const Streamed failed = stream_response("HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nabcde", 4);
  EXPECT_EQ(failed.progress, ResponseParser::Progress::kComplete);
  EXPECT_EQ(failed.body, "") << "nothing was handed out";
  EXPECT_EQ(stream_response("HTTP/1.1 500 No\r\nContent-Length: 50\r\n\r\n", 4).progress,
            ResponseParser::Progress::kRefused)
      << "and the limit counts";
}

}  // namespace
}  // namespace zerver::http
