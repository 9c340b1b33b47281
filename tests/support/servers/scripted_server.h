// A TCP server whose behaviour a test writes down as a function, with blocking calls.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::test {

// A connected socket with blocking calls; everything just ends when the other side has gone, or the server
// goes.
class Peer {
 public:
  // Owns it.
  explicit Peer(int socket) noexcept : socket_(socket) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Connects to 127.0.0.1; a peer that is at its end when that fails.
  static std::unique_ptr<Peer> connect(std::uint16_t port);

  // What has come, at least one byte; empty at the end.
  std::string read_some();
  // So many bytes, fewer at the end.
  std::string read(std::size_t size);
  // Up to and with the first `end`, or what there was of it at the end.
  std::string read_until(std::string_view end);
  std::string read_to_the_end();
  // False when it failed: nobody reads any more.
  bool write(std::string_view bytes);
  void shut_down_write();
  void close();
  // The other side sees a reset instead of an end.
  void reset();
  int socket() const noexcept { return socket_; }

 private:
  std::atomic<int> socket_;  // the server's thread looks at it
  std::string kept_;         // read, not asked for yet
};

// Listens on 127.0.0.1 and calls the script for each connection, on a thread of its own. Going shuts all
// connections down and waits for the scripts.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script);
  // On a Unix socket of that path.
  ScriptedServer(const std::string& unix_path, Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const noexcept;
  // Connections so far.
  int accepted() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zerver::test
