#include <zerver/flow/data/value.h>

#include <limits>

namespace zerver::flow {

Value to_value(Arena& arena, std::uint64_t number) {
  if (number <= std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return Value(static_cast<std::int64_t>(number));
  return Value(concat(arena, {number}));
}

Value to_value(Arena& arena, const Uuid& uuid) { return Value(concat(arena, {uuid})); }

Value to_value(Arena& arena, Timestamp time) {
  char text[Timestamp::kMaxText];
  return Value(arena.text(std::string_view(text, time.write_sortable(text))));
}

Value to_value(Arena& arena, Duration span) { return Value(concat(arena, {span})); }

Value to_value(Arena& arena, const Decimal& number) { return Value(concat(arena, {number})); }

}  // namespace zerver::flow
