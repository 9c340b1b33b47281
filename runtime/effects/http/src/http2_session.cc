#include "http2_session.h"

#include "client.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <span>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::uint32_t kWindow = std::uint32_t{1} << 20;           // of a stream
constexpr std::int32_t kConnectionWindow = std::int32_t{16} << 20;  // of all
constexpr std::size_t kMostPending = std::size_t{64} << 10;         // written at once

std::string_view text_of(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) noexcept {
  const auto bytes = [](std::string_view text) {
    // nghttp2 does not write to it.
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

// nghttp2 hands its user data around as void*.
struct Http2Session::Callbacks {
  static Transfer* transfer_of(nghttp2_session* session, std::int32_t stream) noexcept {
    return static_cast<Transfer*>(nghttp2_session_get_stream_user_data(session, stream));
  }
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                       void*) noexcept {
    Transfer* const transfer = transfer_of(session, frame->hd.stream_id);
    if (transfer == nullptr) return 0;
    const bool fits = transfer->add_field(text_of(name, name_size), text_of(value, value_size));
    return fits ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) noexcept {
    auto& self = *static_cast<Http2Session*>(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY) self.is_leaving_ = true;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Transfer* const transfer = transfer_of(session, frame->hd.stream_id);
    if (transfer == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
      transfer->end_fields();
      self.note_fed(*transfer);
    }
    // It has all been said before all was asked: the rest is of no use (RFC 9113, 8.1).
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && transfer->upload.is_under_way())
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
  }
  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                     std::size_t size, void* user_data) noexcept {
    // A stream that is not taken holds no other one up.
    nghttp2_session_consume_connection(session, size);
    Transfer* const transfer = transfer_of(session, stream);
    if (transfer == nullptr) return 0;
    if (!transfer->add_data(text_of(data, size))) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
    } else if (transfer->hands_out()) {
      static_cast<Http2Session*>(user_data)->note_fed(*transfer);
    } else {
      nghttp2_session_consume_stream(session, stream, size);
    }
    return 0;
  }
  static int on_close(nghttp2_session* session, std::int32_t stream, std::uint32_t error,
                      void* user_data) noexcept {
    Transfer* const transfer = transfer_of(session, stream);
    if (transfer == nullptr) return 0;
    auto& self = *static_cast<Http2Session*>(user_data);
    self.forget(*transfer);
    self.ended_.push_back({transfer, error});
    return 0;
  }
  static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* buffer,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                           void* user_data) noexcept {
    Transfer* const transfer = transfer_of(session, stream);
    // It was cancelled, and its body is gone.
    if (transfer == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const bool is_upload = transfer->upload.is_open();
    if (is_upload && !transfer->upload.is_ready()) {
      static_cast<Http2Session*>(user_data)->hungry_.push_back(transfer);
      return NGHTTP2_ERR_DEFERRED;
    }
    std::string_view& left = is_upload ? transfer->upload.part() : transfer->body_left();
    const std::string_view piece = left.substr(0, size);
    std::copy_n(piece.data(), piece.size(), reinterpret_cast<char*>(buffer));
    left.remove_prefix(piece.size());
    const bool is_end = is_upload ? transfer->upload.is_at_end() : left.empty();
    if (is_end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (is_end && is_upload) transfer->upload.note_sent();
    return static_cast<ssize_t>(piece.size());
  }
};

// Its memory is kept for the next one.
struct Http2Session::Head {
  std::vector<nghttp2_nv> fields;
  OutputBuffer names;  // in lower case, as they are there

  void add(std::span<const Header> all) {
    std::size_t size = 0;
    for (const Header& field : all)
      size += field.name.size();
    names.clear();
    names.reserve(size);  // it moves no more
    for (const Header& field : all) {
      const std::size_t begin = names.size();
      std::ranges::transform(field.name, names.reserve(field.name.size()),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
      names.commit(field.name.size());
      fields.push_back(pair_of(names.view().substr(begin), field.value));
    }
  }
};

Http2Session::Watch::Watch(Http2Session& owner, Continue its_continue) noexcept
    : Waiter([](Waiter& waiter) noexcept {
        auto& self = static_cast<Watch&>(waiter);
        self.is_queued = true;
        self.loop().defer(self);
      }),
      Job([](Job& job) noexcept {
        auto& self = static_cast<Watch&>(job);
        self.is_queued = false;
        (self.session.*self.go_on)();
      }),
      session(owner),
      go_on(its_continue) {}

Http2Session::Keepalive::Keepalive(Http2Session& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Keepalive&>(timer).session.on_silence(); }),
      session(owner) {}

Http2Session::Http2Session(Client& client, Host& host, Connection connection,
                           std::shared_ptr<const Route> route)
    : client_(client),
      host_(host),
      connection_(std::move(connection)),
      route_(std::move(route)),
      head_(std::make_unique<Head>()),
      read_watch_(*this, &Http2Session::on_readable),
      write_watch_(*this, &Http2Session::on_written),
      flush_watch_(*this, &Http2Session::on_flush),
      keepalive_(*this),
      idle_since_(client.loop().now()) {
  read_watch_.expect(client.loop());
  write_watch_.expect(client.loop());
  flush_watch_.expect(client.loop());
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  nghttp2_option* options = nullptr;
  const bool has_options = nghttp2_option_new(&options) == 0;
  // Windows follow those who take what comes.
  if (has_options) nghttp2_option_set_no_auto_window_update(options, 1);
  const int made = has_options ? nghttp2_session_client_new2(&session_, callbacks, this, options) : -1;
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) throw std::bad_alloc();
}

