// A stream of values that are read from a body while it comes.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/effects/http/http_service.h>
#include <zerver/effects/source_pool.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/stream/source.h>

#include <cstdint>
#include <string_view>

namespace zerver::effects {

// Free, or: opening for an operation, or open. Asks its body for more only when it is asked itself, so that
// the other side is held up by who reads it. What it is made of is said by the class that derives from it.
class BodyStream : public OpenedSource, private flow::Source::Reader {
 public:
  using Reader = flow::Source::Reader;

  void next(Reader& reader) noexcept final;
  void close() noexcept final;

 protected:
  BodyStream() noexcept = default;
  ~BodyStream() = default;

  // The operation is answered when the first part can be told, or the end; a failure before that is the
  // operation's. It may be closed when this returns.
  void begin(flow::Operation& operation, HttpBody& body) noexcept;

  // What comes next, said from within the functions below, and before begin(). A part stays until make_part()
  // is called again.
  void set_part(const void* part) noexcept;
  void set_end() noexcept { ready_ = Ready::kEnd; }
  void fail(const Fault& fault) noexcept;
  bool is_decided() const noexcept { return ready_ != Ready::kNothing; }
  HttpBody& body() noexcept { return *body_; }
  // Of another use.
  void forget() noexcept { ready_ = Ready::kNothing; }

 private:
  enum class Ready : std::uint8_t { kNothing, kPart, kEnd, kFailure };

  // Bytes of the body. May throw std::bad_alloc.
  virtual void append(std::string_view bytes) = 0;
  // Of what is complete, if anything is. May throw std::bad_alloc.
  virtual void make_part() = 0;
  // The body has ended as it should.
  virtual void end_body() noexcept = 0;
  // It may be used again.
  virtual void closed() noexcept = 0;

  void on_part(const void* part) noexcept final;
  void on_end() noexcept final;
  void on_failure(const Fault& fault) noexcept final;
  void answered() noexcept;
  void go_on() noexcept;
  void tell() noexcept;

  HttpBody* body_ = nullptr;
  Reader* reader_ = nullptr;  // waits
  const void* part_ = nullptr;
  Fault fault_;
  Ready ready_ = Ready::kNothing;
  bool is_asking_ = false;
  bool is_answered_ = false;  // from within
};

}  // namespace zerver::effects
