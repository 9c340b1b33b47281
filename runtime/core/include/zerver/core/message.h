// Values passed between the HTTP layer, flows and the server: one request as it was received, one response to
// be written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace zerver {

// Methods of RFC 9110, section 9 (and PATCH, RFC 5789); every other token is kOther, its text is in
// Request::method_name.
enum class Method : std::uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kPatch,
  kDelete,
  kOptions,
  kTrace,
  kConnect,
  kOther
};

// The method's name as it is written in a request line; empty for kOther.
std::string_view method_name(Method method) noexcept;

// Equality of field names and of other tokens that ignore ASCII case; `lower` is in lower case already.
bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept;

struct Header {
  std::string_view name;   // as it was sent
  std::string_view value;  // without the white space around it
};

// The first field of that name (lower case), or null.
const Header* find_header(std::span<const Header> headers, std::string_view lower_case_name) noexcept;

// A request. All text is a view into the connection's read buffer, valid until the exchange is finished.
struct Request {
  // So many bytes behind the end of `body` are readable (their content is unspecified), as SIMD parsers want.
  static constexpr std::size_t kBodyPadding = 64;

  Method method = Method::kGet;
  std::uint8_t minor_version = 1;  // of HTTP/1
  bool keep_alive = true;
  bool has_query = false;  // tells `/a?` from `/a`
  std::string_view method_name;
  std::string_view target;  // as it was sent
  std::string_view
      path;  // still percent-encoded, begins with `/`; `*` for the asterisk-form, empty for CONNECT
  std::string_view query;      // still percent-encoded, without the `?`
  std::string_view authority;  // of the absolute-form or CONNECT target, else the Host field's value
  std::span<const Header> headers;
  std::span<const Header> trailers;
  std::string_view body;  // without its chunked coding
  std::string_view client_ip;

  // The value of the first field of that name (lower case); empty when there is none.
  std::string_view header(std::string_view lower_case_name) const noexcept;
  bool has_header(std::string_view lower_case_name) const noexcept;
};

// A body that is an open regular file, from its beginning.
struct FileBody {
  int descriptor = -1;          // -1: none
  std::uint64_t size = 0;       // bytes
  std::string_view entity_tag;  // with its quotes; empty: none
  std::int64_t modified = 0;    // seconds since 1970
};

// A response, filled by a flow. Its text is static, in the request's arena, or in the exchange's body buffer:
// it stays valid until the exchange is reset, so that a large body is written from where it is.
struct Response {
  static constexpr std::size_t kMaxHeaders = 8;

  std::uint16_t status = 200;
  bool close = false;             // answer with `Connection: close`
  bool chunked = false;           // send the body in chunks rather than with its length
  bool cut_off = false;           // the body is incomplete: the connection ends without the body's end
  std::string_view content_type;  // empty: no Content-Type field
  std::string_view body;          // ignored for statuses that have none (204, 304)
  FileBody file;                  // the body, when it is one; stays open until the exchange is reset

  // Adds a field; false when there are kMaxHeaders already. Content-Length, Connection, Date are the writer's
  // own.
  [[nodiscard]] bool add_header(std::string_view name, std::string_view value) noexcept {
    if (header_count_ == kMaxHeaders) return false;
    headers_[header_count_++] = Header{name, value};
    return true;
  }
  std::span<const Header> headers() const noexcept { return {headers_.data(), header_count_}; }

  void reset() noexcept {
    status = 200;
    close = false;
    chunked = false;
    cut_off = false;
    content_type = {};
    body = {};
    file = {};
    header_count_ = 0;
  }

 private:
  std::array<Header, kMaxHeaders> headers_;
  std::uint8_t header_count_ = 0;
};

}  // namespace zerver
