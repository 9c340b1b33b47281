// What the servers of these tests do.
#pragma once

#include "runtime/effects/net/test/peers.h"
#include <zerver/http/websocket.h>

#include <string>
#include <string_view>

namespace zerver::effects::net {

// Repeats each line, but for these: `silent` has no answer, `bye` ends the connection, `large` has 3000
// bytes, `two` two lines, `number` that of the line on this connection.
class LineSession final : public Session {
 public:
  bool take(std::string_view bytes, std::string& out) override {
    in_ += bytes;
    for (std::size_t end = in_.find('\n'); end != std::string::npos; end = in_.find('\n')) {
      const std::string line = in_.substr(0, end);
      in_.erase(0, end + 1);
      ++lines_;
      if (line == "bye") return false;
      if (line == "silent") continue;
      if (line == "large") {
        out += std::string(3000, 'x') + '\n';
      } else if (line == "two") {
        out += "one\ntwo\n";
      } else {
        out += (line == "number" ? std::to_string(lines_) : line) + '\n';
      }
    }
    return true;
  }

 private:
  std::string in_;
  int lines_ = 0;
};

// Repeats each message, but for these: `silent` has no answer, `bye` is answered with a close, `fragments` in
// three of them with a ping between, `binary` with a binary message, `ping` when the ping before it has been
// answered, `push` with an answer and a message behind it, `broken` with a frame that is none, `head` with
// the head of the opening.
class WebSocketSession final : public Session {
 public:
  bool take(std::string_view bytes, std::string& out) override;

 private:
  bool open(std::string& out);
  bool on(const http::websocket::Event& event);

  std::string head_;
  std::string in_;
  bool is_open_ = false;
  bool waits_for_pong_ = false;
  SeededRandom random_{1};
  OutputBuffer out_;
  http::websocket::Reader reader_{http::websocket::Role::kServer};
};

}  // namespace zerver::effects::net
