#include <zerver/trace/event.h>

#include <array>
#include <cstddef>

namespace zerver::trace {
namespace {

struct Row {
  std::string_view name;
  Detail detail;
};

constexpr std::array kRows = {
#define KIND(enumerator, name, detail) Row{name, Detail::detail},
#include <zerver/trace/kinds.def>
#undef KIND
};

}  // namespace

std::string_view name_of(Kind kind) noexcept { return kRows[static_cast<std::size_t>(kind)].name; }
Detail detail_of(Kind kind) noexcept { return kRows[static_cast<std::size_t>(kind)].detail; }

}  // namespace zerver::trace
