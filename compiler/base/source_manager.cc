// Reads files through LLVM's virtual file system and maps offsets to lines.

#include "compiler/base/source_manager.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/Support/FileSystem.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <system_error>
#include <utility>

namespace zc {
namespace {

llvm::Error too_large(llvm::StringRef name) {
  return llvm::createStringError(
      std::make_error_code(std::errc::file_too_large),
      name + ": is larger than " + llvm::Twine(SourceManager::kMaxFileSize >> 20U) + " MiB");
}

// What a pipe or a device gives, of which nobody knows beforehand how much it is.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> read_stream(llvm::sys::fs::file_t file,
                                                                llvm::StringRef name) {
  constexpr std::size_t kPart = std::size_t{64} << 10U;
  std::string text;
  while (text.size() <= SourceManager::kMaxFileSize) {
    const std::size_t size = text.size();
    text.resize(size + kPart);
    llvm::Expected<std::size_t> part =
        llvm::sys::fs::readNativeFile(file, llvm::MutableArrayRef<char>(text.data() + size, kPart));
    if (!part) return llvm::createStringError(name + ": " + llvm::toString(part.takeError()));
    text.resize(size + *part);
    if (*part == 0) return llvm::MemoryBuffer::getMemBufferCopy(text, name);
  }
  return too_large(name);
}

// Only the real file system has pipes and devices.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> read_device(llvm::StringRef path) {
  llvm::Expected<llvm::sys::fs::file_t> file = llvm::sys::fs::openNativeFileForRead(path);
  if (!file) return llvm::createStringError(path + ": " + llvm::toString(file.takeError()));
  auto buffer = read_stream(*file, path);
  if (const std::error_code failed = llvm::sys::fs::closeFile(*file); failed && buffer)
    return llvm::createStringError(failed, path + ": " + failed.message());
  return buffer;
}

}  // namespace

SourceManager::SourceManager(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> file_system)
    : file_system_(std::move(file_system)) {
  assert(file_system_);
}

llvm::Expected<FileId> SourceManager::load(llvm::StringRef path) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) return known->second;
  const llvm::ErrorOr<llvm::vfs::Status> status = file_system_->status(path);
  if (!status) return llvm::createStringError(status.getError(), path + ": " + status.getError().message());
  if (status->isDirectory()) {
    return llvm::createStringError(std::make_error_code(std::errc::is_a_directory),
                                   path + ": is a directory");
  }
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      status->isRegularFile() ? read_file(path, status->getSize()) : read_device(path);
  if (!buffer) return buffer.takeError();
  const FileId id = add(std::move(*buffer));
  // A virtual file system may call its buffers otherwise.
  files_.back().name = path.str();
  by_path_[path] = id;
  return id;
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> SourceManager::read_file(llvm::StringRef path,
                                                                             std::uint64_t size) {
  if (size > kMaxFileSize) return too_large(path);
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = file_system_->getBufferForFile(path);
  if (!buffer) return llvm::createStringError(buffer.getError(), path + ": " + buffer.getError().message());
  if ((*buffer)->getBufferSize() > kMaxFileSize) return too_large(path);  // it grows
  return std::move(*buffer);
}

llvm::Expected<FileId> SourceManager::load_standard_input(llvm::StringRef name) {
  auto buffer = read_stream(llvm::sys::fs::getStdinHandle(), name);
  if (!buffer) return buffer.takeError();
  return add(std::move(*buffer));
}

llvm::Expected<FileId> SourceManager::add(llvm::StringRef name, llvm::StringRef text) {
  if (text.size() > kMaxFileSize) return too_large(name);
  return add(llvm::MemoryBuffer::getMemBufferCopy(text, name));
}

FileId SourceManager::add(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  assert(buffer && buffer->getBufferSize() <= kMaxFileSize);
  std::string name = buffer->getBufferIdentifier().str();
  files_.push_back({std::move(buffer), std::move(name), {}});
  return FileId(files_.size() - 1);
}

llvm::StringRef SourceManager::name(FileId id) const { return file(id).name; }

llvm::StringRef SourceManager::text(FileId id) const { return file(id).buffer->getBuffer(); }

llvm::StringRef SourceManager::text(Span span) const { return text(span.file).slice(span.begin, span.end); }

const std::vector<std::uint32_t>& SourceManager::line_begins(FileId id) const {
  std::vector<std::uint32_t>& begins = file(id).line_begins;
  if (!begins.empty()) return begins;
  const llvm::StringRef bytes = text(id);
  begins.push_back(0);
  for (std::size_t next = bytes.find('\n'); next != llvm::StringRef::npos;
       next = bytes.find('\n', next + 1)) {
    begins.push_back(static_cast<std::uint32_t>(next + 1));
  }
  return begins;
}

LineColumn SourceManager::line_column(FileId id, std::uint32_t offset) const {
  const std::vector<std::uint32_t>& begins = line_begins(id);
  const auto after = std::upper_bound(begins.begin(), begins.end(), offset);
  const auto line = static_cast<std::uint32_t>(after - begins.begin());
  return {line, offset - begins[line - 1] + 1};
}

std::uint32_t SourceManager::line_count(FileId id) const {
  return static_cast<std::uint32_t>(line_begins(id).size());
}

std::uint32_t SourceManager::line_begin(FileId id, std::uint32_t line) const {
  assert(line >= 1 && line <= line_count(id));
  return line_begins(id)[line - 1];
}

llvm::StringRef SourceManager::line_text(FileId id, std::uint32_t line) const {
  const std::vector<std::uint32_t>& begins = line_begins(id);
  assert(line >= 1 && line <= begins.size());
  const std::size_t end = line < begins.size() ? begins[line] : llvm::StringRef::npos;
  return text(id).slice(begins[line - 1], end).rtrim("\r\n");
}

}  // namespace zc
