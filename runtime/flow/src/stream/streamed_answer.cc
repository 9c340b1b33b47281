#include <zerver/core/status.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/data/text.h>
#include <zerver/flow/request/failure.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/stream/streamed_answer.h>

#include <algorithm>
#include <utility>

namespace zerver::flow {
namespace {

// Nothing has been sent: the client can still be told.
std::uint16_t status_of(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::kUnavailable:
      return 503;
    case FaultKind::kTimeout:
    case FaultKind::kCancelled:
      return 504;
    default:
      return 500;
  }
}

}  // namespace

void StreamReply::open(Source& source) const noexcept {
  const OpenedStream opened{source};
  complete(&opened);
  if (!opened.is_taken) source.close();
}

// --- What an exchange holds ---

void Source::finish() noexcept {
  if (holder_ != nullptr) return holder_->close(*this);
  close();
}

void Exchange::hold(Source& source) noexcept {
  source.holder_ = this;
  source.next_held_ = std::exchange(sources_, &source);
}

void Exchange::close(Source& source) noexcept {
  for (Source** link = &sources_; *link != nullptr; link = &(*link)->next_held_) {
    if (*link != &source) continue;
    *link = source.next_held_;
    source.holder_ = nullptr;
    return source.close();
  }
}

void Exchange::keep_for_response(Source& source) noexcept {
  for (Source** link = &sources_; *link != nullptr; link = &(*link)->next_held_) {
    if (*link != &source) continue;
    *link = source.next_held_;
    source.holder_ = nullptr;
    answered_ = &source;
    return;
  }
}

void Exchange::close_sources() noexcept {
  while (sources_ != nullptr)
    close(*sources_);
}

void Exchange::close_answered() noexcept { std::exchange(answered_, nullptr)->close(); }

void Exchange::part_sent() noexcept {
  if (streamed_ != nullptr) streamed_->on_sent();
}

// --- An answer ---

StreamedAnswer::Deadline::Deadline(StreamedAnswer& owner) noexcept
    : Timer([](Timer& timer) noexcept {
        auto& deadline = static_cast<Deadline&>(timer);
        deadline.answer.fail({FaultKind::kTimeout, "the deadline of the flow has passed", {}});
      }),
      answer(owner) {}

StreamedAnswer::StreamedAnswer(Exchange& exchange, std::uint16_t status, std::string_view content_type,
                               Source* source) noexcept
    : exchange_(&exchange), source_(source), has_part_(source == nullptr), complete_(source == nullptr) {
  exchange.response.status = status;
  exchange.response.content_type = content_type;
  exchange.response.chunked = true;
  exchange.body_buffer().clear();
}

StreamedAnswer::~StreamedAnswer() {
  if (!over_) finish();
}

bool StreamedAnswer::await_ready() noexcept {
  exchange_->streamed_ = this;
  if (exchange_->cancelled()) {
    exchange_->response.cut_off = true;
    finish();
    return true;
  }
  if (exchange_->request.method == Method::kHead) {
    finish();
    return true;
  }
  if (exchange_->deadline() != TimePoint::never())
    exchange_->worker().loop().start(deadline_, exchange_->deadline());
  pump();
  return over_;
}

void StreamedAnswer::on_part(const void* part) noexcept {
  asked_ = false;
  has_part_ = true;
  take(part);
  if (!pumping_) pump();
}

void StreamedAnswer::on_end() noexcept {
  asked_ = false;
  complete_ = true;
  if (!pumping_) pump();
}

void StreamedAnswer::on_failure(const Fault& fault) noexcept {
  asked_ = false;
  fail(fault);
}

void StreamedAnswer::on_sent() noexcept {
  sending_ = false;
  exchange_->body_buffer().clear();
  pump();
}

// As far as it goes. The flow may go on, and this be gone, when it returns.
void StreamedAnswer::pump() noexcept {
  pumping_ = true;
  try {
    while (!over_ && step()) {
    }
  } catch (...) {
    const std::uint16_t status = report_exception(*exchange_);
    fail({status == 503 ? FaultKind::kUnavailable : FaultKind::kInternal, {}, {}});
  }
  pumping_ = false;
  if (over_ && waiter_.handle) exchange_->resume(waiter_);
}

