// How the operations of an adapter with `@grpc` are called: what generated code tells the adapter `grpc`.
#pragma once

#include <zerver/core/result.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/rpc/protobuf_codec.h>

#include <span>
#include <string_view>

namespace zerver::flow {

struct Rpc {
  std::string_view path;  // "/people.v1.People/GetPerson"
  // Writes the message that the operation's arguments are.
  void (*write)(ProtobufWriter& out, const void* arguments);
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

}  // namespace detail

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
