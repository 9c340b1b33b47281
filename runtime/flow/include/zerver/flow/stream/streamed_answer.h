// Answers whose body is made while it is sent: `return 200 stream rows;`, `sse`, and bytes as they come.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/result.h>
#include <zerver/core/string.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/row_codec.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/stream/source.h>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

inline constexpr std::string_view kJsonLinesType = "application/jsonl";
inline constexpr std::string_view kEventsType = "text/event-stream";
inline constexpr std::string_view kBytesType = "application/octet-stream";

// Awaited by the flow, whose last statement it is: over when the client has taken everything but the last
// part, which is the response's body then. At most one part is being sent and one is waited for, so whoever
// takes slowly slows the source down. What fails before a byte was sent is answered with a problem; behind
// that the body is cut off. The flow's deadline bounds all of it.
class StreamedAnswer : private Source::Reader {
 public:
  static constexpr std::size_t kPart = std::size_t{32} << 10;  // bytes; one element more, at most

  StreamedAnswer(const StreamedAnswer&) = delete;
  StreamedAnswer& operator=(const StreamedAnswer&) = delete;

  bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<> flow) noexcept { waiter_.handle = flow; }
  void await_resume() const noexcept {}

 protected:
  // `source` null: everything is there.
  StreamedAnswer(Exchange& exchange, std::uint16_t status, std::string_view content_type,
                 Source* source) noexcept;
  ~StreamedAnswer();

  // Appends what there is as long as there is room. True: there is no more of it. May throw.
  virtual Result<bool> encode(OutputBuffer& out) = 0;
  // Bytes until the part is full. Without a server all of the body is one part.
  std::size_t room(const OutputBuffer& out) const noexcept {
    const std::size_t limit = exchange_->part_sink() == nullptr ? static_cast<std::size_t>(-1) : kPart;
    return limit - std::min(limit, out.size());
  }
  // What the source has brought, which stays as it is until encode() has said true.
  virtual void take(const void* part) noexcept { static_cast<void>(part); }

  Exchange& exchange() const noexcept { return *exchange_; }

 private:
  friend class Exchange;

  struct Deadline final : async::Timer {
    explicit Deadline(StreamedAnswer& owner) noexcept;
    StreamedAnswer& answer;
  };

  void on_part(const void* part) noexcept override;
  void on_end() noexcept override;
  void on_failure(const Fault& fault) noexcept override;
  void on_sent() noexcept;
  void cancel() noexcept;

  void pump() noexcept;
  bool step();
  void ask() noexcept;
  void send() noexcept;
  void note_failure(FaultKind kind) noexcept;
  void fail(const Fault& fault) noexcept;
  void end() noexcept;
  void finish() noexcept;

  Exchange* exchange_;
  Source* source_;
  Waiter waiter_;
  Deadline deadline_{*this};
  std::uint64_t sent_ = 0;  // bytes that have been given to the sink
  bool has_part_ = false;   // encode() has something to do
  bool asked_ = false;      // the source
  bool complete_ = false;   // the source has no more
  bool sending_ = false;    // the buffer is the sink's
  bool pumping_ = false;
  bool over_ = false;
};

// How an element of a stream looks.
enum class Framing : std::uint8_t {
  kLines,   // JSON and a line end (jsonlines.org)
  kEvents,  // `data:`, JSON and an empty line (the server-sent events of HTML)
};

namespace detail {
void begin_element(OutputBuffer& out, Framing framing);
// `begin`: where the JSON text begins. A line end in it, which can only be white space, becomes a blank.
void end_element(OutputBuffer& out, Framing framing, std::size_t begin);

template <class T> void write_element(OutputBuffer& out, Framing framing, const T& value) {
  begin_element(out, framing);
  const std::size_t begin = out.size();
  JsonWriter json(out);
  write_json(json, value);
  end_element(out, framing, begin);
}

constexpr std::string_view type_of(Framing framing) noexcept {
  return framing == Framing::kLines ? kJsonLinesType : kEventsType;
}
}  // namespace detail

