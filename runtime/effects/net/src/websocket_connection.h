// One WebSocket to a server.
#pragma once

#include "stream_target.h"
#include <zerver/effects/renewable.h>
#include <zerver/http/websocket.h>
#include <zerver/io/net/stream.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects::net {

struct WebSocketShared : StreamShared {
  std::string host;  // of the opening
  std::string protocol;
  Renewable<std::string> authorization;
};

struct WebSocketMessage {
  std::string payload;
  bool is_text = false;
};

// Of one worker; one call at a time has it.
class WebSocketConnection {
 public:
  // Shakes hands, within `connect`.
  static async::Task<Result<std::unique_ptr<WebSocketConnection>>> open(
      std::unique_ptr<io::net::Stream> stream, StreamShared& shared, flow::Worker& worker);

  WebSocketConnection(std::unique_ptr<io::net::Stream> stream, const WebSocketShared& shared, Random& random)
      : stream_(std::move(stream)),
        random_(random),
        reader_(http::websocket::Role::kClient, http::websocket::Limits{.message = shared.settings.most}) {}
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;
  // Says farewell, as far as that needs no waiting.
  ~WebSocketConnection();

  // Takes in what has come while nobody asked: answers pings, drops messages. False when the other side has
  // ended it.
  async::Task<bool> is_usable();
  async::Task<Result<void>> send(std::string_view message, bool is_text);
  // The next message.
  async::Task<Result<WebSocketMessage>> receive();
  bool was_used = false;

 private:
  async::Task<Result<void>> shake_hands(const WebSocketShared& shared);
  // Of what has been read; none: more is needed.
  async::Task<Result<std::optional<WebSocketMessage>>> next();
  // Reads once into in_.
  async::Task<Result<void>> fill();
  async::Task<Result<void>> flush();

  std::unique_ptr<io::net::Stream> stream_;
  Random& random_;
  OutputBuffer out_;
  http::websocket::Reader reader_;
  std::string in_;
  std::size_t taken_ = 0;    // of it
  bool is_open_ = false;     // the handshake is over
  bool is_closing_ = false;  // one side has said farewell
};

}  // namespace zerver::effects::net
