// Bodies that are longer than what a connection holds: in parts, while their flow makes them, and from files.
#include "connection.h"
#include <zerver/http/file_response.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/sendfile.h>
#include <utility>

namespace zerver::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using io::AsioLoop;
using io::Handler;

}  // namespace

// --- Parts of an answer that its flow still makes ---

// Later, so that the flow is not ended from within, and so that others have their turn in between.
void Connection::send_part(flow::Exchange& /*exchange*/) noexcept {
  part_ = Part::kWaiting;
  if (!std::exchange(part_comes_, true)) host_.loop().post(part_job_);
}

void Connection::on_part() noexcept {
  part_comes_ = false;
  if (std::exchange(file_waits_, false)) return go_on_writing();
  if (closed_) return release_when_quiet();
  if (part_ != Part::kWaiting || writing_) return;  // it has been sent, or comes behind what is being written
  guarded([this] { go_on(Then::kWait); });
}

void Connection::append_part() {
  const Response& response = context_->exchange.response;
  if (!std::exchange(in_parts_, true)) {
    if (const std::string_view fault = http::find_fault(response); !fault.empty())
      throw std::logic_error(std::string(fault));
    keep_alive_ =
        keep_alive_ && !response.close && !host_.draining() && context_->exchange.request.minor_version != 0;
    http::write_streamed_head(context_->out, response, response_context());
  }
  const std::string_view part = context_->exchange.body_buffer().view();
  if (context_->exchange.request.minor_version == 0) {
    context_->out.append(part);
  } else {
    http::write_chunk(context_->out, part);
  }
  part_ = Part::kSending;
}

Connection::Then Connection::end_parts() {
  in_parts_ = false;
  const Response& response = context_->exchange.response;
  const bool in_chunks = context_->exchange.request.minor_version != 0;
  Then then = keep_alive_ ? Then::kParse : Then::kEnd;
  if (response.cut_off) {
    keep_alive_ = false;
    then = in_chunks ? Then::kEnd : Then::kAbort;
  } else if (in_chunks) {
    http::write_chunk(context_->out, response.body);
    http::write_last_chunk(context_->out);
  } else {
    context_->out.append(response.body);
  }
  // To whom only the end of the connection tells the end of the body, it must not look like one.
  if (then == Then::kAbort) {
    error_code ignored;  // the client is gone already
    static_cast<void>(socket_.set_option(asio::socket_base::linger(true, 0), ignored));
  }
  finish_request();
  return then;
}

// --- Files ---

Connection::Then Connection::answer_file() {
  const Request& request = context_->exchange.request;
  const Response& response = context_->exchange.response;
  const http::FileSelection selection = http::select_file(request, response);
  count_answer(selection.status);
  http::write_file_head(context_->out, response, selection, response_context());
  const Then then = keep_alive_ ? Then::kParse : Then::kEnd;
  if (selection.size != 0 && request.method != Method::kHead) {
    file_ = {response.file.descriptor, selection.begin, selection.size};
  } else {
    finish_request();
  }
  return then;
}

// From the file to the socket, within the kernel. After so much others have their turn.
Connection::Sent Connection::send_file() {
  constexpr std::uint64_t kTurn = std::uint64_t{1} << 20;
  std::uint64_t sent = 0;
  while (file_.size != 0 && sent < kTurn) {
    auto offset = static_cast<off_t>(file_.offset);
    const ssize_t size = ::sendfile(socket_.native_handle(), file_.descriptor, &offset,
                                    static_cast<std::size_t>(std::min(file_.size, kTurn - sent)));
    if (size > 0) {
      file_.offset += static_cast<std::uint64_t>(size);
      file_.size -= static_cast<std::uint64_t>(size);
      sent += static_cast<std::uint64_t>(size);
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    if (size == 0) host_.worker().log().write(LogLevel::kError, "a file became shorter while it was sent");
    if (size == 0 || errno != EAGAIN) return Sent::kFailed;
    writing_ = true;
    phase_ = Phase::kWriting;
    since_ = host_.coarse_now();
    socket_.async_wait(tcp::socket::wait_write,
                       Handler(context_->write_memory, [this](const error_code& /*told by the next try*/) {
                         const AsioLoop::Turn turn(host_.loop());
                         go_on_writing();
                       }));
    return Sent::kLater;
  }
  if (file_.size == 0) {
    finish_request();
    return Sent::kAll;
  }
  writing_ = file_waits_ = part_comes_ = true;
  phase_ = Phase::kWriting;
  since_ = host_.coarse_now();
  host_.loop().post(part_job_);
  return Sent::kLater;
}

void Connection::go_on_writing() noexcept {
  writing_ = false;
  if (closed_) return release_when_quiet();
  guarded([this] { go_on(then_); });
}

}  // namespace zerver::server
