#include "websocket_connection.h"

#include <zerver/async/combine/timeout.h>

#include <algorithm>
#include <utility>

namespace zerver::effects::net {
namespace {

namespace ws = http::websocket;

constexpr std::size_t kFrameRead = std::size_t{16} << 10;
constexpr std::size_t kLargestHead = std::size_t{16} << 10;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

Fault unavailable(std::string_view why) noexcept {
  return {FaultKind::kUnavailable, String::borrowed(why), {}};
}

}  // namespace

async::Task<Result<std::unique_ptr<WebSocketConnection>>> WebSocketConnection::open(
    std::unique_ptr<io::net::Stream> stream, StreamShared& shared, flow::Worker& worker) {
  const auto& own = static_cast<const WebSocketShared&>(shared);
  auto connection = std::make_unique<WebSocketConnection>(std::move(stream), own, worker.random());
  const Result<void> shaken =
      co_await async::timeout(connection->link_->shake_hands(own), own.settings.connect);
  if (!shaken) {
    if (shaken.error().kind == FaultKind::kTimeout)
      co_return unavailable("the server does not answer the opening");
    co_return shaken.error();
  }
  co_return std::move(connection);
}

async::Task<Result<void>> WebSocketConnection::Link::shake_hands(const WebSocketShared& shared) {
  const std::string key = ws::make_key(random);
  const std::string_view path =
      shared.settings.url.path.empty() ? "/" : std::string_view(shared.settings.url.path);
  const std::string authorization = shared.authorization.get();
  const ws::Opening opening{shared.host, path, shared.protocol, authorization};
  ws::write_opening(out, opening, key);
  const Result<void> sent = co_await flush();
  if (!sent) co_return sent.error();
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    if (in.size() > kLargestHead) co_return unavailable("the answer to the opening is too large");
    const Result<void> filled = co_await fill();
    if (!filled) co_return filled.error();
    end = in.find(kEndOfHead);
  }
  taken = end + kEndOfHead.size();
  const std::string_view head = std::string_view(in).substr(0, taken);
  if (const std::string_view why = ws::fault_of_answer(head, key, shared.protocol); !why.empty())
    co_return unavailable(why);
  is_open = true;
  co_return Result<void>();
}

async::Task<Result<void>> WebSocketConnection::Link::fill() {
  if (taken == in.size()) {
    in.clear();
    taken = 0;
  }
  const std::size_t begin = in.size();
  in.resize(begin + kFrameRead);
  const Result<std::size_t> size = co_await stream->read_some({in.data() + begin, kFrameRead});
  in.resize(begin + size.value_or(std::size_t{0}));
  if (!size) co_return size.error();
  if (*size == 0) co_return unavailable("the other side has closed the connection");
  co_return Result<void>();
}

async::Task<Result<void>> WebSocketConnection::Link::flush() {
  const Result<void> written = co_await stream->write(out.view());
  if (written) out.clear();
  co_return written;
}

async::Task<Result<std::optional<WebSocketMessage>>> WebSocketConnection::Link::next() {
  for (;;) {
    std::string_view input = std::string_view(in).substr(taken);
    const ws::Event event = reader.read(input);
    taken = in.size() - input.size();
    switch (event.kind) {
      case ws::Event::Kind::kText:
      case ws::Event::Kind::kBinary:
        co_return std::optional<WebSocketMessage>(
            {std::string(event.payload), event.kind == ws::Event::Kind::kText});
      case ws::Event::Kind::kMore:
        co_return std::optional<WebSocketMessage>();
      case ws::Event::Kind::kPong:
        continue;
      case ws::Event::Kind::kPing:
        ws::write_pong(out, ws::Role::kClient, event.payload, random);
        break;
      case ws::Event::Kind::kClose:
        ws::write_close(out, ws::Role::kClient, event.code, {}, random);
        break;
      case ws::Event::Kind::kFailed:
        ws::write_close(out, ws::Role::kClient, event.code, reader.why(), random);
        break;
    }
    is_closing = event.kind != ws::Event::Kind::kPing;
    const Result<void> answered = co_await flush();
    if (!answered) co_return answered.error();
    if (event.kind == ws::Event::Kind::kClose)
      co_return unavailable("the other side has closed the WebSocket");
    if (event.kind == ws::Event::Kind::kFailed) co_return unavailable(reader.why());
  }
}

async::Task<Result<WebSocketMessage>> WebSocketConnection::Link::receive() {
  for (;;) {
    Result<std::optional<WebSocketMessage>> message = co_await next();
    if (!message) co_return message.error();
    if (*message) co_return **std::move(message);
    const Result<void> filled = co_await fill();
    if (!filled) co_return filled.error();
  }
}

async::Task<Result<void>> WebSocketConnection::Link::drop_messages() {
  for (;;) {
    const Result<std::optional<WebSocketMessage>> dropped = co_await next();
    if (!dropped) co_return dropped.error();
    if (*dropped) continue;
    const Result<void> filled = co_await fill();
    if (!filled) co_return filled.error();
  }
}

async::Task<> WebSocketConnection::read_on(std::shared_ptr<Link> link) {
  const async::Context& context = co_await async::this_context();
  link->stop->follow(context.stop);
  const Result<void> ended = co_await async::with_stop(link->stop->token(), link->drop_messages());
  // A read that was cancelled has taken nothing; what was written may be lacking its end.
  link->has_ended = ended.error().kind != FaultKind::kCancelled || !link->out.empty();
  if (link->has_ended) link->stream->close();
  link->awake.set();
}

void WebSocketConnection::rest(async::TaskGroup& tasks) {
  link_->stop.emplace();
  link_->awake.reset();
  tasks.spawn(read_on, link_);
}

async::Task<bool> WebSocketConnection::is_usable() {
  if (link_->stop) {
    link_->stop->request_stop();
    const Result<void> awake = co_await link_->awake.wait();
    if (!awake) co_return false;
    link_->stop.reset();
  }
  while (!link_->has_ended && !link_->stream->is_quiet()) {
    // Something has come since, be it the end.
    const Result<void> filled = co_await link_->fill();
    if (!filled) co_return false;
    for (bool has_more = true; has_more;) {
      const Result<std::optional<WebSocketMessage>> dropped = co_await link_->next();
      if (!dropped) co_return false;
      has_more = dropped->has_value();
    }
  }
  co_return !link_->has_ended;
}

async::Task<Result<void>> WebSocketConnection::send(std::string_view message, bool is_text) {
  if (is_text) {
    ws::write_text(link_->out, ws::Role::kClient, message, link_->random);
  } else {
    ws::write_binary(link_->out, ws::Role::kClient, message, link_->random);
  }
  return link_->flush();
}

WebSocketConnection::~WebSocketConnection() {
  Link& link = *link_;
  if (link.stop) link.stop->request_stop();
  if (link.is_open && !link.is_closing && link.stream->is_open() && link.out.empty()) {
    // One attempt: nobody is left to wait for more.
    ws::write_close(link.out, ws::Role::kClient, ws::CloseCode::kNormal, {}, link.random);
    io::net::Stream::Write farewell(*link.stream, link.out.view());
    static_cast<void>(farewell.try_complete());
  }
  link.stream->close();
}

}  // namespace zerver::effects::net
