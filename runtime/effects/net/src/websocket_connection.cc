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
  const Result<void> shaken = co_await async::timeout(connection->shake_hands(own), own.settings.connect);
  if (!shaken) {
    if (shaken.error().kind == FaultKind::kTimeout)
      co_return unavailable("the server does not answer the opening");
    co_return shaken.error();
  }
  co_return std::move(connection);
}

async::Task<Result<void>> WebSocketConnection::shake_hands(const WebSocketShared& shared) {
  const std::string key = ws::make_key(random_);
  const std::string_view path =
      shared.settings.url.path.empty() ? "/" : std::string_view(shared.settings.url.path);
  const std::string authorization = shared.authorization.get();
  const ws::Opening opening{shared.host, path, shared.protocol, authorization};
  ws::write_opening(out_, opening, key);
  const Result<void> sent = co_await flush();
  if (!sent) co_return sent.error();
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    if (in_.size() > kLargestHead) co_return unavailable("the answer to the opening is too large");
    const Result<void> filled = co_await fill();
    if (!filled) co_return filled.error();
    end = in_.find(kEndOfHead);
  }
  taken_ = end + kEndOfHead.size();
  const std::string_view head = std::string_view(in_).substr(0, taken_);
  if (const std::string_view why = ws::fault_of_answer(head, key, shared.protocol); !why.empty())
    co_return unavailable(why);
  is_open_ = true;
  co_return Result<void>();
}

async::Task<Result<void>> WebSocketConnection::fill() {
  if (taken_ == in_.size()) {
    in_.clear();
    taken_ = 0;
  }
  const std::size_t begin = in_.size();
  in_.resize(begin + kFrameRead);
  const Result<std::size_t> size = co_await stream_->read_some({in_.data() + begin, kFrameRead});
  in_.resize(begin + size.value_or(std::size_t{0}));
  if (!size) co_return size.error();
  if (*size == 0) co_return unavailable("the other side has closed the connection");
  co_return Result<void>();
}

async::Task<Result<void>> WebSocketConnection::flush() {
  const Result<void> written = co_await stream_->write(out_.view());
  out_.clear();
  co_return written;
}

async::Task<Result<void>> WebSocketConnection::send(std::string_view message, bool is_text) {
  if (is_text) {
    ws::write_text(out_, ws::Role::kClient, message, random_);
  } else {
    ws::write_binary(out_, ws::Role::kClient, message, random_);
  }
  return flush();
}

async::Task<Result<std::optional<WebSocketMessage>>> WebSocketConnection::next() {
  for (;;) {
    std::string_view input = std::string_view(in_).substr(taken_);
    const ws::Event event = reader_.read(input);
    taken_ = in_.size() - input.size();
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
        ws::write_pong(out_, ws::Role::kClient, event.payload, random_);
        break;
      case ws::Event::Kind::kClose:
        ws::write_close(out_, ws::Role::kClient, event.code, {}, random_);
        break;
      case ws::Event::Kind::kFailed:
        ws::write_close(out_, ws::Role::kClient, event.code, reader_.why(), random_);
        break;
    }
    is_closing_ = event.kind != ws::Event::Kind::kPing;
    const Result<void> answered = co_await flush();
    if (!answered) co_return answered.error();
    if (event.kind == ws::Event::Kind::kClose)
      co_return unavailable("the other side has closed the WebSocket");
    if (event.kind == ws::Event::Kind::kFailed) co_return unavailable(reader_.why());
  }
}

async::Task<Result<WebSocketMessage>> WebSocketConnection::receive() {
  for (;;) {
    Result<std::optional<WebSocketMessage>> message = co_await next();
    if (!message) co_return message.error();
    if (*message) co_return **std::move(message);
    const Result<void> filled = co_await fill();
    if (!filled) co_return filled.error();
  }
}

async::Task<bool> WebSocketConnection::is_usable() {
  for (;;) {
    const Result<std::optional<WebSocketMessage>> dropped = co_await next();
    if (!dropped) co_return false;
    if (*dropped) continue;
    if (stream_->is_quiet()) co_return true;
    const Result<void> filled = co_await fill();  // something is there, be it the end
    if (!filled) co_return false;
  }
}

WebSocketConnection::~WebSocketConnection() {
  if (!is_open_ || is_closing_ || !stream_->is_open()) return;
  // One attempt: nobody is left to wait for more.
  out_.clear();
  ws::write_close(out_, ws::Role::kClient, ws::CloseCode::kNormal, {}, random_);
  io::net::Stream::Write farewell(*stream_, out_.view());
  static_cast<void>(farewell.try_complete());
}

}  // namespace zerver::effects::net
