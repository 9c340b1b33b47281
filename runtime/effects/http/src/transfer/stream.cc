// Answers that are taken while they come, over either version of HTTP.
#include "client.h"
#include "http2_session.h"
#include "transfer/transfer.h"

#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr unsigned kMostPartsInTurn = 16;  // then others have theirs

}  // namespace

// True: it is to be read on.
bool Transfer::take_streamed(bool is_complete) noexcept {
  http::ReceivedResponse response;
  parser_.view(in_, response);
  if (is_complete) {
    const bool is_clean = response.keep_alive && is_written_ && parser_.size() == in_.size();
    upload.finish();
    client_.give_back(*host, release(), is_clean);
    state = State::kDrained;
  }
  if (!download.is_open() && !client_.opened(*this, response.status, response.headers)) return false;
  if (!download.feed(response.body, is_complete)) return false;
  parser_.drop_body(in_);
  return true;
}

void Transfer::receive_on() noexcept {
  if (state != State::kHttp1) return tell_http2();
  parser_.drop_body(in_);
  if (++parts_in_turn_ < kMostPartsInTurn) return read_on();
  parts_in_turn_ = 0;
  read_in_next_turn();
}

void Transfer::tell_http2() noexcept {
  if (!hands_out() || !fields_ended_) return;
  if (!download.is_open()) {
    make_fields();
    if (!client_.opened(*this, status_, std::span(received_fields_).first(headers_))) return;
  }
  while (download.wants_more()) {
    const std::size_t used = std::exchange(taken_, 0);
    if (session != nullptr && used != 0) session->consumed(*this, used);
    const std::string_view taken = arrived_[arriving_].view();
    taken_ = taken.size();
    if (taken.empty() && !has_ended_) return;
    arriving_ = 1 - arriving_;
    arrived_[arriving_].clear_and_shrink(kKeptBuffer);
    if (!download.feed(taken, has_ended_)) return;
  }
}

void Transfer::lose_http2(const Fault& fault, Arrived arrived) noexcept {
  session = nullptr;
  if (!download.is_open()) return client_.failed(*this, fault, arrived);
  state = State::kDrained;
  upload.finish();
  download.fail(fault);
}

void Transfer::open_download() noexcept {
  flow::Operation& its_operation = *std::exchange(operation, nullptr);
  flow::StreamReply(its_operation).open(download);
}

void Transfer::refuse_download(const Fault& fault) noexcept {
  abandon(false);
  client_.failed(*this, fault, Arrived::kMaybe);
}

void Transfer::close_download() noexcept {
  abandon(false);
  client_.recycle(*this);
}

void Transfer::send_on() noexcept {
  if (state == State::kHttp1) return send_parts();
  if (session != nullptr) session->resume(*this);
}

String Transfer::kept(std::string_view what, std::string_view why) noexcept {
  if (operation == nullptr) return String::borrowed(what);
  try {
    return operation->arena().text({what, why});
  } catch (const std::bad_alloc&) {
    return String::borrowed(what);
  }
}

}  // namespace zerver::effects::http_client
