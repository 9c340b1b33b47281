#include "connect/dial.h"

#include "connect/proxy.h"
#include <zerver/async/combine/timeout.h>
#include <zerver/http/request_writer.h>
#include <zerver/http/response_parser.h>

#include <utility>
#include <vector>

namespace zerver::effects::http_client {

namespace {

using StreamPointer = std::unique_ptr<io::net::Stream>;

io::net::Endpoint endpoint_of(const Origin& origin, const Settings& settings) {
  io::net::Endpoint endpoint;
  endpoint.host = origin.host;
  endpoint.port = origin.port;
  if (!origin.tls) return endpoint;
  endpoint.tls = settings.tls.get();
  if (settings.http2 != Http2::kNever) endpoint.alpn.emplace_back("h2");
  if (settings.http2 != Http2::kAlways) endpoint.alpn.emplace_back("http/1.1");
  return endpoint;
}

// RFC 9110, 9.3.6. Behind it the stream leads to the origin.
async::Task<Result<void>> ask_for_tunnel(io::net::Stream& stream, const Route& route) {
  std::vector<Header> fields;
  if (!route.authorization.empty()) fields.push_back({"Proxy-Authorization", route.authorization});
  const std::string authority = Origin{true, route.tunneled.host, route.tunneled.port}.authority_with_port();
  OutputBuffer head;
  http::write_request_head(
      head, {.method = Method::kConnect, .target = authority, .authority = authority, .headers = fields});
  Result<void> written = co_await stream.write(head.view());
  if (!written) co_return written;
  http::ResponseParser parser({.body = 0});
  parser.reset(Method::kConnect);
  http::ReadBuffer buffer(1024);
  for (;;) {
    const Result<std::size_t> read = co_await stream.read_some(buffer.prepare(1024));
    if (!read) co_return read.error();
    buffer.commit(*read);
    const auto progress = *read == 0 ? parser.end() : parser.parse(buffer);
    if (progress == http::ResponseParser::Progress::kMore) continue;
    if (progress == http::ResponseParser::Progress::kRefused)
      co_return Fault{FaultKind::kUnavailable, "its proxy does not answer as one", {}};
    http::ReceivedResponse response;
    parser.view(buffer, response);
    const bool is_open = response.status / 100 == 2 && parser.size() == buffer.size();
    if (!is_open) co_return Fault{FaultKind::kUnavailable, "its proxy does not connect to it", {}};
    co_return Result<void>();
  }
}

async::Task<Result<StreamPointer>> dial_tunnel(io::net::Connector& connector, const Route& route,
                                               TimePoint deadline) {
  Result<StreamPointer> stream = co_await connector.connect(route.endpoint, deadline);
  if (!stream) co_return stream.error();
  const Result<void> opened = co_await ask_for_tunnel(**stream, route);
  if (!opened) co_return opened.error();
  co_return co_await connector.secure(*std::move(stream), route.tunneled, deadline);
}

}  // namespace

Route make_route(const Origin& origin, const Settings& settings) {
  Route route;
  route.authority = origin.authority();
  route.endpoint = endpoint_of(origin, settings);
  route.timeout = settings.connect;
  std::optional<Proxy> proxy;
  // The setting was found to be right when the target was opened.
  if (!read_proxy(settings.proxy, origin, settings.environment, proxy).empty() || !proxy) return route;
  route.authorization = proxy->authorization;
  route.is_tunnel = origin.tls;
  route.is_forwarded = !origin.tls;
  route.tunneled = std::exchange(route.endpoint, endpoint_of(proxy->origin, settings));
  route.endpoint.alpn.clear();
  return route;
}

async::Task<Result<StreamPointer>> dial(io::net::Connector& connector, const Route& route) {
  const async::Context& context = co_await async::this_context();
  const TimePoint deadline = context.loop->now() + route.timeout;
  if (!route.is_tunnel) co_return co_await connector.connect(route.endpoint, deadline);
  co_return co_await async::timeout(dial_tunnel(connector, route, deadline), route.timeout);
}

}  // namespace zerver::effects::http_client
