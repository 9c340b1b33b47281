// One connection to one server, which is made anew when it is lost.
#pragma once

#include "command_queue.h"
#include "reply_reader.h"
#include <zerver/async/spawn.h>
#include <zerver/async/sync/event.h>
#include <zerver/async/task.h>
#include <zerver/core/random.h>
#include <zerver/effects/redis/client.h>
#include <zerver/effects/redis/command.h>
#include <zerver/effects/redis/options.h>
#include <zerver/io/net/endpoint.h>
#include <zerver/io/net/network.h>
#include <zerver/io/net/stream.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects::redis {

// Tells its client what becomes of commands.
class Link {
 public:
  // So many commands wait for answers at most.
  static constexpr std::size_t kMostInFlight = std::size_t{1} << 16;

  Link(Client& client, io::net::Network& network, Random& random, const Options& options,
       const Server& server, const io::net::TlsClient* tls);
  // Runs the loop until the connection has ended.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // `asking`: it has been sent here for once (ASK).
  void start(Command& command, bool asking = false) noexcept;
  void abandon(Command& command) noexcept;

  const Server& server() const noexcept { return server_; }
  bool is_ready() const noexcept { return state_ == State::kReady; }

 private:
  enum class State : std::uint8_t { kConnecting, kReady, kDown };
  struct Silence final : async::Timer {
    explicit Silence(Link& owner) noexcept;
    Link& link;
  };

  struct Refusal final : async::Job {
    explicit Refusal(Link& owner) noexcept;
    Link& link;
    bool scheduled = false;
  };

  async::Task<> run();
  async::Task<Fault> serve(io::net::Stream& stream);
  async::Task<Result<void>> shake_hands(io::net::Stream& stream, std::string_view greeting,
                                        std::size_t answers);
  async::Task<> write(io::net::Stream& stream);
  Command* next_in_queue() noexcept;
  void go_up();
  void go_down(const Fault& fault) noexcept;
  void fail_queue() noexcept;
  void send(Command& command);
  bool take_replies();
  Duration next_pause() noexcept;
  void on_silence() noexcept;
  void watch() noexcept;

  Client& client_;
  io::net::Network& network_;
  async::Loop& loop_;
  Random& random_;
  const Options& options_;
  Server server_;
  io::net::Endpoint endpoint_;

  State state_ = State::kConnecting;
  CommandQueue queue_;
  std::string out_;  // to be written
  std::string writing_;
  async::Event has_output_;
  ReplyReader reader_;
  io::net::Stream* open_ = nullptr;
  Silence silence_{*this};
  Refusal refusal_{*this};
  TimePoint heard_;  // something of it, or began to wait for that
  unsigned failures_ = 0;
  bool was_up_ = false;
  std::string why_;  // it is down

  async::StopSource stop_;
  std::optional<async::TaskHandle<void>> task_;
};

}  // namespace zerver::effects::redis
