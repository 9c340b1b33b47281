// Where messages for the operator go.
#pragma once

#include <cstdint>
#include <string_view>

namespace zerver {

enum class LogLevel : std::uint8_t { kInfo, kWarning, kError };

class Log {
 public:
  virtual ~Log() = default;
  // One line, without its end. Any thread.
  virtual void write(LogLevel level, std::string_view line) noexcept = 0;
  // One JSON object: a line by itself, with nothing before it. Any thread.
  virtual void record(LogLevel level, std::string_view json) noexcept { write(level, json); }
};

}  // namespace zerver
