// Which node of a cluster has which keys.
#pragma once

#include "link.h"
#include <zerver/effects/redis/client.h>
#include <zerver/effects/redis/key_slot.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace zerver::effects::redis {

// Asks the cluster for its map of slots, again whenever that turns out to be old.
class Client::Cluster {
 public:
  explicit Cluster(Client& client);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Null when no node is known at all.
  Link* link_for(const Command& command) noexcept;
  // `MOVED 3999 127.0.0.1:6381` or `ASK ...`: where to; null when that cannot be read. Throws std::bad_alloc.
  Link* follow(const Reply& error);
  // A node has been lost, or says that the map is old.
  void refresh() noexcept;

  const std::vector<std::unique_ptr<Link>>& links() const noexcept { return links_; }

 private:
  static constexpr std::uint16_t kNone = 0xFFFF;

  // Asks for the map.
  class Question final : public Command {
   public:
    explicit Question(Cluster& owner) noexcept : cluster_(owner) {}

   private:
    void on_reply(const Reply& reply) noexcept override { cluster_.on_slots(reply); }
    void on_failure(const Fault&) noexcept override { cluster_.on_slots({}); }
    Cluster& cluster_;
  };
  struct Later final : async::Timer {
    explicit Later(Cluster& owner) noexcept;
    Cluster& cluster;
  };

  void on_slots(const Reply& reply) noexcept;
  void ask() noexcept;
  std::uint16_t node(const Server& server);

  Client& client_;
  std::vector<std::unique_ptr<Link>> links_;
  std::array<std::uint16_t, kSlots> slots_;
  Question question_{*this};
  Later later_{*this};
  bool asking_ = false;
  std::size_t next_asked_ = 0;
  TimePoint asked_at_;
};

}  // namespace zerver::effects::redis