Http2Session::~Http2Session() {
  if (is_reading_ && !read_watch_.is_queued) read_->cancel();
  if (is_writing_ && !write_watch_.is_queued) write_->cancel();
  client_.loop().stop(keepalive_);
  nghttp2_session_del(session_);
}

void Http2Session::begin() noexcept {
  constexpr std::array<nghttp2_settings_entry, 2> kSettings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, kSettings.data(), kSettings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  ++depth_;
  write_on();
  if (!is_closed_) read_on();
  --depth_;
}

bool Http2Session::has_room() const noexcept {
  return !is_closed_ && !is_leaving_ && nghttp2_session_check_request_allowed(session_) != 0 &&
         active_.size() <
             nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void Http2Session::submit(Transfer& transfer) noexcept {
  transfer.begin_http2(*this);
  transfer.reads_before = reads_;
  const Request& request = transfer.request;
  std::vector<nghttp2_nv>& fields = head_->fields;
  fields.assign({pair_of(":method", request.method_name()),
                 pair_of(":scheme", request.origin().tls ? "https" : "http"),
                 pair_of(":authority", route_->authority), pair_of(":path", request.target())});
  head_->add(request.fields());
  if (transfer.receiver != nullptr) fields.push_back(pair_of("te", "trailers"));
  std::array<char, 20> digits;
  if (request.has_body()) {
    const char* const end =
        std::to_chars(digits.data(), digits.data() + digits.size(), request.body().size()).ptr;
    fields.push_back(pair_of("content-type", request.content_type()));
    if (!request.content_coding().empty())
      fields.push_back(pair_of("content-encoding", request.content_coding()));
    if (!transfer.upload.is_open())
      fields.push_back(
          pair_of("content-length", {digits.data(), static_cast<std::size_t>(end - digits.data())}));
  }
  nghttp2_data_provider body{{.ptr = nullptr}, Callbacks::read_body};
  const bool has_body = transfer.upload.is_open() || (request.has_body() && !request.body().empty());
  transfer.stream_id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                              has_body ? &body : nullptr, &transfer);
  if (transfer.stream_id < 0) {
    is_leaving_ = true;
    return client_.failed(transfer, {FaultKind::kUnavailable, "its connection takes no more requests", {}},
                          Arrived::kNever);
  }
  active_.push_back(&transfer);
  keep_alive();
  // What others begin in this turn goes with it.
  if (active_.size() > 1) return flush_watch_.post();
  ++depth_;
  write_on();
  --depth_;
}

void Http2Session::forget(Transfer& transfer) noexcept {
  std::erase(active_, &transfer);
  std::erase(hungry_, &transfer);
  nghttp2_session_set_stream_user_data(session_, transfer.stream_id, nullptr);
  if (active_.empty()) idle_since_ = client_.loop().now();
}

void Http2Session::cancel(Transfer& transfer, bool is_too_late) noexcept {
  std::erase_if(ended_, [&](const Ended& ended) { return ended.transfer == &transfer; });
  std::erase(fed_, &transfer);
  if (std::ranges::find(active_, &transfer) == active_.end()) return;
  forget(transfer);
  if (is_too_late && transfer.reads_before == reads_) is_leaving_ = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, transfer.stream_id, NGHTTP2_CANCEL);
  ++depth_;
  write_on();
  close_if_left();
  --depth_;
}

void Http2Session::retire() noexcept {
  if (!std::exchange(is_leaving_, true)) flush_watch_.post();
}

// Nobody is left who needs it, and nobody will come.
void Http2Session::close_if_left() noexcept {
  if (is_leaving_ && active_.empty() && ended_.empty() && !is_closed_) close();
}

std::optional<TimePoint> Http2Session::idle_since() const noexcept {
  return active_.empty() ? std::optional(idle_since_) : std::nullopt;
}

// --- Bytes ---

void Http2Session::write_on() noexcept {
  while (!is_writing_ && !is_closed_) {
    out_.clear();
    while (out_.size() < kMostPending) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size < 0) return fail_all({FaultKind::kUnavailable, "its connection of HTTP/2 is broken", {}});
      if (size == 0) break;
      out_.append(text_of(data, static_cast<std::size_t>(size)));
    }
    if (out_.empty()) {
      if (!ask_uploads()) return;
      continue;
    }
    write_.emplace(*connection_.stream, out_.view());
    if (!write_->try_complete()) {
      is_writing_ = true;
      return write_->enqueue(write_watch_);
    }
    if (const Result<void> written = write_->result(); !written) return fail_all(written.error());
  }
}