// False: what comes next is said by the source or the sink.
bool StreamedAnswer::step() {
  OutputBuffer& out = exchange_->body_buffer();
  if (!sending_ && has_part_) {
    const Result<bool> is_used_up = encode(out);
    if (!is_used_up) {
      fail(is_used_up.error());
      return false;
    }
    has_part_ = !*is_used_up;
    if (exchange_->part_sink() != nullptr && out.size() >= kPart) send();
    return true;
  }
  if (!has_part_ && !complete_ && !asked_) {
    asked_ = true;
    source_->next(*this);
    return !over_ && (has_part_ || complete_ || !sending_);
  }
  if (sending_) return false;
  if (complete_) {
    end();
    return false;
  }
  // The source has nothing for now: the client gets what there is.
  if (exchange_->part_sink() != nullptr && !out.empty()) send();
  return false;
}

void StreamedAnswer::send() noexcept {
  sending_ = true;
  sent_ += exchange_->body_buffer().size();
  exchange_->part_sink()->send_part(*exchange_);
}

// What is left in the buffer is the last part.
void StreamedAnswer::end() noexcept {
  Response& response = exchange_->response;
  response.body = exchange_->body_buffer().view();
  exchange_->trace(
      {.detail = static_cast<std::int64_t>(sent_ + response.body.size()), .kind = trace::Kind::kStream});
  finish();
}

void StreamedAnswer::note_failure(FaultKind kind) noexcept {
  exchange_->trace({.detail = static_cast<std::int64_t>(sent_),
                    .kind = trace::Kind::kStream,
                    .failed = true,
                    .fault = kind});
}

void StreamedAnswer::fail(const Fault& fault) noexcept {
  note_failure(fault.kind);
  try {
    const std::uint16_t status = sent_ == 0 ? status_of(fault.kind) : exchange_->response.status;
    // What an exception was is in the log already.
    if (!fault.why.empty())
      report_failure(*exchange_,
                     {.status = status, .why = concat(exchange_->arena(), {"the stream ends: ", fault.why})},
                     fault);
    if (sent_ == 0) answer_problem(*exchange_, status);
  } catch (...) {
    if (sent_ == 0) answer_exception(*exchange_);
  }
  if (sent_ != 0) {
    exchange_->response.body = {};
    exchange_->response.cut_off = true;
  }
  finish();
  if (!pumping_ && waiter_.handle) exchange_->resume(waiter_);
}

// The client is gone, or the server stops.
void StreamedAnswer::cancel() noexcept {
  note_failure(FaultKind::kCancelled);
  exchange_->response.body = {};
  exchange_->response.cut_off = true;
  finish();
  if (waiter_.handle) exchange_->resume(waiter_);
}

void StreamedAnswer::finish() noexcept {
  over_ = true;
  exchange_->streamed_ = nullptr;
  exchange_->worker().loop().stop(deadline_);
  if (source_ != nullptr) exchange_->close(*std::exchange(source_, nullptr));
}

// --- Elements and bytes ---

void detail::begin_element(OutputBuffer& out, Framing framing) {
  if (framing == Framing::kEvents) out.append("data: ");
}

void detail::end_element(OutputBuffer& out, Framing framing, std::size_t begin) {
  char* const end = out.data() + out.size();
  std::replace_if(out.data() + begin, end, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out.append(framing == Framing::kLines ? "\n" : "\n\n");
}

StreamedBytes::StreamedBytes(Exchange& exchange, std::uint16_t status, Stream<Bytes> bytes,
                             std::string_view content_type) noexcept
    : StreamedAnswer(exchange, status, content_type, bytes.source), source_(bytes.source) {
  const BodyInfo info = source_->info();
  if (!content_type.empty()) return;
  exchange.response.content_type = info.content_type.empty() ? kBytesType : info.content_type;
}

bool StreamedBytes::await_ready() noexcept {
  const BodyInfo info = source_->info();
  // Without a server nobody sends files.
  if (info.file.descriptor < 0 || exchange().part_sink() == nullptr) return StreamedAnswer::await_ready();
  exchange().response.chunked = false;
  exchange().response.file = info.file;
  exchange().keep_for_response(*source_);
  return true;
}

Result<bool> StreamedBytes::encode(OutputBuffer& out) {
  const std::string_view part = left_.substr(0, room(out));
  out.append(part);
  left_.remove_prefix(part.size());
  return left_.empty();
}

}  // namespace zerver::flow
