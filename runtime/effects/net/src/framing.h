// Where messages end on a connection.
#pragma once

#include "zerver/net.flow.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace zerver::effects::net {

using ::zerver::net::Framing;

// Empty when the message can be sent so, else why not.
std::string_view fault_of_message(Framing framing, std::string_view message) noexcept;

// What stands around a message on the wire, in front of it and behind it.
class Frame {
 public:
  Frame(Framing framing, std::string_view message) noexcept;
  // Refers to the frame and the message.
  std::array<std::string_view, 3> pieces() const noexcept {
    return {std::string_view(length_.data(), length_size_), message_, end_};
  }

 private:
  std::string_view message_;
  std::string_view end_;
  std::array<char, 4> length_{};
  std::size_t length_size_ = 0;
};

// Puts one message together. What comes behind it was not asked for.
class FrameReader {
 public:
  enum class Progress : std::uint8_t { kMore, kComplete, kRefused };

  FrameReader(Framing framing, std::size_t most) noexcept : framing_(framing), most_(most) {}

  Progress add(std::string_view bytes);
  // The other side has ended the connection.
  Progress end();

  // When it is complete.
  std::string take() noexcept;
  bool has_more_than_one() const noexcept { return extra_; }
  std::string_view why() const noexcept { return why_; }

 private:
  Progress refuse(std::string_view why) noexcept;
  Progress finish(std::size_t begin, std::size_t size, std::size_t whole);

  Framing framing_;
  std::size_t most_;
  std::string bytes_;
  bool extra_ = false;
  std::string_view why_;
};

}  // namespace zerver::effects::net
