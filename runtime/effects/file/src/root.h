// Files below one folder, from which no path leads out. Calls that wait: for a pool of threads.
#pragma once

#include <zerver/core/fault.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::file {

// A descriptor that is closed with it.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) noexcept : value_(value) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const noexcept { return value_; }
  explicit operator bool() const noexcept { return value_ >= 0; }

 private:
  int value_;
};

// Why an operation failed; `kind` is one that it declares.
struct Failure {
  FaultKind kind = FaultKind::kUnavailable;
  std::string why;
};
using Problem = std::optional<Failure>;

// A regular file that is being read.
struct OpenFile {
  Descriptor descriptor;
  std::uint64_t size = 0;                 // bytes
  std::int64_t modified_nanoseconds = 0;  // since 1970
};

// Any thread.
class Root {
 public:
  static constexpr std::size_t kMostEntries = 10'000;  // of a folder that is listed

  // Files larger than `most` bytes are neither read nor written.
  explicit Root(std::uint64_t most) noexcept : most_(most) {}

  // Empty, or why the folder cannot be used.
  std::string open(const std::string& path);
  // Paths are relative, `a/b.txt`.
  Problem read(std::string_view path, std::string& content) const;
  // Of any size.
  Problem open_file(std::string_view path, OpenFile& file) const;
  Problem write(std::string_view path, std::string_view content) const;
  Problem remove(std::string_view path) const;
  Problem exists(std::string_view path, bool& is_there) const;
  Problem size(std::string_view path, std::int64_t& bytes) const;
  Problem list(std::string_view path, std::vector<std::string>& names) const;
  // Whether the folder is still there.
  Problem check() const;

  // As on a kernel without openat2(2).
  void use_fallback() noexcept { has_openat2_ = false; }

 private:
  Descriptor open_beneath(std::string_view path, int flags, int& error) const;
  Descriptor open_by_steps(std::string_view path, int flags, int& error) const;
  Descriptor open_parent(std::string_view path, bool making, std::string& name, Problem& problem) const;

  std::uint64_t most_;
  Descriptor folder_;
  bool has_openat2_ = true;
};

}  // namespace zerver::effects::file
