#include "transfer/transfer.h"

#include "client.h"
#include "http2_session.h"
#include <zerver/http/request_writer.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::size_t kFirstRead = std::size_t{8} << 10;
constexpr std::size_t kStreamRead = std::size_t{64} << 10;

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
  parser_.reset(request.method(), is_streamed());
  in_.reset(kKeptBuffer);
  head_.clear();
  client_.prepare(*this);
  client_.write_head(*this, head_);
  pieces_ = {head_.view(), request.body(), {}};
  is_written_ = false;
  has_received_ = false;
  parts_in_turn_ = 0;
  write_.emplace(*connection_.stream, std::span(pieces_).first(request.body().empty() ? 1 : 2));
  const bool has_gone = write_->try_complete();
  if (!has_gone) {
    is_writing_ = true;
    write_->enqueue(write_watch_);
  }
  const bool goes_on = has_gone && note_written();
  // An answer may come before all is written, or although nothing can be written any more.
  if (!client_.is_busy() && !upload.is_open()) return read_on();
  // After the others have had their turn it may be there already: then reading is one call, and waiting none.
  connection_.stream->look_again();
  read_in_next_turn();
  if (goes_on) send_parts();
}

void Transfer::read_in_next_turn() noexcept {
  read_.reset();
  is_reading_ = true;
  read_watch_.post();
}

void Transfer::on_written() noexcept {
  if (!std::exchange(is_writing_, false)) return client_.recycle(*this);
  if (note_written()) send_parts();
}

// True: the rest of the body is to be sent.
bool Transfer::note_written() noexcept {
  const bool has_gone = write_->result().has_value();
  if (!upload.is_open()) {
    is_written_ = has_gone;
    return false;
  }
  if (!has_gone) {
    upload.finish();
    return false;
  }
  upload.part() = {};
  return true;
}

// A chunk for each part (RFC 9112, 7.1), as far as there are any and they can be written.
void Transfer::send_parts() noexcept {
  while (upload.is_open()) {
    if (!upload.ask()) return;
    if (upload.has_failed()) return fail(upload.fault());
    std::size_t pieces = 1;
    if (upload.is_at_end()) {
      upload.finish();
      pieces_ = {"0\r\n\r\n"};
    } else {
      char* const begin = chunk_head_.data();
      char* end = std::to_chars(begin, begin + chunk_head_.size(), upload.part().size(), 16).ptr;
      end = std::ranges::copy(std::string_view("\r\n"), end).out;
      pieces_ = {std::string_view(begin, static_cast<std::size_t>(end - begin)), upload.part(), "\r\n"};
      pieces = pieces_.size();
    }
    write_.emplace(*connection_.stream, std::span(pieces_).first(pieces));
    if (!write_->try_complete()) {
      is_writing_ = true;
      return write_->enqueue(write_watch_);
    }
    if (!note_written()) return;
  }
}

void Transfer::read_on() noexcept {
  for (;;) {
    const std::size_t expected = parser_.expected_size();
    const std::size_t missing = expected > in_.size() ? expected - in_.size() : 0;
    const std::size_t wanted = parser_.streams() ? kStreamRead : std::max(kFirstRead, missing);
    read_.emplace(*connection_.stream, in_.prepare(wanted));
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
  if (parser_.streams() && progress != http::ResponseParser::Progress::kRefused)
    return take_streamed(progress == http::ResponseParser::Progress::kComplete);
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
  upload.finish();
  client_.give_back(*host, release(), is_clean);
  client_.responded(*this, response.status, response.headers, response.body);
}

void Transfer::fail(const Fault& fault) noexcept {
  Connection connection = release();
  const bool is_stale = connection.reused && !has_received_;
  client_.give_back(*host, std::move(connection), false);
  if (!download.is_open()) return client_.failed(*this, fault, is_stale ? Arrived::kHardly : Arrived::kMaybe);
  state = State::kDrained;
  upload.finish();
  download.fail(fault);
}

// Takes it out of whatever waits for its stream.
Connection Transfer::release() noexcept {
  if (std::exchange(is_writing_, false) && !write_watch_.is_queued) write_->cancel();
  if (std::exchange(is_reading_, false) && !read_watch_.is_queued) read_->cancel();
  return std::exchange(connection_, {});
}

void Transfer::abandon(bool is_too_late) noexcept {
  upload.finish();
  if (state == State::kHttp1) client_.give_back(*host, release(), false);
  if (state == State::kHttp2 && session != nullptr) session->cancel(*this, is_too_late);
  session = nullptr;
}

}  // namespace zerver::effects::http_client
