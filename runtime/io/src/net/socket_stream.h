// A stream over a socket: TCP and Unix as they are, and the base of TLS.
#pragma once

#include "net/descriptor.h"
#include <zerver/io/net/stream.h>

#include <cstdint>
#include <span>

namespace zerver::io::net {

class SocketStream : public Stream, private Descriptor::Owner {
 public:
  explicit SocketStream(DescriptorPtr descriptor) noexcept;
  ~SocketStream() override;

  void shut_down_write() noexcept override;
  void close() noexcept override;
  bool is_open() const noexcept override { return descriptor_ != nullptr; }
  bool is_quiet() noexcept override;
  void look_again() noexcept override { empty_ = false; }
  // Gives the socket up without closing it. Nothing is under way.
  DescriptorPtr take_descriptor() noexcept;

 protected:
  // What a step needs before it can go on.
  enum class Needs : std::uint8_t { kNothing, kReadable, kWritable };

  // One attempt, without waiting. kNothing: `outcome` is set.
  virtual Needs read_step(Read& read);
  virtual Needs write_step(Write& write);
  // What is left to do behind the last write.
  virtual Needs shut_down_step() noexcept;
  virtual void before_close() noexcept {}

  int fd() const noexcept { return descriptor_->fd(); }
  Descriptor& descriptor() noexcept { return *descriptor_; }

  bool try_read(Read& read) final;
  void wait_to_read(Read& read) final;
  void forget_read() noexcept final { reading_ = nullptr; }
  bool try_write(Write& write) final;
  void wait_to_write(Write& write) final;
  void forget_write() noexcept final { writing_ = nullptr; }

 private:
  void ready(Direction direction) noexcept final;
  void wait_for(Needs needs);
  void go_on_shutting_down() noexcept;

  DescriptorPtr descriptor_;  // null: closed
  Read* reading_ = nullptr;
  Write* writing_ = nullptr;
  Needs read_needs_ = Needs::kNothing;
  Needs write_needs_ = Needs::kNothing;
  bool empty_ = false;  // the last read took all there was: the next one has to wait first
  bool shutting_down_ = false;
};

}  // namespace zerver::io::net
