// What of a file a request gets: preconditions and ranges, row by row, and the head that says so.
#include <zerver/http/date.h>
#include <zerver/http/file_response.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::http {
namespace {

constexpr std::string_view kTag = "\"5f-3e8\"";
constexpr std::int64_t kModified = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::string_view kAt = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kAfter = "Mon, 07 Nov 1994 08:49:37 GMT";

struct Asked {
  std::vector<Header> headers;
  std::uint16_t status;
  std::uint64_t begin, size;
};

Response file_of(std::uint64_t size) {
  Response response;
  response.content_type = "text/plain";
  response.file = {.descriptor = 7, .size = size, .entity_tag = kTag, .modified = kModified};
  return response;
}

FileSelection select(const std::vector<Header>& headers, Method method = Method::kGet,
                     std::uint64_t size = 1000) {
  Request request;
  request.method = method;
  request.headers = headers;
  return select_file(request, file_of(size));
}

TEST(FileResponse, SelectsWhatTheRequestWants) {
  const std::vector<Asked> cases = {
      {{}, 200, 0, 1000},
      // Ranges.
      {{{"Range", "bytes=0-0"}}, 206, 0, 1},
      {{{"Range", "bytes=10-19"}}, 206, 10, 10},
      {{{"range", " bytes=990-"}}, 206, 990, 10},
      {{{"Range", "bytes=990-5000"}}, 206, 990, 10},
      {{{"Range", "bytes=-10"}}, 206, 990, 10},
      {{{"Range", "bytes=-5000"}}, 206, 0, 1000},
      {{{"Range", "bytes=1000-"}}, 416, 0, 0},
      {{{"Range", "bytes=-0"}}, 416, 0, 0},
      // What is not understood, or wants several, does not count.
      {{{"Range", "bytes=5-4"}}, 200, 0, 1000},
      {{{"Range", "bytes=0-1,5-6"}}, 200, 0, 1000},
      {{{"Range", "lines=1-2"}}, 200, 0, 1000},
      {{{"Range", "bytes=a-b"}}, 200, 0, 1000},
      {{{"Range", "bytes=-"}}, 200, 0, 1000},
      {{{"Range", "bytes="}}, 200, 0, 1000},
      {{{"Range", "bytes=99999999999999999999-"}}, 200, 0, 1000},
      // A part of a certain version.
      {{{"Range", "bytes=0-9"}, {"If-Range", kTag}}, 206, 0, 10},
      {{{"Range", "bytes=0-9"}, {"If-Range", "\"other\""}}, 200, 0, 1000},
      {{{"Range", "bytes=0-9"}, {"If-Range", "W/\"5f-3e8\""}}, 200, 0, 1000},
      {{{"Range", "bytes=0-9"}, {"If-Range", kAt}}, 206, 0, 10},
      {{{"Range", "bytes=0-9"}, {"If-Range", kAfter}}, 200, 0, 1000},
      // What the client has.
      {{{"If-None-Match", kTag}}, 304, 0, 0},
      {{{"If-None-Match", "*"}}, 304, 0, 0},
      {{{"If-None-Match", "\"a\", W/\"5f-3e8\""}}, 304, 0, 0},
      {{{"If-None-Match", "\"a\""}}, 200, 0, 1000},
      {{{"If-None-Match", "\"a\""}, {"If-Modified-Since", kAfter}}, 200, 0, 1000},
      {{{"If-None-Match", "5f-3e8"}}, 200, 0, 1000},
      {{{"If-Modified-Since", kAt}}, 304, 0, 0},
      {{{"If-Modified-Since", kAfter}}, 304, 0, 0},
      {{{"If-Modified-Since", kBefore}}, 200, 0, 1000},
      {{{"If-Modified-Since", "yesterday"}}, 200, 0, 1000},
      {{{"If-None-Match", kTag}, {"Range", "bytes=0-1"}}, 304, 0, 0},
      // What it wants it to be.
      {{{"If-Match", kTag}}, 200, 0, 1000},
      {{{"If-Match", "*"}}, 200, 0, 1000},
      {{{"If-Match", "\"a\""}}, 412, 0, 0},
      {{{"If-Match", "W/\"5f-3e8\""}}, 412, 0, 0},
      {{{"If-Unmodified-Since", kAt}}, 200, 0, 1000},
      {{{"If-Unmodified-Since", kBefore}}, 412, 0, 0},
      {{{"If-Match", kTag}, {"If-Unmodified-Since", kBefore}}, 200, 0, 1000},
  };
  for (const Asked& each : cases) {
    std::string name;
    for (const Header& header : each.headers)
      name += std::string(header.name) + ": " + std::string(header.value) + "; ";
    const FileSelection selection = select(each.headers);
    EXPECT_EQ(selection.status, each.status) << name;
    EXPECT_EQ(selection.begin, each.begin) << name;
    EXPECT_EQ(selection.size, each.size) << name;
  }
}

TEST(FileResponse, HasNoRangesForOtherMethodsAndStatuses) {
  const std::vector<Header> range = {{"Range", "bytes=0-1"}};
  EXPECT_EQ(select(range, Method::kHead).status, 200);
  EXPECT_EQ(select(range, Method::kPost).status, 200);
  EXPECT_EQ(select({{"If-None-Match", kTag}}, Method::kHead).status, 304);
  Request request;
  request.headers = range;
  Response response = file_of(1000);
  response.status = 203;
  EXPECT_EQ(select_file(request, response).status, 203);
}

TEST(Date, IsReadAsItIsWritten) {
  for (const std::int64_t seconds :
       {std::int64_t{0}, kModified, std::int64_t{951'782'399}, std::int64_t{951'782'400},
        std::int64_t{4'102'444'799}, std::int64_t{253'402'300'799}}) {
    std::array<char, kDateSize> text;
    write_date(Timestamp{seconds * 1'000'000}, text.data());
    const auto read = parse_date({text.data(), text.size()});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->microseconds, seconds * 1'000'000);
  }
  for (const std::string_view text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT ",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08-49-37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"})
    EXPECT_FALSE(parse_date(text)) << text;
}

TEST(FileResponse, AnEmptyFileHasNoRange) {
  EXPECT_EQ(select({}, Method::kGet, 0).size, 0U);
  EXPECT_EQ(select({{"Range", "bytes=0-"}}, Method::kGet, 0).status, 416);
  EXPECT_EQ(select({{"Range", "bytes=-1"}}, Method::kGet, 0).status, 416);
}

std::string head(const FileSelection& selection) {
  OutputBuffer out;
  write_file_head(out, file_of(1000), selection, {});
  return std::string(out.view());
}

TEST(FileResponse, SaysWhatItIsAPartOf) {
  EXPECT_EQ(head({206, 10, 20}),
            "HTTP/1.1 206 Partial Content\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n"
            "Accept-Ranges: bytes\r\nContent-Range: bytes 10-29/1000\r\nETag: \"5f-3e8\"\r\n"
            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
  EXPECT_THAT(head({200, 0, 1000}), ::testing::Not(::testing::HasSubstr("Content-Range")));
  EXPECT_THAT(head({416, 0, 0}), ::testing::HasSubstr("Content-Length: 0\r\nAccept-Ranges: bytes\r\n"
                                                      "Content-Range: bytes */1000\r\n"));
  EXPECT_THAT(head({304, 0, 0}), ::testing::Not(::testing::HasSubstr("Content-Length")));
}

}  // namespace
}  // namespace zerver::http
