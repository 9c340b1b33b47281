#include "runtime/effects/net/test/sessions.h"

namespace zerver::effects::net {

namespace ws = http::websocket;
using ws::Role;

bool WebSocketSession::open(std::string& out) {
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return true;
  head_ = in_.substr(0, end);
  in_.erase(0, end + 4);
  if (head_.find(" /refused ") != std::string::npos) {
    out += "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    return false;
  }
  constexpr std::string_view kName = "Sec-WebSocket-Key: ";
  const std::string key = head_.substr(head_.find(kName) + kName.size(), ws::kKeySize);
  out +=
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Accept: " +
      ws::accept_of(key) + "\r\n";
  if (head_.find("Sec-WebSocket-Protocol: v1") != std::string::npos) out += "Sec-WebSocket-Protocol: v1\r\n";
  out += "\r\n";
  is_open_ = true;
  return true;
}

bool WebSocketSession::on(const ws::Event& event) {
  using Kind = ws::Event::Kind;
  if (event.kind == Kind::kPong) {
    if (waits_for_pong_ && event.payload == "are you there")
      ws::write_text(out_, Role::kServer, "ping", random_);
    waits_for_pong_ = false;
    return true;
  }
  if (event.kind == Kind::kBinary) {
    ws::write_binary(out_, Role::kServer, event.payload, random_);
    return true;
  }
  if (event.kind != Kind::kText) return false;
  const std::string_view text = event.payload;
  if (text == "silent") return true;
  if (text == "bye") {
    ws::write_close(out_, Role::kServer, ws::CloseCode::kGoingAway, "bye", random_);
  } else if (text == "fragments") {
    out_.append(
        std::string_view("\x01\x04"
                         "frag",
                         6));
    ws::write_ping(out_, Role::kServer, "between", random_);
    out_.append(
        std::string_view("\x00\x02"
                         "me",
                         4));
    out_.append(
        std::string_view("\x80\x03"
                         "nts",
                         5));
  } else if (text == "binary") {
    ws::write_binary(out_, Role::kServer, "bytes", random_);
  } else if (text == "ping") {
    ws::write_ping(out_, Role::kServer, "are you there", random_);
    waits_for_pong_ = true;
  } else if (text == "push") {
    ws::write_text(out_, Role::kServer, "push", random_);
    ws::write_text(out_, Role::kServer, "nobody asked for it", random_);
  } else if (text == "broken") {
    out_.append(std::string_view("\xff\xff", 2));
  } else {
    ws::write_text(out_, Role::kServer, text == "head" ? std::string_view(head_) : text, random_);
  }
  return true;
}

bool WebSocketSession::take(std::string_view bytes, std::string& out) {
  in_ += bytes;
  if (!is_open_ && !open(out)) return false;
  if (!is_open_) return true;
  std::string_view input = in_;
  for (;;) {
    const ws::Event event = reader_.read(input);
    if (event.kind == ws::Event::Kind::kMore) break;
    if (!on(event)) return false;
  }
  in_.clear();
  out += out_.view();
  out_.clear();
  return true;
}

}  // namespace zerver::effects::net
