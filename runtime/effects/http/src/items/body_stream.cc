#include <zerver/effects/http/body_stream.h>

#include <new>
#include <utility>

namespace zerver::effects {

namespace {

const Fault kNoMemory{FaultKind::kUnavailable, "there is no memory for its answer", {}};
const Fault kTooLarge{FaultKind::kUnavailable, "its messages are larger than the memory of the request", {}};

}  // namespace

void BodyStream::begin(flow::Operation& operation, HttpBody& body) noexcept {
  operation_ = &operation;
  body_ = &body;
  go_on();
}

void BodyStream::next(Reader& reader) noexcept {
  reader_ = &reader;
  go_on();
}

void BodyStream::close() noexcept {
  reader_ = nullptr;
  std::exchange(body_, nullptr)->close();
  closed();
}

void BodyStream::set_part(const void* part) noexcept {
  part_ = part;
  ready_ = Ready::kPart;
}

void BodyStream::fail(const Fault& fault) noexcept {
  fault_ = fault;
  ready_ = Ready::kFailure;
}

void BodyStream::on_part(const void* part) noexcept {
  try {
    append(*static_cast<const std::string_view*>(part));
  } catch (const std::bad_alloc&) {
    fail(kNoMemory);
  }
  answered();
}

void BodyStream::on_end() noexcept {
  end_body();
  answered();
}

void BodyStream::on_failure(const Fault& fault) noexcept {
  fail(fault);
  answered();
}

void BodyStream::answered() noexcept {
  is_answered_ = true;
  if (!is_asking_) go_on();
}

// Until there is something to tell, or the body has nothing for now. It may be closed behind that.
void BodyStream::go_on() noexcept {
  while (!is_decided()) {
    try {
      make_part();
    } catch (const std::bad_alloc&) {
      fail(kTooLarge);
    }
    if (is_decided()) break;
    is_answered_ = false;
    is_asking_ = true;
    body_->next(*this);
    is_asking_ = false;
    if (!is_answered_) return;
  }
  tell();
}

void BodyStream::tell() noexcept {
  if (flow::Operation* const operation = std::exchange(operation_, nullptr); operation != nullptr) {
    if (ready_ != Ready::kFailure) return flow::StreamReply(*operation).open(*this);
    operation->fail(fault_);
    return close();
  }
  Reader& reader = *std::exchange(reader_, nullptr);
  switch (ready_) {
    case Ready::kNothing:
      return;
    case Ready::kPart:
      ready_ = Ready::kNothing;
      return reader.on_part(part_);
    case Ready::kEnd:
      return reader.on_end();
    case Ready::kFailure:
      return reader.on_failure(fault_);
  }
}

}  // namespace zerver::effects
