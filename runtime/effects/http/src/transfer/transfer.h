// One request on its way, from its operation to its reply. Kept by its client for the next one.
#pragma once

#include "message/request.h"
#include "transfer/download.h"
#include "transfer/upload.h"
#include <zerver/async/operation.h>
#include <zerver/http/read_buffer.h>
#include <zerver/http/response_parser.h>
#include <zerver/io/net/stream.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::effects::http_client {

class Client;
struct Host;
class Http2Session;

// What the operation is answered with.
enum class Form : std::uint8_t { kJson, kNothing, kText, kBytes, kAnswer, kStream };

// What is known of a request that failed.
enum class Arrived : std::uint8_t {
  kMaybe,
  kHardly,  // its connection had been idle, and not a byte came back: it may be sent again when it is
            // repeatable
  kNever,   // the other side says so: it may be sent again
};

// A connection and when it was made.
struct Connection {
  std::unique_ptr<io::net::Stream> stream;
  TimePoint made;
  bool reused = false;
  bool drained = false;  // the last read took all that there was
};

class Transfer {
 public:
  // kDrained: all of its answer has come, and waits to be taken.
  enum class State : std::uint8_t { kFree, kWaiting, kHttp1, kHttp2, kDrained };

  Transfer(Client& client, const http::ResponseLimits& limits);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Sends it there, and tells the client how that ended: Client::responded() or failed().
  void run_on(Connection connection);
  // Gives up whatever it is doing; the client is not told. `is_too_late`: its time was over.
  void abandon(bool is_too_late) noexcept;
  // The loop still has a job of it, which must run before it is used again.
  bool is_queued() const noexcept { return read_watch_.is_queued || write_watch_.is_queued; }

  // --- For the client ---
  flow::Operation* operation = nullptr;  // null: nobody waits for it
  Form form = Form::kNothing;
  HttpReceiver* receiver = nullptr;       // reads the response, trailers too, when there is one
  HttpStreamReceiver* streams = nullptr;  // the same of one that is a stream
  State state = State::kFree;
  unsigned repeats = 0;
  std::uint32_t redirects_left = 0;
  Host* host = nullptr;
  Request request;
  Transfer* next = nullptr;  // of those that wait for a connection
  std::uint64_t uses = 0;    // that are over

  // Whether the body of a success is handed out while it comes.
  bool is_streamed() const noexcept { return form == Form::kStream || streams != nullptr; }

  // --- For its bodies ---
  Upload upload{*this};
  Download download{*this};
  // The upload has something that it did not have when it was asked.
  void send_on() noexcept;
  // The download has used up what it was given, and wants more.
  void receive_on() noexcept;
  // Its first part is there, or its end.
  void open_download() noexcept;
  // It fails before that.
  void refuse_download(const Fault& fault) noexcept;
  // Nobody wants the rest.
  void close_download() noexcept;
  // Both texts as one that stays as long as the operation; the first one alone where there is no memory.
  String kept(std::string_view what, std::string_view why) noexcept;

  // --- For a session of HTTP/2 ---
  Http2Session* session = nullptr;
  std::int32_t stream_id = 0;
  std::uint64_t reads_before = 0;  // of its session, when it was submitted
  void begin_http2(Http2Session& its_session);
  std::string_view& body_left() noexcept { return pieces_[1]; }
  // What has come since, to whoever takes it.
  void tell_http2() noexcept;
  // Its stream has ended as it should not, or its connection has.
  void lose_http2(const Fault& fault, Arrived arrived) noexcept;
  // Something of the response has come.
  bool has_begun() const noexcept { return status_ != 0; }
  // False when the response is larger than its limits; it is over then, and why is kept.
  bool add_field(std::string_view name, std::string_view value);
  bool add_data(std::string_view data);
  // Its body goes to who asks for it, and is not collected.
  bool hands_out() const noexcept { return is_streamed() && status_ / 100 == 2; }
  void end_fields() noexcept {
    if (fields_ended_) return;
    fields_ended_ = status_ >= 200;
    headers_ = field_places_.size();
  }
  // `error` is one of RFC 9113, 7.
  void end_http2(std::uint32_t error) noexcept;
  // Of the response, while it is told.
  std::span<const Header> trailers() const noexcept {
    return std::span(received_fields_).subspan(std::min(headers_, received_fields_.size()));
  }

 private:
  // Waits for one direction of the stream.
  struct Watch final : async::Waiter, async::Job {
    using Continue = void (Transfer::*)() noexcept;
    Watch(Transfer& owner, Continue its_continue) noexcept;
    void expect(async::Loop& loop) noexcept { set_loop(loop); }
    // Goes on in the next turn.
    void post() noexcept {
      is_queued = true;
      loop().post(*this);
    }

    Transfer& transfer;
    Continue go_on;
    bool is_queued = false;
  };

  void send_parts() noexcept;
  bool note_written() noexcept;
  void read_on() noexcept;
  void read_in_next_turn() noexcept;
  void on_readable() noexcept;
  void on_written() noexcept;
  // False when it is over.
  bool take(const Result<std::size_t>& read) noexcept;
  bool take_streamed(bool is_complete) noexcept;
  void end_response() noexcept;
  void fail(const Fault& fault) noexcept;
  void make_fields();
  Connection release() noexcept;

  Client& client_;
  http::ResponseParser parser_;
  http::ReadBuffer in_;
  OutputBuffer head_;
  std::array<std::string_view, 3> pieces_;
  std::array<char, 20> chunk_head_{};
  const http::ResponseLimits& limits_;
  Connection connection_;
  std::optional<io::net::Stream::Read> read_;  // none: to be tried in the next turn
  std::optional<io::net::Stream::Write> write_;
  Watch read_watch_;
  Watch write_watch_;
  bool is_reading_ = false;  // waits for it
  bool is_writing_ = false;
  bool is_written_ = false;
  bool has_received_ = false;  // a byte of the response
  unsigned parts_in_turn_ = 0;

  // Of HTTP/2: bytes of a stream, those that have come and those that are being taken; texts are in `head_`,
  // by offset.
  std::array<OutputBuffer, 2> arrived_;
  std::size_t arriving_ = 0;  // which of them
  std::size_t taken_ = 0;     // bytes of the other one
  struct Field {
    std::size_t name = 0;
    std::size_t value = 0;
    std::size_t end = 0;
  };
  std::vector<Field> field_places_;
  std::vector<Header> received_fields_;
  std::size_t headers_ = 0;  // so many of these are no trailers
  std::uint16_t status_ = 0;
  bool fields_ended_ = false;
  bool is_too_large_ = false;
  bool has_ended_ = false;  // the stream, as it should
};

}  // namespace zerver::effects::http_client
