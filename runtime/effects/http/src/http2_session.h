// One connection of HTTP/2 (RFC 9113): many requests side by side. The protocol is nghttp2's.
#pragma once

#include "connect/dial.h"
#include "transfer/transfer.h"
#include <zerver/async/operation.h>
#include <zerver/core/output_buffer.h>
#include <zerver/io/net/stream.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_session;

namespace zerver::effects::http_client {

class Client;

// Of one client and its thread; pinned, and not destroyed before it is_over().
class Http2Session {
 public:
  // Throws std::bad_alloc.
  Http2Session(Client& client, Host& host, Connection connection, std::shared_ptr<const Route> route);
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;
  ~Http2Session();

  // Says hello and begins to read.
  void begin() noexcept;
  // For another request: as many streams as the other side allows, and none when it is about to go.
  bool has_room() const noexcept;
  TimePoint made() const noexcept { return connection_.made; }
  // It will not take requests any more.
  bool is_retired() const noexcept { return is_closed_ || is_leaving_; }
  // It takes no more requests, and is closed behind the last one.
  void retire() noexcept;
  void submit(Transfer& transfer) noexcept;
  // The stream is reset; the client is not told. When its time was over and nothing at all has come
  // meanwhile, the connection may be dead: it takes no more requests, and closes behind the last one.
  void cancel(Transfer& transfer, bool is_too_late) noexcept;
  // So many bytes of its answer have been taken: as many more may come. Its window is told in the next turn.
  void consumed(Transfer& transfer, std::size_t bytes) noexcept;
  // Its upload has something again.
  void resume(Transfer& transfer) noexcept;
  // Nobody uses it, since then; nothing when somebody does.
  std::optional<TimePoint> idle_since() const noexcept;
  void close() noexcept;
  // Closed, and no job of it is left in the loop.
  bool is_over() const noexcept {
    return is_closed_ && depth_ == 0 && !read_watch_.is_queued && !write_watch_.is_queued &&
           !flush_watch_.is_queued;
  }

  // --- For nghttp2's callbacks ---
  struct Callbacks;

 private:
  struct Watch final : async::Waiter, async::Job {
    using Continue = void (Http2Session::*)() noexcept;
    Watch(Http2Session& owner, Continue its_continue) noexcept;
    void expect(async::Loop& loop) noexcept { set_loop(loop); }
    // Goes on in the next turn.
    void post() noexcept {
      if (std::exchange(is_queued, true)) return;
      loop().post(*this);
    }

    Http2Session& session;
    Continue go_on;
    bool is_queued = false;
  };
  // Asks, after a silence, whether the other side is there.
  struct Keepalive final : async::Timer {
    explicit Keepalive(Http2Session& owner) noexcept;
    Http2Session& session;
    std::uint64_t reads_before = 0;
    bool has_asked = false;  // since then
  };
  struct Ended {
    Transfer* transfer;
    std::uint32_t error;
  };

  void read_on() noexcept;
  void on_readable() noexcept;
  void on_written() noexcept;
  bool take(const Result<std::size_t>& read) noexcept;
  void write_on() noexcept;
  void on_flush() noexcept;
  void keep_alive() noexcept;
  void on_silence() noexcept;
  bool ask_uploads() noexcept;
  bool take_upload(Transfer& transfer) noexcept;
  void note_fed(Transfer& transfer);
  void tell_fed() noexcept;
  void tell_ended() noexcept;
  void fail_all(const Fault& fault) noexcept;
  void forget(Transfer& transfer) noexcept;
  void close_if_left() noexcept;

  Client& client_;
  Host& host_;
  Connection connection_;
  std::shared_ptr<const Route> route_;
  nghttp2_session* session_ = nullptr;
  std::vector<Transfer*> active_;
  // What has been seen within nghttp2, which is not to be called again there: streams that have ended, those
  // with more of an answer that is taken while it comes, and those whose upload has nothing at hand.
  std::vector<Ended> ended_;
  std::vector<Transfer*> fed_;
  std::vector<Transfer*> hungry_;
  std::array<char, std::size_t{16} << 10> in_;
  OutputBuffer out_;
  struct Head;  // of the request that is submitted
  std::unique_ptr<Head> head_;
  std::optional<io::net::Stream::Read> read_;
  std::optional<io::net::Stream::Write> write_;
  Watch read_watch_;
  Watch write_watch_;
  Watch flush_watch_;
  Keepalive keepalive_;
  TimePoint idle_since_;
  std::uint64_t reads_ = 0;  // that brought something
  int depth_ = 0;            // of functions of it on the stack
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_leaving_ = false;  // it takes no more requests
  bool is_closed_ = false;
};

}  // namespace zerver::effects::http_client
