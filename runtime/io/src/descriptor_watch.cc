#include <zerver/io/descriptor_watch.h>

#include <boost/asio/error.hpp>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace zerver::io {

// What one wait of a kind needs: it may end behind the watch, so the operation keeps it.
struct DescriptorWatch::Side {
  Side(void* its_owner, Ready ready) noexcept : owner(its_owner), told(ready) {}

  void* owner;  // null: nobody is told any more
  Ready told;
  HandlerMemory memory;
  bool is_waiting = false;
};

DescriptorWatch::DescriptorWatch(AsioLoop& loop, void* owner, Ready readable, Ready writable)
    : loop_(loop),
      descriptor_(loop.context()),
      owner_(owner),
      readable_told_(readable),
      writable_told_(writable),
      readable_(std::make_shared<Side>(owner, readable)),
      writable_(std::make_shared<Side>(owner, writable)) {}

DescriptorWatch::~DescriptorWatch() {
  readable_->owner = nullptr;
  writable_->owner = nullptr;
}

std::error_code DescriptorWatch::watch(int descriptor) {
  // A library may close its descriptor at any time, and the number be somebody else's before it is unwatched.
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return {errno, std::system_category()};
  boost::system::error_code error;
  descriptor_.assign(own, error);
  if (error) ::close(own);
  return error;
}

void DescriptorWatch::unwatch() noexcept {
  if (!descriptor_.is_open()) return;
  boost::system::error_code ignored;  // the descriptor is gone either way
  static_cast<void>(descriptor_.close(ignored));
  // What was waited for ends later and tells nobody; the next wait begins without it.
  const auto forget = [this](std::shared_ptr<Side>& side, Ready told) {
    if (!side->is_waiting) return;
    side->owner = nullptr;
    side = std::make_shared<Side>(owner_, told);
  };
  forget(readable_, readable_told_);
  forget(writable_, writable_told_);
}

void DescriptorWatch::wait_readable() { wait(readable_, boost::asio::posix::descriptor_base::wait_read); }
void DescriptorWatch::wait_writable() { wait(writable_, boost::asio::posix::descriptor_base::wait_write); }

void DescriptorWatch::wait(std::shared_ptr<Side>& side, boost::asio::posix::descriptor_base::wait_type what) {
  if (std::exchange(side->is_waiting, true)) return;
  descriptor_.async_wait(what, Handler(side->memory, [side, &loop = loop_](const boost::system::error_code&) {
                           side->is_waiting = false;
                           if (side->owner == nullptr) return;
                           const AsioLoop::Turn turn(loop);
                           side->told(side->owner);
                         }));
}

}  // namespace zerver::io