// Uploads that had nothing to be sent. True: now there is something.
bool Http2Session::ask_uploads() noexcept {
  bool has_some = false;
  while (!hungry_.empty() && !is_closed_) {
    Transfer& transfer = *hungry_.back();
    hungry_.pop_back();
    // Whose upload says so by Transfer::send_on() when it has not.
    if (transfer.upload.ask()) has_some = take_upload(transfer) || has_some;
  }
  return has_some;
}

// False: it has failed, and so does the request.
bool Http2Session::take_upload(Transfer& transfer) noexcept {
  if (!transfer.upload.has_failed()) {
    nghttp2_session_resume_data(session_, transfer.stream_id);
    return true;
  }
  const Fault fault = transfer.upload.fault();
  cancel(transfer, false);
  transfer.lose_http2(fault, Arrived::kMaybe);
  return false;
}

void Http2Session::resume(Transfer& transfer) noexcept {
  ++depth_;
  if (take_upload(transfer)) flush_watch_.post();
  --depth_;
}

void Http2Session::consumed(Transfer& transfer, std::size_t bytes) noexcept {
  nghttp2_session_consume_stream(session_, transfer.stream_id, bytes);
  if (nghttp2_session_want_write(session_) != 0) flush_watch_.post();
}

void Http2Session::on_flush() noexcept {
  if (is_closed_) return;
  ++depth_;
  write_on();
  close_if_left();
  --depth_;
}

// While somebody waits for something. It begins anew with whatever comes, when it is looked at next.
void Http2Session::keep_alive() noexcept {
  const Duration patience = client_.settings().keepalive;
  if (patience == Duration{} || keepalive_.running()) return;
  keepalive_.reads_before = reads_;
  keepalive_.has_asked = false;
  client_.loop().start(keepalive_, client_.loop().now() + patience);
}

void Http2Session::on_silence() noexcept {
  if (is_closed_ || active_.empty()) return;
  ++depth_;
  if (keepalive_.reads_before != reads_) {
    keep_alive();
  } else if (keepalive_.has_asked) {
    fail_all({FaultKind::kUnavailable, "it does not say that it is there", {}});
  } else {
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    keepalive_.has_asked = true;
    client_.loop().start(keepalive_, client_.loop().now() + client_.settings().keepalive);
    write_on();
  }
  --depth_;
}

void Http2Session::on_written() noexcept {
  if (!std::exchange(is_writing_, false)) return;
  ++depth_;
  if (const Result<void> written = write_->result(); !written) {
    fail_all(written.error());
  } else {
    write_on();
  }
  --depth_;
}

void Http2Session::read_on() noexcept {
  while (!is_closed_) {
    read_.emplace(*connection_.stream, std::span(in_));
    if (!read_->try_complete()) {
      is_reading_ = true;
      return read_->enqueue(read_watch_);
    }
    if (!take(read_->result())) return;
  }
}

void Http2Session::on_readable() noexcept {
  if (!std::exchange(is_reading_, false)) return;
  ++depth_;
  if (take(read_->result())) read_on();
  --depth_;
}

bool Http2Session::take(const Result<std::size_t>& read) noexcept {
  if (!read || *read == 0) {
    fail_all(read ? Fault{FaultKind::kUnavailable, "it closed the connection", {}} : read.error());
    return false;
  }
  const ssize_t taken =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(in_.data()), *read);
  if (taken < 0) {
    fail_all({FaultKind::kUnavailable, "it does not speak HTTP/2 as it should", {}});
    return false;
  }
  ++reads_;
  write_on();
  tell_fed();
  tell_ended();
  const bool is_done = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (is_done) fail_all({FaultKind::kUnavailable, "it closed the connection", {}});
  close_if_left();
  if (!is_closed_) client_.serve(host_);
  return !is_closed_;
}

void Http2Session::note_fed(Transfer& transfer) {
  if (transfer.is_streamed() && std::ranges::find(fed_, &transfer) == fed_.end()) fed_.push_back(&transfer);
}

void Http2Session::tell_fed() noexcept {
  while (!fed_.empty()) {
    Transfer& transfer = *fed_.back();
    fed_.pop_back();
    transfer.tell_http2();
  }
}

void Http2Session::tell_ended() noexcept {
  while (!ended_.empty()) {
    const Ended ended = ended_.back();
    ended_.pop_back();
    ended.transfer->end_http2(ended.error);
  }
}

void Http2Session::fail_all(const Fault& fault) noexcept {
  if (std::exchange(is_closed_, true)) return;
  if (std::exchange(is_reading_, false) && !read_watch_.is_queued) read_->cancel();
  if (std::exchange(is_writing_, false) && !write_watch_.is_queued) write_->cancel();
  client_.give_back(host_, std::move(connection_), false);
  fed_.clear();
  hungry_.clear();
  // Who is told may cancel others of them.
  while (!active_.empty()) {
    Transfer& transfer = *active_.back();
    active_.pop_back();
    transfer.lose_http2(fault, transfer.has_begun() ? Arrived::kMaybe : Arrived::kHardly);
  }
  tell_ended();
}

void Http2Session::close() noexcept {
  ++depth_;
  nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
  write_on();
  fail_all({FaultKind::kUnavailable, "its connection is closed", {}});
  --depth_;
}

}  // namespace zerver::effects::http_client
