// Tells when a descriptor can be read or written: for libraries that read and write it themselves.
#pragma once

#include <zerver/io/asio_loop.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <system_error>

namespace zerver::io {

// Of one loop and its thread. Waiting allocates nothing. The owner may destroy or unwatch it from within what
// it is told.
class DescriptorWatch {
 public:
  using Ready = void (*)(void* owner) noexcept;

  // `readable` and `writable` are called on the loop, once for each wait, also when an error is what there is
  // to be read or written.
  DescriptorWatch(AsioLoop& loop, void* owner, Ready readable, Ready writable);
  // Nothing is told any more.
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  // The descriptor stays its owner's, who may close it at any time: a duplicate is watched, which keeps what
  // is open until unwatch(). None is watched so far.
  [[nodiscard]] std::error_code watch(int descriptor);
  // Forgets the descriptor, and what is waited for. Harmless when there is none.
  void unwatch() noexcept;

  // Nothing happens when that is waited for already. A descriptor is watched.
  void wait_readable();
  void wait_writable();

 private:
  struct Side;

  void wait(std::shared_ptr<Side>& side, boost::asio::posix::descriptor_base::wait_type what);

  AsioLoop& loop_;
  boost::asio::posix::stream_descriptor descriptor_;
  void* owner_;
  Ready readable_told_;
  Ready writable_told_;
  std::shared_ptr<Side> readable_;
  std::shared_ptr<Side> writable_;
};

}  // namespace zerver::io