template <class T> class StreamedList final : public StreamedAnswer {
 public:
  StreamedList(Exchange& exchange, std::uint16_t status, Framing framing, List<T> list,
               std::string_view content_type) noexcept
      : StreamedAnswer(exchange, status, content_type, nullptr), list_(list), framing_(framing) {}

 private:
  Result<bool> encode(OutputBuffer& out) override {
    while (next_ < list_.size() && room(out) != 0)
      detail::write_element(out, framing_, list_[next_++]);
    return next_ == list_.size();
  }

  List<T> list_;
  std::size_t next_ = 0;
  Framing framing_;
};

// Elements as a source brings them: rows, or values.
template <class T> class StreamedParts final : public StreamedAnswer {
 public:
  StreamedParts(Exchange& exchange, std::uint16_t status, Framing framing, Stream<T> stream,
                std::string_view content_type) noexcept
      : StreamedAnswer(exchange, status, content_type, stream.source),
        layout_(stream.rows),
        arena_(exchange.worker().limits().arena_bytes),
        framing_(framing),
        is_typed_(stream.is_typed) {}

 private:
  void take(const void* part) noexcept override {
    part_ = part;
    next_ = 0;
  }
  Result<bool> encode(OutputBuffer& out) override {
    if constexpr (detail::RowElement<T>) {
      if (!is_typed_) return encode_rows(out, *static_cast<const RowSource*>(part_));
    }
    const List<T>& list = *static_cast<const List<T>*>(part_);
    while (next_ < list.size() && room(out) != 0)
      detail::write_element(out, framing_, list[next_++]);
    return next_ == list.size();
  }
  Result<bool> encode_rows(OutputBuffer& out, const RowSource& rows)
    requires detail::RowElement<T>
  {
    arena_.reset();
    RowReader row(rows, arena_, exchange().worker().json_reader(), layout_);
    for (; next_ < rows.rows() && room(out) != 0; ++next_) {
      T value{};
      row.go_to(next_);
      if (!detail::read_one_row(row, value)) return row.fault();
      detail::write_element(out, framing_, value);
    }
    return next_ == rows.rows();
  }

  const void* part_ = nullptr;
  std::size_t next_ = 0;
  RowLayout layout_;
  Arena arena_;  // of the rows of one part of the body
  Framing framing_;
  bool is_typed_;
};

class StreamedBytes final : public StreamedAnswer {
 public:
  // Without a `content_type`, that of the source. A file is the response's as it is.
  StreamedBytes(Exchange& exchange, std::uint16_t status, Stream<Bytes> bytes,
                std::string_view content_type) noexcept;

  bool await_ready() noexcept;

 private:
  void take(const void* part) noexcept override { left_ = *static_cast<const std::string_view*>(part); }
  Result<bool> encode(OutputBuffer& out) override;

  Source* source_;
  std::string_view left_;
};

// `auto body = stream_lines(exchange, 200, slots.rows); co_await body;`
template <class T>
StreamedList<T> stream_lines(Exchange& exchange, std::uint16_t status, List<T> list,
                             std::string_view content_type = kJsonLinesType) noexcept {
  return StreamedList<T>(exchange, status, Framing::kLines, list, content_type);
}
template <class T>
StreamedParts<T> stream_lines(Exchange& exchange, std::uint16_t status, Stream<T> stream,
                              std::string_view content_type = kJsonLinesType) noexcept {
  return StreamedParts<T>(exchange, status, Framing::kLines, stream, content_type);
}
template <class T>
StreamedList<T> stream_events(Exchange& exchange, std::uint16_t status, List<T> list,
                              std::string_view content_type = kEventsType) noexcept {
  return StreamedList<T>(exchange, status, Framing::kEvents, list, content_type);
}
template <class T>
StreamedParts<T> stream_events(Exchange& exchange, std::uint16_t status, Stream<T> stream,
                               std::string_view content_type = kEventsType) noexcept {
  return StreamedParts<T>(exchange, status, Framing::kEvents, stream, content_type);
}
inline StreamedBytes stream_bytes(Exchange& exchange, std::uint16_t status, Stream<Bytes> bytes,
                                  std::string_view content_type = {}) noexcept {
  return StreamedBytes(exchange, status, bytes, content_type);
}

}  // namespace zerver::flow
