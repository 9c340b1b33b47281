// What parsing a request and writing a response cost.
#include <zerver/http/request_parser.h>
#include <zerver/http/response_writer.h>

#include <benchmark/benchmark.h>

#include <cstring>
#include <string_view>

namespace zerver::http {
namespace {

constexpr std::string_view kShort =
    "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: http_load\r\nAccept: */*\r\n\r\n";

constexpr std::string_view kBrowser =
    "GET /users/42/orders?page=2&sort=date HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=all; last=2023-12-01\r\n"
    "Cache-Control: max-age=0\r\n\r\n";

constexpr std::string_view kChunked =
    "POST /items HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\nTransfer-Encoding: "
    "chunked\r\n\r\n"
    "10\r\n{\"name\":\"value\",\r\n10\r\n\"other\":\"thing\"}\r\n0\r\n\r\n";

void parse(benchmark::State& state, std::string_view text) {
  RequestParser parser{Limits{}};
  ReadBuffer buffer(4096);
  Request request;
  for (auto _ : state) {
    std::memcpy(buffer.prepare(text.size()).data(), text.data(), text.size());
    buffer.commit(text.size());
    if (parser.parse(buffer) != RequestParser::Progress::kComplete) state.SkipWithError("not a request");
    parser.view(buffer, request);
    benchmark::DoNotOptimize(request);
    buffer.consume(buffer.size());
    parser.reset();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(parse, short_request, kShort);
BENCHMARK_CAPTURE(parse, browser_request, kBrowser);
BENCHMARK_CAPTURE(parse, chunked_request, kChunked);

void write(benchmark::State& state) {
  OutputBuffer out(4096);
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "Hello, World!";
  ResponseContext context;
  context.common_fields = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  for (auto _ : state) {
    benchmark::DoNotOptimize(find_fault(response));
    benchmark::DoNotOptimize(write_response(out, response, context));
    benchmark::ClobberMemory();
    out.clear();
  }
}
BENCHMARK(write);

}  // namespace
}  // namespace zerver::http

BENCHMARK_MAIN();
