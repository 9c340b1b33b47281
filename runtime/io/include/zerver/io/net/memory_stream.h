// A connection within a process, for tests and simulations.
#pragma once

#include <zerver/io/net/stream.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::io::net {

// One end; what is written at one is read at the other, in the same order. Bounded: who writes waits when the
// other end does not read. Each may go first; the other sees the end then, and `unavailable` when it writes.
class MemoryStream final : public Stream {
 public:
  static constexpr std::size_t kBuffer = std::size_t{64} << 10;  // bytes on their way, in each direction

  // The two ends, of one loop.
  struct Pair {
    std::unique_ptr<MemoryStream> first;
    std::unique_ptr<MemoryStream> second;
  };
  static Pair make(std::string_view alpn = {}, std::size_t buffer = kBuffer);

  // An end whose other one has gone; see make().
  MemoryStream(std::string_view alpn, std::size_t buffer) : alpn_(alpn), buffer_(buffer) {}
  ~MemoryStream() override;

  void shut_down_write() noexcept override;
  void close() noexcept override;
  bool is_open() const noexcept override { return open_; }
  bool is_quiet() noexcept override { return open_ && incoming_.empty() && !ended_; }
  std::string_view alpn() const noexcept override { return alpn_; }
  // As a connection that is lost: both ends see `unavailable`.
  void reset() noexcept;

 private:
  bool try_read(Read& read) override;
  void wait_to_read(Read& read) override { reading_ = &read; }
  void forget_read() noexcept override { reading_ = nullptr; }
  bool try_write(Write& write) override;
  void wait_to_write(Write& write) override { writing_ = &write; }
  void forget_write() noexcept override { writing_ = nullptr; }

  // What waits tries again.
  void go_on() noexcept;
  void lose(bool is_reset) noexcept;

  std::string alpn_;
  std::size_t buffer_;
  MemoryStream* other_ = nullptr;  // null: it has gone
  std::string incoming_;           // for us to read
  std::size_t taken_ = 0;          // of it
  bool open_ = true;
  bool ended_ = false;  // the other end writes nothing more
  bool reset_ = false;  // and what it wrote is lost
  bool shut_down_ = false;
  Read* reading_ = nullptr;
  Write* writing_ = nullptr;
};

}  // namespace zerver::io::net
