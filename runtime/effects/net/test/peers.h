// The other side of the adapters' tests, over sockets and in memory.
#pragma once

#include "tests/support/servers/scripted_server.h"
#include <zerver/async/task_group.h>
#include <zerver/io/net/connector.h>
#include <zerver/io/net/memory_stream.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects::net {

// What a server does with the bytes of one connection.
class Session {
 public:
  virtual ~Session() = default;
  // Appends to `out` what is to be sent. False: then the connection is ended.
  virtual bool take(std::string_view bytes, std::string& out) = 0;
};
using NewSession = std::function<std::unique_ptr<Session>()>;

// For ScriptedServer.
inline test::ScriptedServer::Script script_of(NewSession new_session) {
  return [new_session = std::move(new_session)](test::Peer& peer) {
    const std::unique_ptr<Session> session = new_session();
    bool goes_on = true;
    while (goes_on) {
      const std::string bytes = peer.read_some();
      if (bytes.empty()) return;
      std::string out;
      goes_on = session->take(bytes, out);
      peer.write(out);
    }
  };
}

// Connects to sessions in memory, on the loop of whoever connects.
class MemoryPeers final : public io::net::Connector {
 public:
  explicit MemoryPeers(NewSession new_session) : new_session_(std::move(new_session)) {}
  // While the loop is there.
  void finish() {
    if (tasks_) tasks_->finish();
  }

  async::Task<Result<std::unique_ptr<io::net::Stream>>> connect(const io::net::Endpoint&,
                                                                TimePoint) override {
    const async::Context& context = co_await async::this_context();
    if (!tasks_) tasks_.emplace(*context.loop);
    auto pair = io::net::MemoryStream::make();
    tasks_->spawn(serve, new_session_(), std::move(pair.second));
    co_return std::unique_ptr<io::net::Stream>(std::move(pair.first));
  }
  async::Task<Result<std::unique_ptr<io::net::Stream>>> secure(std::unique_ptr<io::net::Stream> stream,
                                                               const io::net::Endpoint&, TimePoint) override {
    co_return std::move(stream);
  }

 private:
  static async::Task<> serve(std::unique_ptr<Session> session,
                             std::unique_ptr<io::net::MemoryStream> stream) {
    std::string buffer(4096, '\0');
    bool goes_on = true;
    while (goes_on) {
      const Result<std::size_t> size = co_await stream->read_some(buffer);
      if (!size || *size == 0) break;
      std::string out;
      goes_on = session->take(std::string_view(buffer).substr(0, *size), out);
      const Result<void> written = co_await stream->write(out);
      if (!written) break;
    }
    stream->close();
  }

  NewSession new_session_;
  std::optional<async::TaskGroup> tasks_;
};

}  // namespace zerver::effects::net
