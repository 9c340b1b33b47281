// Reads files through LLVM's virtual file system and maps offsets to lines.

#include "compiler/base/source_manager.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <system_error>
#include <utility>

namespace zc {
namespace {

llvm::Error too_large(llvm::StringRef name, std::uint64_t size) {
  return llvm::createStringError(std::make_error_code(std::errc::file_too_large),
                                 name + ": file of " + llvm::Twine(size) +
                                     " bytes is larger than the limit of " +
                                     llvm::Twine(SourceManager::kMaxFileSize));
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
  if (status->getSize() > kMaxFileSize) return too_large(path, status->getSize());
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = file_system_->getBufferForFile(path);
  if (!buffer) return llvm::createStringError(buffer.getError(), path + ": " + buffer.getError().message());
  // A pipe or a growing file has no size to look at beforehand.
  if ((*buffer)->getBufferSize() > kMaxFileSize) return too_large(path, (*buffer)->getBufferSize());
  const FileId id = add(std::move(*buffer));
  // A virtual file system may call its buffers otherwise.
  files_.back().name = path.str();
  by_path_[path] = id;
  return id;
}

llvm::Expected<FileId> SourceManager::add(llvm::StringRef name, llvm::StringRef text) {
  if (text.size() > kMaxFileSize) return too_large(name, text.size());
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
