#include "file_source.h"

#include <zerver/core/message.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <new>
#include <unistd.h>
#include <utility>

namespace zerver::effects::file {
namespace {

struct MediaType {
  std::string_view extension, type;
};

// What browsers and build tools of today make and read; the names are those of IANA.
constexpr std::array kMediaTypes = {
    MediaType{"avif", "image/avif"},
    MediaType{"css", "text/css; charset=utf-8"},
    MediaType{"csv", "text/csv; charset=utf-8"},
    MediaType{"gif", "image/gif"},
    MediaType{"gz", "application/gzip"},
    MediaType{"htm", "text/html; charset=utf-8"},
    MediaType{"html", "text/html; charset=utf-8"},
    MediaType{"ico", "image/vnd.microsoft.icon"},
    MediaType{"jpeg", "image/jpeg"},
    MediaType{"jpg", "image/jpeg"},
    MediaType{"js", "text/javascript; charset=utf-8"},
    MediaType{"json", "application/json"},
    MediaType{"jsonl", "application/jsonl"},
    MediaType{"md", "text/markdown; charset=utf-8"},
    MediaType{"mjs", "text/javascript; charset=utf-8"},
    MediaType{"mp3", "audio/mpeg"},
    MediaType{"mp4", "video/mp4"},
    MediaType{"ogg", "audio/ogg"},
    MediaType{"otf", "font/otf"},
    MediaType{"pdf", "application/pdf"},
    MediaType{"png", "image/png"},
    MediaType{"svg", "image/svg+xml"},
    MediaType{"tar", "application/x-tar"},
    MediaType{"ttf", "font/ttf"},
    MediaType{"txt", "text/plain; charset=utf-8"},
    MediaType{"wasm", "application/wasm"},
    MediaType{"wav", "audio/wav"},
    MediaType{"webm", "video/webm"},
    MediaType{"webp", "image/webp"},
    MediaType{"woff", "font/woff"},
    MediaType{"woff2", "font/woff2"},
    MediaType{"xml", "application/xml"},
    MediaType{"zip", "application/zip"},
    MediaType{"zst", "application/zstd"},
};

// As nginx makes it: another content has another time or another size, usually.
std::string entity_tag_of(const OpenFile& file) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), "\"%llx-%llx\"",
                                 static_cast<unsigned long long>(file.modified_nanoseconds),
                                 static_cast<unsigned long long>(file.size));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string_view media_type(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view extension = name.substr(dot + 1);
  const auto known = std::ranges::find_if(
      kMediaTypes, [&](const MediaType& each) { return equals_ignoring_case(extension, each.extension); });
  return known == kMediaTypes.end() ? std::string_view() : known->type;
}

FileSource::FileSource(OpenFile file, std::string_view media_type)
    : file_(std::move(file)), media_type_(media_type), entity_tag_(entity_tag_of(file_)) {}

flow::BodyInfo FileSource::info() const noexcept {
  return {.content_type = media_type_,
          .file = {.descriptor = file_.descriptor.get(),
                   .size = file_.size,
                   .entity_tag = entity_tag_,
                   .modified = file_.modified_nanoseconds / 1'000'000'000}};
}

void FileSource::next(Reader& reader) noexcept {
  try {
    bytes_.resize(kPart);
  } catch (const std::bad_alloc&) {
    return reader.on_failure({FaultKind::kUnavailable, "no memory", {}});
  }
  ssize_t size = -1;
  do {
    size = ::pread(file_.descriptor.get(), bytes_.data(), bytes_.size(), static_cast<off_t>(at_));
  } while (size < 0 && errno == EINTR);
  if (size < 0) return reader.on_failure({FaultKind::kUnavailable, "the file cannot be read", {}});
  if (size == 0) return reader.on_end();
  at_ += static_cast<std::uint64_t>(size);
  part_ = std::string_view(bytes_).substr(0, static_cast<std::size_t>(size));
  reader.on_part(&part_);
}

}  // namespace zerver::effects::file
