// A stream over a socket.
#include "net/socket_stream.h"

#include "net/faults.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace zerver::io::net {
namespace {

constexpr std::size_t kGathered = 64;  // pieces in one call
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

ssize_t send_gathered(int socket, std::string_view first, std::span<const std::string_view> pieces) noexcept {
  std::array<iovec, kGathered> vector;
  std::size_t count = 0;
  const auto add = [&](std::string_view piece) {
    vector[count++] = {const_cast<char*>(piece.data()), piece.size()};  // sendmsg() only reads it
  };
  add(first);
  for (std::size_t i = 0; i < pieces.size() && count < kGathered; ++i)
    add(pieces[i]);
  msghdr message{};
  message.msg_iov = vector.data();
  message.msg_iovlen = count;
  return sendmsg(socket, &message, kSendFlags);
}

}  // namespace

SocketStream::SocketStream(DescriptorPtr descriptor) noexcept : descriptor_(std::move(descriptor)) {
  descriptor_->set_owner(this);
}

SocketStream::~SocketStream() { SocketStream::close(); }

void SocketStream::close() noexcept {
  if (descriptor_ == nullptr) return;
  before_close();
  descriptor_.reset();
  if (Read* const read = std::exchange(reading_, nullptr)) {
    read->outcome = closed_here();
    read->waiter->complete();
  }
  if (Write* const write = std::exchange(writing_, nullptr)) {
    write->outcome = closed_here();
    write->waiter->complete();
  }
}

bool SocketStream::is_quiet() noexcept {
  if (descriptor_ == nullptr) return false;
  char byte = 0;
  return recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

DescriptorPtr SocketStream::take_descriptor() noexcept {
  descriptor_->set_owner(nullptr);
  return std::move(descriptor_);
}

// --- Reading ---

bool SocketStream::try_read(Read& read) {
  if (descriptor_ == nullptr) {
    read.outcome = closed_here();
    return true;
  }
  if (empty_) {
    read_needs_ = Needs::kReadable;
    return false;
  }
  read_needs_ = read_step(read);
  return read_needs_ == Needs::kNothing;
}

void SocketStream::wait_to_read(Read& read) {
  reading_ = &read;
  wait_for(read_needs_);
}

SocketStream::Needs SocketStream::read_step(Read& read) {
  for (;;) {
    const ssize_t size = recv(fd(), read.into.data(), read.into.size(), MSG_DONTWAIT);
    if (size >= 0) {
      empty_ = size > 0 && static_cast<std::size_t>(size) < read.into.size();
      read.outcome = static_cast<std::size_t>(size);
      return Needs::kNothing;
    }
    if (errno == EAGAIN) return Needs::kReadable;
    if (errno == EINTR) continue;
    read.outcome = fault_of(errno);
    return Needs::kNothing;
  }
}

// --- Writing ---

bool SocketStream::try_write(Write& write) {
  if (descriptor_ == nullptr) {
    write.outcome = closed_here();
    return true;
  }
  write_needs_ = write_step(write);
  return write_needs_ == Needs::kNothing;
}

void SocketStream::wait_to_write(Write& write) {
  writing_ = &write;
  wait_for(write_needs_);
}

SocketStream::Needs SocketStream::write_step(Write& write) {
  for (;;) {
    write.advance(0);
    if (write.first.empty()) return Needs::kNothing;
    const ssize_t size = write.pieces.empty() ? send(fd(), write.first.data(), write.first.size(), kSendFlags)
                                              : send_gathered(fd(), write.first, write.pieces);
    if (size >= 0) {
      write.advance(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      return Needs::kWritable;
    } else if (errno != EINTR) {
      write.outcome = fault_of(errno);
      return Needs::kNothing;
    }
  }
}

void SocketStream::shut_down_write() noexcept {
  if (descriptor_ == nullptr || std::exchange(shutting_down_, true)) return;
  go_on_shutting_down();
}

void SocketStream::go_on_shutting_down() noexcept {
  const Needs needs = shut_down_step();
  if (needs == Needs::kNothing) {
    shutting_down_ = false;
    shutdown(fd(), SHUT_WR);
  } else {
    wait_for(needs);
  }
}

SocketStream::Needs SocketStream::shut_down_step() noexcept { return Needs::kNothing; }

// --- Waiting ---

void SocketStream::wait_for(Needs needs) {
  if (needs == Needs::kNothing) return;
  descriptor_->wait(needs == Needs::kReadable ? Direction::kRead : Direction::kWrite);
}

// TLS may have to write in order to read, and the other way round: whatever waits tries again.
void SocketStream::ready(Direction direction) noexcept {
  const Needs now = direction == Direction::kRead ? Needs::kReadable : Needs::kWritable;
  if (now == Needs::kReadable) empty_ = false;
  if (reading_ != nullptr && read_needs_ == now) {
    if (try_read(*reading_)) {
      std::exchange(reading_, nullptr)->waiter->complete();
    } else {
      wait_for(read_needs_);
    }
  }
  if (writing_ != nullptr && write_needs_ == now) {
    if (try_write(*writing_)) {
      std::exchange(writing_, nullptr)->waiter->complete();
    } else {
      wait_for(write_needs_);
    }
  }
  if (shutting_down_) go_on_shutting_down();
}

}  // namespace zerver::io::net
