// Answers for edited files from memory, for all others from below.

#include "compiler/driver/fix/edited_files.h"

#include <llvm/Support/MemoryBuffer.h>

#include <utility>

namespace zc::driver {
namespace {

using llvm::vfs::Status;

class EditedFile : public llvm::vfs::File {
 public:
  EditedFile(Status status, llvm::StringRef text) : status_(std::move(status)), text_(text) {}

  llvm::ErrorOr<Status> status() override { return status_; }
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> getBuffer(const llvm::Twine& name, std::int64_t, bool,
                                                               bool) override {
    return llvm::MemoryBuffer::getMemBufferCopy(text_, name);
  }
  std::error_code close() override { return {}; }

 private:
  Status status_;
  llvm::StringRef text_;
};

}  // namespace

std::error_code EditedFiles::set(llvm::StringRef path, std::string text) {
  const llvm::ErrorOr<Status> status = ProxyFileSystem::status(path);
  if (!status) return status.getError();
  texts_[status->getUniqueID()] = std::move(text);
  return {};
}

const std::string* EditedFiles::text_of(const Status& status) const {
  const auto found = texts_.find(status.getUniqueID());
  return found == texts_.end() ? nullptr : &found->second;
}

llvm::ErrorOr<Status> EditedFiles::status(const llvm::Twine& path) {
  llvm::ErrorOr<Status> status = ProxyFileSystem::status(path);
  if (!status) return status;
  const std::string* text = text_of(*status);
  return text == nullptr ? *status : Status::copyWithNewSize(*status, text->size());
}

llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> EditedFiles::openFileForRead(const llvm::Twine& path) {
  const llvm::ErrorOr<Status> status = EditedFiles::status(path);
  if (status) {
    if (const std::string* text = text_of(*status))
      return std::make_unique<EditedFile>(*status, llvm::StringRef(*text));
  }
  return ProxyFileSystem::openFileForRead(path);
}

}  // namespace zc::driver
