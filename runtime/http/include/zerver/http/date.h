// The Date field of responses, made once a second.
#pragma once

#include <zerver/core/time.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace zerver::http {

// IMF-fixdate (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, for years 1970 to 9999.
inline constexpr std::size_t kDateSize = 29;
void write_date(Timestamp time, char* out) noexcept;

// The same date read, nothing when it is in another form.
std::optional<Timestamp> parse_date(std::string_view text) noexcept;

// `Date: ...` with its CR LF, as of the last update().
class DateLine {
 public:
  DateLine() noexcept;
  void update(Timestamp now) noexcept;
  std::string_view text() const noexcept { return {line_.data(), line_.size()}; }

 private:
  static constexpr std::string_view kName = "Date: ";
  std::array<char, kName.size() + kDateSize + 2> line_;
};

}  // namespace zerver::http
