// Values as an operator reads them.
#pragma once

#include <zerver/core/time.h>
#include <zerver/core/uuid.h>

#include <string>

namespace zerver::server {

inline std::string text_of(const Uuid& id) {
  std::string text(Uuid::kText, ' ');
  id.write(text.data());
  return text;
}

inline std::string text_of(Timestamp time) {
  std::string text(Timestamp::kMaxText, ' ');
  text.resize(time.write(text.data()));
  return text;
}

}  // namespace zerver::server
