// WebSocket frames (RFC 6455) for either side: bytes in, messages out, and the other way round. No input or
// output of its own.
#pragma once

#include <zerver/core/output_buffer.h>
#include <zerver/core/random.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace zerver::http::websocket {

enum class Role : std::uint8_t { kClient, kServer };

// Section 7.4.1.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupported = 1003,
  kNone = 1005,  // never sent: the close frame has no code
  kInvalidText = 1007,
  kPolicy = 1008,
  kTooLarge = 1009,
  kInternal = 1011,
};

// The most bytes that a control frame carries (section 5.5).
inline constexpr std::size_t kMostControl = 125;

struct Limits {
  std::size_t message = std::size_t{1} << 20;  // bytes, of all fragments together
};

struct Event {
  enum class Kind : std::uint8_t {
    kMore,  // nothing is complete
    kText,  // `payload` is valid UTF-8
    kBinary,
    kPing,  // to be answered by write_pong() with the same payload
    kPong,
    kClose,   // the other side has closed: `code`, and its reason as `payload`. Nothing comes behind it
    kFailed,  // the other side has broken the protocol: it is to be told `code`, and why() says what for
  };

  Kind kind = Kind::kMore;
  CloseCode code = CloseCode::kNone;
  std::string_view payload;  // until the next call of read()
};

// Puts messages together, those of fragments too, between which others may come (section 5.4). Whether a
// frame has to be masked depends on who sends it (5.1). The outcome depends on the bytes alone, not on how
// they were cut.
class Reader {
 public:
  // `role` is that of whoever reads.
  explicit Reader(Role role, const Limits& limits = {}) noexcept : limits_(limits), role_(role) {}

  // Takes bytes from the front of `input` until something is complete or all is taken.
  Event read(std::string_view& input);
  std::string_view why() const noexcept { return why_; }

  static bool is_utf8(std::string_view bytes) noexcept;

 private:
  enum class Opcode : std::uint8_t {
    kContinuation = 0,
    kText = 1,
    kBinary = 2,
    kClose = 8,
    kPing = 9,
    kPong = 10,
  };
  // Of UTF-8 that is checked as it comes (Unicode 15, table 3-7).
  struct Utf8 {
    std::uint8_t left = 0;    // bytes of the character that are missing
    std::uint8_t low = 0x80;  // bounds of the next one
    std::uint8_t high = 0xbf;
    bool take(unsigned char byte) noexcept;
    bool at_end() const noexcept { return left == 0; }
  };

  static bool is_control(Opcode opcode) noexcept { return (static_cast<unsigned>(opcode) & 8U) != 0; }
  bool take_header(std::string_view& input);
  // Empty when what there is of the header is right, else why it is not.
  std::string_view fault_of_header() const noexcept;
  std::uint64_t payload_size() const noexcept;
  void begin_payload();
  bool take_payload(std::string_view& input);
  Event finish_frame();
  Event finish_close();
  Event fail(CloseCode code, std::string_view why) noexcept;

  Limits limits_;
  Role role_;
  std::array<unsigned char, 14> header_{};
  std::size_t header_size_ = 0;  // bytes of it that are there
  std::size_t header_needed_ = 2;
  Opcode opcode_ = Opcode::kText;  // of the frame
  bool is_last_ = false;           // fragment
  std::uint64_t payload_left_ = 0;
  std::array<unsigned char, 4> mask_{};
  std::size_t masked_ = 0;  // bytes of the payload so far
  bool in_payload_ = false;
  bool in_message_ = false;
  bool is_text_ = false;      // the message
  bool is_complete_ = false;  // the message has been given out
  bool is_over_ = false;
  Utf8 utf8_;
  std::string message_;
  std::string control_;
  std::string_view why_;
};

// Whole messages in one frame each. A client masks them with numbers that cannot be foreseen (10.3).
void write_text(OutputBuffer& out, Role role, std::string_view text, Random& random);
void write_binary(OutputBuffer& out, Role role, std::string_view bytes, Random& random);
// At most 125 bytes.
void write_ping(OutputBuffer& out, Role role, std::string_view payload, Random& random);
void write_pong(OutputBuffer& out, Role role, std::string_view payload, Random& random);
// kNone: without a code. The reason is cut to 123 bytes.
void write_close(OutputBuffer& out, Role role, CloseCode code, std::string_view reason, Random& random);

// --- The opening handshake (section 4) ---

inline constexpr std::size_t kKeySize = 24;

// A new `Sec-WebSocket-Key`.
std::string make_key(Random& random);
// The `Sec-WebSocket-Accept` that answers it.
std::string accept_of(std::string_view key);

// What a client asks for. Its texts hold nothing that ends a line.
struct Opening {
  std::string_view host;  // with the port, unless it is that of the scheme
  std::string_view path;
  std::string_view protocol = {};       // empty: none
  std::string_view authorization = {};  // empty: none
};
void write_opening(OutputBuffer& out, const Opening& opening, std::string_view key);
// The head of the answer, with the empty line at its end. Empty when the WebSocket is open, else why not
// (section 4.1).
std::string_view fault_of_answer(std::string_view head, std::string_view key, std::string_view protocol);

}  // namespace zerver::http::websocket
