// Incremental parser of HTTP/1.1 responses, for clients: bytes in, a response of views into them out. No
// input or output of its own.
#pragma once

#include <zerver/core/message.h>
#include <zerver/http/body_reader.h>
#include <zerver/http/read_buffer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace zerver::http {

// Bounds on what a response may take of a client's memory, in bytes unless said otherwise.
struct ResponseLimits {
  static constexpr std::size_t kMaxBody = std::size_t{1} << 30;  // offsets are 32 bits wide

  std::size_t status_line = std::size_t{8} * 1024;
  std::size_t header_bytes = std::size_t{32} * 1024;  // of the header section, and again of the trailers
  std::size_t header_count = 100;
  std::size_t body = std::size_t{8} * 1024 * 1024;  // without its chunked coding, with its content coding
  std::size_t interim_responses = 8;                // 1xx before the final one
};

// What was received, as views into the read buffer.
struct ReceivedResponse {
  std::uint16_t status = 0;
  bool keep_alive = false;  // the connection can be used for another request
  std::span<const Header> headers;
  std::string_view body;  // ReadBuffer::kPadding more bytes behind it are readable

  // The value of the first field of that name (lower case); empty when there is none.
  std::string_view header(std::string_view lower_case_name) const noexcept;
};

// Parses the responses to one request (RFC 9112): interim ones, which are dropped, then the final one. What
// is malformed or could be understood in two ways is refused, never repaired. The outcome depends on the
// bytes alone, not on how they were cut.
class ResponseParser {
 public:
  enum class Progress : std::uint8_t {
    kMore,
    kComplete,  // view() and size() may be called
    kRefused,   // why() says it; the connection is of no use any more
  };

  explicit ResponseParser(const ResponseLimits& limits);

  // Makes ready for the responses to a request of that method. `streams`: the body of a success is handed out
  // while it comes, see streams(), and may be of any size.
  void reset(Method method, bool streams = false) noexcept;

  // Goes on with the response that begins at the front of `buffer`. May move bytes inside the buffer (chunked
  // bodies are decoded where they are), and drops interim responses out of it.
  Progress parse(ReadBuffer& buffer);
  // The other side has closed the connection: the end of a body that has no other one, else a refusal.
  Progress end();

  // Fills `response` with views into `buffer`, which is the one that parse() has seen last.
  void view(const ReadBuffer& buffer, ReceivedResponse& response) noexcept;
  // What the response takes of the buffer. Whoever sent more than that has sent what nobody asked for.
  std::size_t size() const noexcept { return head_.position; }

  // The head is complete, and the body is handed out: after parse(), view() tells what is new of it, and
  // drop_body() makes room. Only the first view() has the head, which goes with it.
  bool streams() const noexcept { return head_.streams; }
  void drop_body(ReadBuffer& buffer) noexcept;

  // Static.
  std::string_view why() const noexcept { return why_; }
  // A byte of a response has been seen.
  bool started() const noexcept { return head_.state != State::kStart || head_.interim != 0; }
  // How large the buffer has to be for the whole response, as far as is known.
  std::size_t expected_size() const noexcept {
    return head_.state == State::kBody ? body_.expected_size() : head_.position;
  }

 private:
  enum class State : std::uint8_t {
    kStart,
    kStatusLine,
    kFields,
    kBody,
    kComplete,
    kRefused,
  };
  enum class Step : std::uint8_t { kDone, kMore, kRefused };

  // By offset from the response's first byte: they stay right when the buffer grows.
  struct Piece {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Piece name;
    Piece value;
  };

  struct Head {
    State state = State::kStart;
    std::uint8_t minor_version = 1;
    bool has_content_length = false;
    bool has_transfer_encoding = false;
    bool is_chunked = false;
    bool asks_to_close = false;
    bool asks_to_keep = false;
    bool ends_with_connection = false;
    bool streams = false;
    std::uint16_t status = 0;
    std::uint32_t field_count = 0;
    std::size_t interim = 0;
    std::size_t position = 0;       // the first byte that is not parsed yet
    std::size_t section_begin = 0;  // of the header section
    std::size_t content_length = 0;
  };

  Step advance(ReadBuffer& buffer);
  Step refuse(std::string_view why) noexcept;
  Step parse_status_line(std::string_view input);
  Step parse_fields(ReadBuffer& buffer);
  Step note_field(std::string_view name, std::string_view value);
  Step note_content_length(std::string_view value);
  Step note_transfer_encoding(std::string_view value);
  Step finish_fields(ReadBuffer& buffer);
  Step begin_body();
  Step parse_body(ReadBuffer& buffer);

  ResponseLimits limits_;
  std::unique_ptr<Field[]> fields_;
  std::unique_ptr<Header[]> headers_;  // the same as views, made when the response is complete
  Head head_;
  BodyReader body_;  // behind the head
  Method method_ = Method::kGet;
  bool may_stream_ = false;
  std::string_view why_;
};

}  // namespace zerver::http
