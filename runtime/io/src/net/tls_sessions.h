// Sessions of TLS that can be resumed, so that the next handshake with a server is short.
#pragma once

#include "net/tls_context.h"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace zerver::io::net {

// Of one loop. Each session is used once (RFC 8446, C.4).
class TlsSessions {
 public:
  static constexpr std::size_t kKept = 256;  // servers

  // `server` names who it was, and by which TlsClient it was trusted.
  void keep(const std::string& server, SslSessionPtr session) {
    auto [place, is_new] = sessions_.insert_or_assign(server, std::move(session));
    if (!is_new) return;
    order_.push_back(server);
    if (order_.size() <= kKept) return;
    sessions_.erase(order_.front());
    order_.pop_front();
  }
  // Null when there is none.
  SslSessionPtr take(const std::string& server) {
    const auto place = sessions_.find(server);
    return place == sessions_.end() ? nullptr : std::move(place->second);
  }

 private:
  std::map<std::string, SslSessionPtr> sessions_;  // null: taken
  std::deque<std::string> order_;                  // of their coming
};

}  // namespace zerver::io::net
