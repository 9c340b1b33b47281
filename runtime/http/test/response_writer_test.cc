// What responses look like on the wire.
#include <zerver/core/status.h>
#include <zerver/http/date.h>
#include <zerver/http/response_writer.h>

#include <gtest/gtest.h>

#include <string>

namespace zerver::http {
namespace {

std::string written(const Response& response, const ResponseContext& context = {}) {
  OutputBuffer out;
  const std::string_view left = write_response(out, response, context);
  return std::string(out.view()) + std::string(left);
}

Response text_response(std::string_view body) {
  Response response;
  response.content_type = "text/plain";
  response.body = body;
  return response;
}

TEST(ResponseWriter, WritesHeadAndBody) {
  EXPECT_EQ(written(text_response("Hello")),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nHello");
  EXPECT_EQ(written(text_response("")),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseWriter, WritesFieldsInOrder) {
  Response response = text_response("x");
  ASSERT_TRUE(response.add_header("Location", "/a"));
  ASSERT_TRUE(response.add_header("X-Empty", ""));
  ResponseContext context;
  context.common_fields = "Date: now\r\nServer: me\r\n";
  EXPECT_EQ(written(response, context),
            "HTTP/1.1 200 OK\r\nDate: now\r\nServer: me\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n"
            "Location: /a\r\nX-Empty: \r\n\r\nx");
}

TEST(ResponseWriter, SaysWhetherTheConnectionIsKept) {
  ResponseContext context;
  context.keep_alive = false;
  EXPECT_NE(written(text_response("x"), context).find("Connection: close\r\n"), std::string::npos);
  context.minor_version = 0;
  EXPECT_NE(written(text_response("x"), context).find("Connection: close\r\n"), std::string::npos);
  context.keep_alive = true;
  EXPECT_NE(written(text_response("x"), context).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(ResponseWriter, LeavesTheBodyOutForHead) {
  ResponseContext context;
  context.head = true;
  EXPECT_EQ(written(text_response("Hello"), context),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
  Response chunked = text_response("Hello");
  chunked.chunked = true;
  EXPECT_EQ(written(chunked, context),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(ResponseWriter, LeavesBodyAndLengthOutWhereTheStatusHasNone) {
  Response response = text_response("ignored");
  response.status = 204;
  EXPECT_EQ(written(response), "HTTP/1.1 204 No Content\r\n\r\n");
  response.status = 304;
  EXPECT_EQ(written(response), "HTTP/1.1 304 Not Modified\r\n\r\n");
  response.chunked = true;
  EXPECT_EQ(written(response), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(ResponseWriter, DoesNotCopyALargeBody) {
  const std::string body(100, 'x');
  ResponseContext context;
  context.copied_body = 99;
  OutputBuffer out;
  const Response response = text_response(body);
  const std::string_view left = write_response(out, response, context);
  EXPECT_EQ(left.data(), body.data());
  EXPECT_EQ(left.size(), body.size());
  EXPECT_TRUE(out.view().ends_with("Content-Length: 100\r\n\r\n"));
}

TEST(ResponseWriter, WritesChunks) {
  Response response = text_response("Hello");
  response.chunked = true;
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(written(response), head + "5\r\nHello\r\n0\r\n\r\n");
  response.body = "";
  EXPECT_EQ(written(response), head + "0\r\n\r\n");
  const std::string large(20000, 'y');
  response.body = large;
  EXPECT_EQ(written(response), head + "4000\r\n" + large.substr(0, 16384) + "\r\ne20\r\n" +
                                   large.substr(16384) + "\r\n0\r\n\r\n");
  ResponseContext old;
  old.minor_version = 0;
  response.body = "Hello";
  EXPECT_NE(written(response, old).find("Content-Length: 5\r\n"), std::string::npos);
}

TEST(ResponseWriter, WritesStatusesWithoutAPhrase) {
  Response response = text_response("");
  response.status = 299;
  EXPECT_TRUE(written(response).starts_with("HTTP/1.1 299 \r\n"));
  EXPECT_EQ(reason_phrase(299), "");
  EXPECT_EQ(reason_phrase(404), "Not Found");
}

TEST(ResponseWriter, KnowsEveryPhraseUnderItsStatus) {
  for (std::uint16_t status = 100; status < 600; ++status) {
    const std::string_view line = status_line(status);
    if (line.empty()) continue;
    EXPECT_TRUE(line.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
    EXPECT_TRUE(line.ends_with("\r\n"));
  }
}

TEST(ResponseWriter, FindsWhatWouldBreakTheMessage) {
  EXPECT_EQ(find_fault(text_response("x")), "");
  for (const int status : {0, 100, 101, 199, 1000}) {
    Response response;
    response.status = static_cast<std::uint16_t>(status);
    EXPECT_NE(find_fault(response), "") << status;
  }
  Response type;
  type.content_type = "text/plain\r\nX: y";
  EXPECT_NE(find_fault(type), "");
  const auto with = [](std::string_view name, std::string_view value) {
    Response response;
    EXPECT_TRUE(response.add_header(name, value));
    return find_fault(response);
  };
  EXPECT_EQ(with("Location", "/a b"), "");
  EXPECT_NE(with("Location", "/a\r\nSet-Cookie: x"), "");
  EXPECT_NE(with("Location", "/a\n"), "");
  EXPECT_NE(with("Loc ation", "/a"), "");
  EXPECT_NE(with("", "/a"), "");
  EXPECT_NE(with("Content-Length", "1"), "");
  EXPECT_NE(with("transfer-encoding", "chunked"), "");
}

TEST(Response, HasRoomForSoManyFields) {
  Response response;
  for (std::size_t i = 0; i < Response::kMaxHeaders; ++i)
    EXPECT_TRUE(response.add_header("A", "b"));
  EXPECT_FALSE(response.add_header("A", "b"));
  response.reset();
  EXPECT_TRUE(response.headers().empty());
}

TEST(Date, IsAsHttpWantsIt) {
  const auto date = [](std::int64_t seconds) {
    std::string text(kDateSize, ' ');
    write_date(Timestamp{seconds * 1'000'000 + 999'999}, text.data());
    return text;
  };
  EXPECT_EQ(date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(date(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date(-5), "Thu, 01 Jan 1970 00:00:00 GMT");
  DateLine line;
  line.update(Timestamp{784111777000000});
  EXPECT_EQ(line.text(), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

}  // namespace
}  // namespace zerver::http
