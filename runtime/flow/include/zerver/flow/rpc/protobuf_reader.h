// Protocol Buffers' wire format, in: bounded, and strict about what is malformed.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/flow/rpc/protobuf_writer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

// One value as it is on the wire.
struct ProtobufValue {
  WireType type = WireType::kVarint;
  std::uint64_t number = 0;     // kVarint, kI32, kI64
  std::string_view bytes = {};  // kLength
};

// Takes a value of that type off the front of `rest`; false when there is none.
bool take_value(std::string_view& rest, WireType type, ProtobufValue& out) noexcept;

// The fields of one message, one after the other. A value: a copy goes on from the same field. What is read
// is copied into the arena; the bytes may go then.
class ProtobufReader {
 public:
  // So deep may messages be nested, as other implementations have it.
  static constexpr unsigned kMaxDepth = 100;

  // What readers of one message and those of the messages in it have in common.
  struct Context {
    Arena& arena;
    std::string_view why = {};  // static; empty: nothing is wrong
    std::uint32_t number = 0;   // of the innermost field that is wrong; 0: of none
  };

  ProtobufReader(std::string_view message, Context& context) noexcept : rest_(message), context_(&context) {}
  // Of a message in a field of another one.
  ProtobufReader(std::string_view message, const ProtobufReader& outer) noexcept
      : rest_(message), context_(outer.context_), depth_(outer.depth_ + 1) {
    if (depth_ > kMaxDepth) reject("is nested too deeply");
  }

  // The next field, groups left out. False at the end, and when something is wrong.
  bool next() noexcept;
  std::uint32_t number() const noexcept { return number_; }
  const ProtobufValue& value() const noexcept { return value_; }

  Arena& arena() const noexcept { return context_->arena; }
  // Says what is wrong with the current field, unless something was wrong before; false, for whoever returns
  // it.
  bool reject(std::string_view why) const noexcept { return reject(number_, why); }
  bool reject(std::uint32_t number, std::string_view why) const noexcept {
    if (context_->why.empty()) {
      context_->why = why;
      context_->number = number;
    }
    return false;
  }
  bool is_well() const noexcept { return context_->why.empty(); }

 private:
  bool skip_group() noexcept;

  std::string_view rest_;
  ProtobufValue value_;
  Context* context_;
  std::uint32_t number_ = 0;
  unsigned depth_ = 0;
};

}  // namespace zerver::flow
