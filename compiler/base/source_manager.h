// Owns the text of every file that takes part in one compilation.

#pragma once

#include "compiler/base/span.h"

#include <llvm/ADT/IntrusiveRefCntPtr.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace zc {

// Text stays at its address until the manager goes, so names in a syntax tree point into it. Reading goes
// through the given file system, never around it. Not synchronised: one thread at a time.
class SourceManager {
 public:
  // Larger files are refused when they are added: spans hold 32-bit offsets, and memory stays bounded.
  static constexpr std::uint64_t kMaxFileSize = std::uint64_t{32} << 20U;

  explicit SourceManager(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> file_system);
  SourceManager() : SourceManager(llvm::vfs::getRealFileSystem()) {}
  SourceManager(const SourceManager&) = delete;
  SourceManager& operator=(const SourceManager&) = delete;

  // The file at `path`; a second request for the same path answers the same id. The error names the path.
  llvm::Expected<FileId> load(llvm::StringRef path);
  // All of standard input, as `load` reads a file.
  llvm::Expected<FileId> load_standard_input(llvm::StringRef name);
  // Text that comes from elsewhere (a test). `name` is what diagnostics call it; the text is
  // copied.
  llvm::Expected<FileId> add(llvm::StringRef name, llvm::StringRef text);
  // `add` for a buffer that is already in memory, and no larger than `kMaxFileSize`.
  FileId add(std::unique_ptr<llvm::MemoryBuffer> buffer);

  [[nodiscard]] std::size_t file_count() const { return files_.size(); }
  [[nodiscard]] llvm::StringRef name(FileId file) const;
  [[nodiscard]] llvm::StringRef text(FileId file) const;
  [[nodiscard]] llvm::StringRef text(Span span) const;

  // The line table of a file is made when it is first asked for.
  [[nodiscard]] LineColumn line_column(FileId file, std::uint32_t offset) const;
  [[nodiscard]] LineColumn begin_of(Span span) const { return line_column(span.file, span.begin); }
  [[nodiscard]] std::uint32_t line_count(FileId file) const;
  // Line `line`, which counts from 1, without its line break.
  [[nodiscard]] llvm::StringRef line_text(FileId file, std::uint32_t line) const;
  [[nodiscard]] std::uint32_t line_begin(FileId file, std::uint32_t line) const;

  [[nodiscard]] llvm::vfs::FileSystem& file_system() const { return *file_system_; }

 private:
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> read_file(llvm::StringRef path, std::uint64_t size);

  struct File {
    std::unique_ptr<llvm::MemoryBuffer> buffer;
    std::string name;
    mutable std::vector<std::uint32_t> line_begins;
  };

  [[nodiscard]] const File& file(FileId id) const { return files_[id.index()]; }
  const std::vector<std::uint32_t>& line_begins(FileId id) const;

  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> file_system_;
  std::deque<File> files_;
  llvm::StringMap<FileId> by_path_;
};

}  // namespace zc
