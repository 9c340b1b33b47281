// How the operations of an adapter with `@grpc` are called: what generated code tells the adapter `grpc`.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/result.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/data/row_codec.h>
#include <zerver/flow/rpc/protobuf_codec.h>
#include <zerver/flow/stream/source.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace zerver::flow {

// Where messages go that are written one behind the other.
class MessageSink {
 public:
  // What is written until end() is one of them. Both throw std::bad_alloc.
  virtual ProtobufWriter& begin() = 0;
  virtual void end() = 0;
  // Whether another one is wanted now.
  virtual bool has_room() const noexcept = 0;

 protected:
  ~MessageSink() = default;
};

// The messages that an operation takes as a stream.
struct RequestStream {
  // What rows become values with. The arena is empty.
  struct Memory {
    Arena& arena;
    JsonReader& json_reader;
  };

  Source* source = nullptr;
  RowLayout rows = {};
  bool is_typed = false;
  // Writes those of a part, from the one on that has the number `next`, as long as there is room. True: there
  // are no more of them. May throw std::bad_alloc.
  Result<bool> (*write)(const RequestStream& stream, const void* part, std::size_t& next,
                        const Memory& memory, MessageSink& out) = nullptr;
};

struct Rpc {
  std::string_view path;  // "/people.v1.People/GetPerson"
  // Writes the message that the operation's arguments are; null: it takes a stream of messages.
  void (*write)(ProtobufWriter& out, const void* arguments) = nullptr;
  RequestStream (*requests)(const void* arguments) = nullptr;
  // Succeeds with the messages that came, in their order; or says why it cannot, and leaves the operation as
  // it is. May throw ArenaFull.
  Result<void> (*answer)(Operation& operation, std::span<const std::string_view> messages) = nullptr;
  // Of one that opens a stream: those messages as a part of it, a List<T> in the arena; or why that cannot
  // be. May throw ArenaFull.
  Result<const void*> (*part)(Arena& arena, std::span<const std::string_view> messages) = nullptr;
};

namespace detail {

Fault unreadable_message(const ProtobufReader::Context& context);

template <class T> bool read_message(std::string_view message, ProtobufReader::Context& context, T& out) {
  ProtobufReader in(message, context);
  return read_protobuf(in, out);
}

template <class T> Result<List<T>> read_messages(Arena& arena, std::span<const std::string_view> messages) {
  ProtobufReader::Context context{arena};
  const std::span<T> items = arena.make_array<T>(messages.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    if (!read_message(messages[i], context, items[i])) return unreadable_message(context);
  return List<T>::borrowed(items);
}

template <class T> void write_message(MessageSink& out, const T& value) {
  write_protobuf(out.begin(), value);
  out.end();
}

template <class T>
Result<bool> write_rows(const RowSource& rows, std::size_t& next, RowReader& row, MessageSink& out) {
  for (; next < rows.rows() && out.has_room(); ++next) {
    T value{};
    row.go_to(next);
    if (!read_one_row(row, value)) return row.fault();
    write_message(out, value);
  }
  return next == rows.rows();
}

template <class T>
Result<bool> write_requests(const RequestStream& stream, const void* part, std::size_t& next,
                            const RequestStream::Memory& memory, MessageSink& out) {
  if constexpr (RowElement<T>) {
    if (!stream.is_typed) {
      const RowSource& rows = *static_cast<const RowSource*>(part);
      RowReader row(rows, memory.arena, memory.json_reader, stream.rows);
      return write_rows<T>(rows, next, row, out);
    }
  }
  const List<T>& list = *static_cast<const List<T>*>(part);
  while (next < list.size() && out.has_room())
    write_message(out, list[next++]);
  return next == list.size();
}

template <class T> RequestStream make_request_stream(const Stream<T>& stream) noexcept {
  return {stream.source, stream.rows, stream.is_typed, write_requests<T>};
}

}  // namespace detail

// For an operation that takes a stream, which is that member of its arguments.
template <class Arguments, auto kStream> RequestStream request_stream(const void* arguments) {
  return detail::make_request_stream(static_cast<const Arguments*>(arguments)->*kStream);
}

// For `-> T` and for an operation without a result, whose message is not looked at.
template <class T> Result<void> answer_rpc(Operation& operation, std::span<const std::string_view> messages) {
  if (messages.size() != 1) return Fault{FaultKind::kUnavailable, "its answer is not one message", {}};
  if constexpr (std::is_void_v<T>) {
    Reply<void>(operation).succeed();
  } else {
    ProtobufReader::Context context{operation.arena()};
    T value{};
    if (!detail::read_message(messages.front(), context, value)) return detail::unreadable_message(context);
    Reply<T>(operation).succeed(value);
  }
  return {};
}

// For `@stream` and `-> list<T>`.
template <class T>
Result<void> answer_streaming_rpc(Operation& operation, std::span<const std::string_view> messages) {
  const Result<List<T>> items = detail::read_messages<T>(operation.arena(), messages);
  if (!items) return items.error();
  Reply<List<T>>(operation).succeed(*items);
  return {};
}

// For `@stream` and `-> stream<T>`.
template <class T>
Result<const void*> read_rpc_part(Arena& arena, std::span<const std::string_view> messages) {
  const Result<List<T>> items = detail::read_messages<T>(arena, messages);
  if (!items) return items.error();
  List<T>& part = arena.make_array<List<T>>(1).front();
  part = *items;
  return static_cast<const void*>(&part);
}

}  // namespace zerver::flow
