// Elements of a stream that come as JSON, each as a text of its own: what an operation declared
// `-> json stream<T>` reads them with (Operation::read_items).
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/result.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/data/json_codec.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace zerver::flow {

namespace detail {
// `unavailable`, with the element's position in front of the pointer; texts are in the arena.
Fault unreadable_item(const Fault& fault, std::uint64_t position, Arena& arena);
}  // namespace detail

// A ReadItems.
template <class T>
Result<ItemsRead> read_json_items(JsonReader& reader, Arena& arena, std::span<const Document> texts,
                                  std::uint64_t first) {
  const std::span<T> items = arena.make_array<T>(texts.size());
  std::size_t count = 0;
  for (; count < items.size(); ++count) {
    const JsonValue* const root = reader.parse(texts[count], arena);
    if (root != nullptr && read_json(*root, items[count])) continue;
    if (count == 0) return detail::unreadable_item(reader.fault(), first, arena);
    break;
  }
  List<T>& part = arena.make_array<List<T>>(1).front();
  part = List<T>::borrowed(items.first(count));
  return ItemsRead{&part, count};
}

}  // namespace zerver::flow
