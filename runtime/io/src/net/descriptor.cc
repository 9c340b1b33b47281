// A socket that is registered with a loop.
#include "net/descriptor.h"

#include "net/faults.h"

#include <unistd.h>
#include <utility>

namespace zerver::io::net {

Result<DescriptorPtr> Descriptor::open(AsioLoop& loop, int socket) {
  DescriptorPtr descriptor(std::make_unique<Descriptor>(loop, socket).release());
  descriptor->descriptor_.emplace(loop.context());
  boost::system::error_code error;
  static_cast<void>(descriptor->descriptor_->assign(socket, error));
  if (!error) return descriptor;
  ::close(socket);
  return fault_of(error.value());
}

void Descriptor::wait(Direction direction) {
  if (std::exchange(waiting_[index(direction)], true)) return;
  const auto kind = direction == Direction::kRead ? boost::asio::posix::descriptor_base::wait_read
                                                  : boost::asio::posix::descriptor_base::wait_write;
  descriptor_->async_wait(kind,
                          Handler(memory_[index(direction)],
                                  [this, direction](const boost::system::error_code&) { told(direction); }));
}

void Descriptor::told(Direction direction) noexcept {
  const AsioLoop::Turn turn(loop_);
  waiting_[index(direction)] = false;
  if (!descriptor_) {
    if (!waiting_[0] && !waiting_[1]) loop_.dispose_of(*this);
  } else if (async::Waiter* const waiter = std::exchange(waiters_[index(direction)], nullptr)) {
    waiter->complete();
  } else if (owner_ != nullptr) {
    owner_->ready(direction);  // last: `this` may be gone
  }
}

void Descriptor::close() noexcept {
  descriptor_.reset();
  owner_ = nullptr;
  std::unique_ptr<Descriptor> self(this);
  if (waiting_[0] || waiting_[1]) loop_.keep(std::move(self));
}

}  // namespace zerver::io::net
