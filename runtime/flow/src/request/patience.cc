#include <zerver/flow/request/patience.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace zerver::flow {

namespace {

Duration milliseconds(std::string_view text) noexcept {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool makes_sense =
      error == std::errc() && end == text.data() + text.size() && count > 0 && count < kMost;
  return makes_sense ? Duration::from_milliseconds(count) : Duration::max();
}

}  // namespace

Duration patience_of(const Request& request) noexcept {
  Duration least = Duration::max();
  for (const Header& header : request.headers) {
    if (equals_ignoring_case(header.name, "zerver-timeout-ms") ||
        equals_ignoring_case(header.name, "x-envoy-expected-rq-timeout-ms"))
      least = std::min(least, milliseconds(header.value));
  }
  return least;
}

}  // namespace zerver::flow
