// Incremental parser of HTTP/1.1 requests: bytes in, a request of views into them out. No input or output of
// its own.
#pragma once

#include <zerver/core/message.h>
#include <zerver/http/body_reader.h>
#include <zerver/http/limits.h>
#include <zerver/http/read_buffer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace zerver::http {

// Why a request is not served: the status to answer with before the connection is closed, and a sentence for
// the client.
struct Refusal {
  std::uint16_t status = 0;
  std::string_view detail;  // static text
};

// Parses one request (RFC 9112) from the front of a buffer, however it is cut into reads. What is malformed
// or could be understood in two ways is refused, never repaired. The outcome depends on the bytes alone, not
// on how they were cut.
class RequestParser {
 public:
  enum class Progress : std::uint8_t {
    kMore,      // the request goes on in bytes that are not there yet
    kComplete,  // view() and size() may be called
    kRefused,   // refusal() says why; the connection cannot be used for further requests
  };

  explicit RequestParser(const Limits& limits);

  // Goes on with the request that begins at the front of `buffer`. May move bytes inside the buffer (chunked
  // bodies are decoded where they are), never consumes any. After kComplete or kRefused comes reset().
  Progress parse(ReadBuffer& buffer);

  // Fills `request` (all but client_ip) with views into `buffer`, which is the one that parse() has seen
  // last.
  void view(const ReadBuffer& buffer, Request& request) noexcept;
  // What the complete request takes of the buffer, to be consumed when it has been answered.
  std::size_t size() const noexcept { return head_.position; }
  const Refusal& refusal() const noexcept { return refusal_; }

  // A byte of the request has been seen.
  bool started() const noexcept { return head_.state != State::kStart; }
  // The header section is complete, the body is not.
  bool in_body() const noexcept { return head_.state == State::kBody; }
  // True once, when the client waits for `100 Continue` before it sends the body.
  bool take_expectation() noexcept;
  // How large the buffer has to be for the whole request, as far as is known.
  std::size_t expected_size() const noexcept {
    return head_.state == State::kBody ? body_.expected_size() : head_.position;
  }

  // Makes ready for the next request.
  void reset() noexcept;

 private:
  enum class State : std::uint8_t {
    kStart,
    kRequestLine,
    kFields,
    kBody,
    kComplete,
    kRefused,
  };
  enum class Step : std::uint8_t { kDone, kMore, kRefused };
  enum class TargetForm : std::uint8_t { kOrigin, kAbsolute, kAuthority, kAsterisk };

  // Bytes of the buffer, by offset from the request's first one: they stay right when the buffer grows.
  struct Piece {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Piece name;
    Piece value;
  };

  // What is known of the request so far.
  struct Head {
    State state = State::kStart;
    TargetForm form = TargetForm::kOrigin;
    Method method = Method::kGet;
    std::uint8_t minor_version = 1;
    bool has_query = false;
    bool has_content_length = false;
    bool has_transfer_encoding = false;
    bool ends_chunked = false;  // the last transfer coding so far is `chunked`
    bool has_other_coding = false;
    bool asks_to_close = false;
    bool asks_to_keep = false;
    bool expects_continue = false;
    bool has_host = false;
    std::uint32_t header_count = 0;
    std::uint32_t field_count = 0;  // headers and the trailer fields that are kept
    std::size_t position = 0;       // the first byte that is not parsed yet
    std::size_t section_begin = 0;  // of the header section
    std::size_t content_length = 0;
    Piece method_name;
    Piece target;
    Piece path;
    Piece query;
    Piece authority;
  };

  Step advance(ReadBuffer& buffer);
  Step refuse(std::uint16_t status, std::string_view detail) noexcept;

  // request_head.cc
  Step parse_start(std::string_view input);
  Step parse_request_line(std::string_view input);
  Step parse_target(std::string_view input, std::size_t begin, std::size_t end, std::size_t& after);
  Step check_target_form(std::string_view input);
  Step parse_fields(std::string_view input);
  Step note_field(std::string_view name, std::string_view value, const Field& field);
  Step note_host(std::string_view value, const Field& field);
  Step note_content_length(std::string_view value);
  Step note_transfer_encoding(std::string_view value);
  void note_connection(std::string_view value);
  Step finish_fields();

  // request_body.cc
  Step begin_body();
  Step parse_body(ReadBuffer& buffer);
  Step note_trailer(std::string_view input);
  Step refuse_body() noexcept;

  Limits limits_;
  std::unique_ptr<Field[]> fields_;
  std::unique_ptr<Header[]> headers_;  // the same as views, made when the request is complete
  Head head_;
  BodyReader body_;  // behind the head
  Refusal refusal_;
};

}  // namespace zerver::http
