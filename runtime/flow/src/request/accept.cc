#include "request/field_text.h"
#include <zerver/flow/data/format.h>
#include <zerver/flow/request/accept.h>

#include <algorithm>
#include <cstddef>
#include <limits>

namespace zerver::flow {

namespace {

// `0.25` as 250; what is none counts as 0, so that it is not preferred.
int thousandths(std::string_view weight) noexcept {
  if (weight.empty() || (weight[0] != '0' && weight[0] != '1') || weight.size() > 5) return 0;
  if (weight.size() > 1 && weight[1] != '.') return 0;
  int value = weight[0] - '0';
  for (std::size_t digit = 2; digit < 5; ++digit) {
    const char c = digit < weight.size() ? weight[digit] : '0';
    if (c < '0' || c > '9') return 0;
    value = value * 10 + (c - '0');
  }
  return std::min(value, 1000);
}

int weight_of(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    std::string_view value = take_until(parameters, ';');
    const std::string_view name = trimmed(take_until(value, '='));
    if (equals_ignoring_case(name, "q")) return thousandths(trimmed(value));
  }
  return 1000;
}

// What the client has said of one media type: the narrowest range that has it in it counts.
struct Wish {
  int narrowness = 0;  // 0: nothing, 1: `*/*`, 2: `application/*`, 3: its name
  int weight = 0;
  std::size_t position = std::numeric_limits<std::size_t>::max();

  void note(int how_narrow, int how_much, std::size_t where) noexcept {
    if (how_narrow < narrowness || (how_narrow == narrowness && how_much <= weight)) return;
    narrowness = how_narrow;
    weight = how_much;
    position = where;
  }
  bool goes_before(const Wish& other) const noexcept {
    if (weight != other.weight) return weight > other.weight;
    if (narrowness != other.narrowness) return narrowness > other.narrowness;
    return position < other.position;
  }
};

}  // namespace

std::string_view preferred_message_pack(std::span<const Header> headers) noexcept {
  Wish json;
  Wish packed;
  std::string_view type = kMessagePackType;
  std::size_t position = 0;
  for (const Header& header : headers) {
    if (!equals_ignoring_case(header.name, "accept")) continue;
    for (std::string_view rest = header.value; !rest.empty(); ++position) {
      std::string_view parameters = take_until(rest, ',');
      const std::string_view range = trimmed(take_until(parameters, ';'));
      const int weight = weight_of(parameters);
      if (range == "*/*" || equals_ignoring_case(range, "application/*")) {
        const int narrowness = range == "*/*" ? 1 : 2;
        json.note(narrowness, weight, position);
        packed.note(narrowness, weight, position);
      } else if (equals_ignoring_case(range, kJsonType)) {
        json.note(3, weight, position);
      } else if (const auto* const name = std::ranges::find_if(
                     kMessagePackTypes,
                     [&](std::string_view each) { return equals_ignoring_case(range, each); });
                 name != kMessagePackTypes.end()) {
        const std::size_t before = packed.position;
        packed.note(3, weight, position);
        if (packed.position != before) type = *name;
      }
    }
  }
  return packed.weight != 0 && packed.goes_before(json) ? type : std::string_view();
}

}  // namespace zerver::flow
