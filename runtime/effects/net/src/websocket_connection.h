// One WebSocket to a server.
#pragma once

#include "stream_target.h"
#include <zerver/async/stop.h>
#include <zerver/async/sync/event.h>
#include <zerver/async/task_group.h>
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

// Of one worker; one call at a time has it. While nobody has it, it reads on: pings are answered, messages
// dropped, and an end is noticed.
class WebSocketConnection {
 public:
  // Shakes hands, within `connect`.
  static async::Task<Result<std::unique_ptr<WebSocketConnection>>> open(
      std::unique_ptr<io::net::Stream> stream, StreamShared& shared, flow::Worker& worker);

  WebSocketConnection(std::unique_ptr<io::net::Stream> stream, const WebSocketShared& shared, Random& random)
      : link_(std::make_shared<Link>(std::move(stream), shared.settings.most, random)) {}
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;
  // Says farewell, as far as that needs no waiting.
  ~WebSocketConnection();

  // Nobody has it from now on, until is_usable() is asked.
  void rest(async::TaskGroup& tasks);
  // False when the other side has ended it.
  async::Task<bool> is_usable();
  async::Task<Result<void>> send(std::string_view message, bool is_text);
  // The next message.
  async::Task<Result<WebSocketMessage>> receive() { return link_->receive(); }
  bool was_used = false;

 private:
  // What whoever reads on has, as long as it does.
  struct Link {
    Link(std::unique_ptr<io::net::Stream> its_stream, std::size_t most, Random& its_random)
        : stream(std::move(its_stream)),
          random(its_random),
          reader(http::websocket::Role::kClient, http::websocket::Limits{.message = most}) {}

    async::Task<Result<void>> shake_hands(const WebSocketShared& shared);
    async::Task<Result<WebSocketMessage>> receive();
    // Of what has been read; none: more is needed.
    async::Task<Result<std::optional<WebSocketMessage>>> next();
    // Reads once into `in`.
    async::Task<Result<void>> fill();
    async::Task<Result<void>> flush();
    // Until it is stopped, or the connection ends.
    async::Task<Result<void>> drop_messages();

    std::unique_ptr<io::net::Stream> stream;
    Random& random;
    OutputBuffer out;
    http::websocket::Reader reader;
    std::string in;
    std::size_t taken = 0;                  // of it
    bool is_open = false;                   // the handshake is over
    bool is_closing = false;                // one side has said farewell
    bool has_ended = false;                 // while it rested
    std::optional<async::StopSource> stop;  // of its rest
    async::Event awake;                     // the rest is over
  };

  static async::Task<> read_on(std::shared_ptr<Link> link);

  std::shared_ptr<Link> link_;
};

}  // namespace zerver::effects::net
