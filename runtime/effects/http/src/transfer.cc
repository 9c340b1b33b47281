#include "transfer.h"

#include "client.h"
#include "http2_session.h"
#include <zerver/http/request_writer.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::size_t kFirstRead = std::size_t{8} << 10;
constexpr std::size_t kKeptBuffer = std::size_t{64} << 10;

}  // namespace

Transfer::Watch::Watch(Transfer& owner, Continue its_continue) noexcept
    : Waiter([](Waiter& waiter) noexcept {
        auto& self = static_cast<Watch&>(waiter);
        self.is_queued = true;
        self.loop().defer(self);
      }),
      Job([](Job& job) noexcept {
        auto& self = static_cast<Watch&>(job);
        self.is_queued = false;
        (self.transfer.*self.go_on)();
      }),
      transfer(owner),
      go_on(its_continue) {}

Transfer::Transfer(Client& client, const http::ResponseLimits& limits)
    : client_(client),
      parser_(limits),
      in_(kFirstRead),
      limits_(limits),
      read_watch_(*this, &Transfer::on_readable),
      write_watch_(*this, &Transfer::on_written) {
  read_watch_.expect(client.loop());
  write_watch_.expect(client.loop());
}

void Transfer::run_on(Connection connection) {
  state = State::kHttp1;
  connection_ = std::move(connection);
  parser_.reset(request.method());
  in_.reset(kKeptBuffer);
  head_.clear();
  client_.prepare(*this);
  client_.write_head(*this, head_);
  pieces_ = {head_.view(), request.body()};
  is_written_ = false;
  has_received_ = false;
  write_.emplace(*connection_.stream, std::span(pieces_).first(request.body().empty() ? 1 : 2));
  if (write_->try_complete()) {
    is_written_ = write_->result().has_value();
  } else {
    is_writing_ = true;
    write_->enqueue(write_watch_);
  }
  // An answer may come before all is written, or although nothing can be written any more.
  if (!client_.is_busy()) return read_on();
  // After the others have had their turn it may be there already: then reading is one call, and waiting none.
  connection_.stream->look_again();
  read_.reset();
  is_reading_ = true;
  read_watch_.post();
}

void Transfer::on_written() noexcept {
  if (!std::exchange(is_writing_, false)) return client_.recycle(*this);
  is_written_ = write_->result().has_value();
}

void Transfer::read_on() noexcept {
  for (;;) {
    const std::size_t missing =
        parser_.expected_size() > in_.size() ? parser_.expected_size() - in_.size() : 0;
    read_.emplace(*connection_.stream, in_.prepare(std::max(kFirstRead, missing)));
    if (!read_->try_complete()) {
      is_reading_ = true;
      return read_->enqueue(read_watch_);
    }
    if (!take(read_->result())) return;
  }
}

void Transfer::on_readable() noexcept {
  if (!std::exchange(is_reading_, false)) return client_.recycle(*this);
  if (!read_ || take(read_->result())) read_on();
}

bool Transfer::take(const Result<std::size_t>& read) noexcept {
  if (!read) {
    fail(read.error());
    return false;
  }
  in_.commit(*read);
  connection_.drained = *read < read_->into.size();
  has_received_ = has_received_ || *read != 0;
  const auto progress = *read == 0 ? parser_.end() : parser_.parse(in_);
  switch (progress) {
    case http::ResponseParser::Progress::kMore:
      return true;
    case http::ResponseParser::Progress::kComplete:
      end_response();
      return false;
    case http::ResponseParser::Progress::kRefused:
      fail({FaultKind::kUnavailable, String::borrowed(parser_.why()), {}});
      return false;
  }
  return false;
}

void Transfer::end_response() noexcept {
  http::ReceivedResponse response;
  parser_.view(in_, response);
  // What comes behind the answer was not asked for; what is still to be written would be taken for a request.
  const bool is_clean = response.keep_alive && is_written_ && parser_.size() == in_.size();
  client_.give_back(*host, release(), is_clean);
  client_.responded(*this, response.status, response.headers, response.body);
}

void Transfer::fail(const Fault& fault) noexcept {
  Connection connection = release();
  const bool is_stale = connection.reused && !has_received_;
  client_.give_back(*host, std::move(connection), false);
  client_.failed(*this, fault, is_stale ? Arrived::kHardly : Arrived::kMaybe);
}

// Takes it out of whatever waits for its stream.
Connection Transfer::release() noexcept {
  if (std::exchange(is_writing_, false) && !write_watch_.is_queued) write_->cancel();
  if (std::exchange(is_reading_, false) && !read_watch_.is_queued) read_->cancel();
  return std::exchange(connection_, {});
}

// --- HTTP/2 ---

void Transfer::begin_http2(Http2Session& its_session) {
  state = State::kHttp2;
  session = &its_session;
  client_.prepare(*this);
  in_.reset(kKeptBuffer);
  head_.clear();
  field_places_.clear();
  body_left() = request.body();
  status_ = 0;
  fields_ended_ = false;
  is_too_large_ = false;
}

bool Transfer::add_field(std::string_view name, std::string_view value) {
  if (fields_ended_ && receiver == nullptr) return true;  // a trailer, which nobody asked for
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), status_);
    field_places_.clear();  // those of an interim response
    head_.clear();
    return true;
  }
  is_too_large_ = field_places_.size() == limits_.header_count ||
                  head_.size() + name.size() + value.size() > limits_.header_bytes;
  if (is_too_large_) return false;
  const std::size_t begin = head_.size();
  head_.append(name);
  head_.append(value);
  field_places_.push_back({begin, begin + name.size(), head_.size()});
  return true;
}

bool Transfer::add_data(std::string_view data) {
  is_too_large_ = in_.size() + data.size() > limits_.body;
  if (is_too_large_) return false;
  std::copy_n(data.data(), data.size(), in_.prepare(data.size()).data());
  in_.commit(data.size());
  return true;
}

void Transfer::end_http2(std::uint32_t error) noexcept {
  constexpr std::uint32_t kNoError = 0;
  constexpr std::uint32_t kRefusedStream = 7;  // it has not been looked at
  session = nullptr;
  if (is_too_large_)
    return client_.failed(*this, {FaultKind::kUnavailable, "its answer is too large", {}}, Arrived::kMaybe);
  if (error == kRefusedStream)
    return client_.failed(*this, {FaultKind::kUnavailable, "it takes no more requests", {}}, Arrived::kNever);
  if (error != kNoError || !fields_ended_)
    return client_.failed(*this, {FaultKind::kUnavailable, "it gave the request up", {}}, Arrived::kMaybe);
  received_fields_.clear();
  const std::string_view text = head_.view();
  for (const Field& field : field_places_)
    received_fields_.push_back({text.substr(field.name, field.value - field.name),
                                text.substr(field.value, field.end - field.value)});
  client_.responded(*this, status_, std::span(received_fields_).first(headers_), in_.view());
}

void Transfer::abandon(bool is_too_late) noexcept {
  if (state == State::kHttp1) client_.give_back(*host, release(), false);
  if (state == State::kHttp2 && session != nullptr) session->cancel(*this, is_too_late);
  session = nullptr;
}

}  // namespace zerver::effects::http_client
