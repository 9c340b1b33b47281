// A socket that is registered with a loop, and whoever waits until it is ready.
#pragma once

#include <zerver/async/operation.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/handler_memory.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace zerver::io::net {

enum class Direction : std::uint8_t { kRead, kWrite };

// Only readiness comes from Asio; reading and writing are calls of whoever owns it. So nothing is under way
// in a buffer when somebody does not want to wait any more.
class Descriptor final : public AsioLoop::Remains {
 public:
  // Who is told, on the loop's thread. May let the descriptor go.
  class Owner {
   public:
    virtual void ready(Direction direction) noexcept = 0;

   protected:
    ~Owner() = default;
  };
  struct Close {
    void operator()(Descriptor* descriptor) const noexcept { descriptor->close(); }
  };

  // Until it is ready; for whoever has no owner yet.
  class Ready {
   public:
    using Value = void;

    Ready(Descriptor& descriptor, Direction direction) noexcept
        : descriptor_(&descriptor), direction_(direction) {}
    bool try_complete() const noexcept { return false; }
    void enqueue(async::Waiter& waiter) {
      descriptor_->waiters_[index(direction_)] = &waiter;
      descriptor_->wait(direction_);
    }
    void cancel() noexcept { descriptor_->waiters_[index(direction_)] = nullptr; }
    Result<void> result() const noexcept { return {}; }

   private:
    Descriptor* descriptor_;
    Direction direction_;
  };

  // Owns the socket, which does not block, and closes it, also when this fails.
  static Result<std::unique_ptr<Descriptor, Close>> open(AsioLoop& loop, int socket);

  Descriptor(AsioLoop& loop, int socket) noexcept : loop_(loop), fd_(socket) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const noexcept { return fd_; }
  AsioLoop& loop() noexcept { return loop_; }
  void set_owner(Owner* owner) noexcept { owner_ = owner; }
  // Tells the owner once, when it is ready. Harmless when that is under way.
  void wait(Direction direction);
  async::Awaiting<Ready> ready(Direction direction) noexcept {
    return async::Awaiting<Ready>(Ready(*this, direction));
  }

 private:
  static constexpr std::size_t index(Direction direction) noexcept {
    return static_cast<std::size_t>(direction);
  }
  void close() noexcept;
  void told(Direction direction) noexcept;

  AsioLoop& loop_;
  int fd_;
  std::optional<boost::asio::posix::stream_descriptor> descriptor_;  // none: closed
  Owner* owner_ = nullptr;
  std::array<async::Waiter*, 2> waiters_{};
  std::array<bool, 2> waiting_{};
  std::array<HandlerMemory, 2> memory_;
};

using DescriptorPtr = std::unique_ptr<Descriptor, Descriptor::Close>;

}  // namespace zerver::io::net
