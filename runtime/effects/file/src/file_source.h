// An open file as a stream.
#pragma once

#include "root.h"
#include <zerver/flow/stream/source.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace zerver::effects::file {

// The media type of a name by its extension; empty when it is not known.
std::string_view media_type(std::string_view path) noexcept;

// Deletes itself when it is closed. A server sends the file itself; who asks for parts waits for the disk.
class FileSource final : public flow::Source {
 public:
  FileSource(OpenFile file, std::string_view media_type);

  void next(Reader& reader) noexcept override;
  void close() noexcept override { delete this; }
  flow::BodyInfo info() const noexcept override;

 private:
  static constexpr std::size_t kPart = std::size_t{64} << 10;

  OpenFile file_;
  std::string_view media_type_;
  std::string entity_tag_;
  std::uint64_t at_ = 0;
  std::string bytes_;
  std::string_view part_;
};

}  // namespace zerver::effects::file
