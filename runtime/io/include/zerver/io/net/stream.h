// A connection that carries bytes both ways: TCP, a Unix socket, TLS over either, or one in memory.
#pragma once

#include <zerver/async/operation.h>
#include <zerver/core/result.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace zerver::io::net {

// Of one loop and its thread. At most one read and one write at a time, both at once if need be. Going, or
// close(), ends what is under way with `unavailable`. Reading and writing allocate nothing.
class Stream {
 public:
  // Gives the number of bytes, 0 at the end of what the other side sends. One that is cancelled has taken no
  // byte.
  class Read {
   public:
    using Value = std::size_t;

    Read(Stream& stream, std::span<char> buffer) noexcept : into(buffer), stream_(&stream) {}
    bool try_complete() { return stream_->try_read(*this); }
    void enqueue(async::Waiter& its_waiter) {
      waiter = &its_waiter;
      stream_->wait_to_read(*this);
    }
    void cancel() noexcept { stream_->forget_read(); }
    Result<std::size_t> result() noexcept { return outcome; }

    // For the stream, until it has completed it.
    std::span<char> into;
    async::Waiter* waiter = nullptr;
    Result<std::size_t> outcome = std::size_t{0};

   private:
    Stream* stream_;
  };

  // Of all the bytes. After one that failed or was cancelled part of them may have gone: the stream is of no
  // use any more.
  class Write {
   public:
    using Value = void;

    // The bytes stay, and so does the list of them.
    Write(Stream& stream, std::span<const std::string_view> list) noexcept : pieces(list), stream_(&stream) {}
    Write(Stream& stream, std::string_view bytes) noexcept : first(bytes), stream_(&stream) {}
    bool try_complete() { return stream_->try_write(*this); }
    void enqueue(async::Waiter& its_waiter) {
      waiter = &its_waiter;
      stream_->wait_to_write(*this);
    }
    void cancel() noexcept { stream_->forget_write(); }
    Result<void> result() noexcept { return outcome; }

    // So many bytes have gone. `first` is empty behind it only when nothing is left.
    void advance(std::size_t size) noexcept {
      for (;;) {
        const std::size_t of_first = std::min(size, first.size());
        first.remove_prefix(of_first);
        size -= of_first;
        if (!first.empty() || pieces.empty()) return;
        first = pieces.front();
        pieces = pieces.subspan(1);
      }
    }

    // For the stream, until it has completed it: what is left is `first`, then `pieces`.
    std::string_view first;
    std::span<const std::string_view> pieces;
    async::Waiter* waiter = nullptr;
    Result<void> outcome;

   private:
    Stream* stream_;
  };

  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // `const Result<std::size_t> size = co_await stream.read_some(buffer);` `into` is not empty.
  async::Awaiting<Read> read_some(std::span<char> into) noexcept {
    return async::Awaiting<Read>(Read(*this, into));
  }
  async::Awaiting<Write> write(std::span<const std::string_view> pieces) noexcept {
    return async::Awaiting<Write>(Write(*this, pieces));
  }
  async::Awaiting<Write> write(std::string_view bytes) noexcept {
    return async::Awaiting<Write>(Write(*this, bytes));
  }

  // Nothing more will be written: the other side reads to the end. Reading goes on.
  virtual void shut_down_write() noexcept = 0;
  virtual void close() noexcept = 0;
  virtual bool is_open() const noexcept = 0;
  // Neither closed by the other side nor with bytes that nobody has asked for: fit to be used again for a
  // request. Does not wait and takes nothing.
  virtual bool is_quiet() noexcept = 0;
  // Something may have come meanwhile: the next read looks for itself, even though the last one has taken all
  // that there was and would have it wait first.
  virtual void look_again() noexcept {}
  // What both sides agreed on with TLS (RFC 7301), such as "h2"; empty when they did not.
  virtual std::string_view alpn() const noexcept { return {}; }

 protected:
  // True when it is done at once: `outcome` is set.
  virtual bool try_read(Read& read) = 0;
  // Directly after try_read() was false. Sets `outcome` later and tells the waiter.
  virtual void wait_to_read(Read& read) = 0;
  virtual void forget_read() noexcept = 0;
  virtual bool try_write(Write& write) = 0;
  virtual void wait_to_write(Write& write) = 0;
  virtual void forget_write() noexcept = 0;
};

}  // namespace zerver::io::net
