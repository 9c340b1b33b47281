// A file system in which some files have another text than on the disk.

#pragma once

#include <llvm/ADT/IntrusiveRefCntPtr.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/FileSystem/UniqueID.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <map>
#include <memory>
#include <string>

namespace zc::driver {

// A file is known by its identity, so every name of it, also through links, shows the edited text. Not
// synchronised.
class EditedFiles : public llvm::vfs::ProxyFileSystem {
 public:
  using ProxyFileSystem::ProxyFileSystem;

  // From now on the file at `path`, which exists, holds `text`.
  std::error_code set(llvm::StringRef path, std::string text);

  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine& path) override;
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> openFileForRead(const llvm::Twine& path) override;

 private:
  // Null for a file that is as it was.
  [[nodiscard]] const std::string* text_of(const llvm::vfs::Status& status) const;

  std::map<llvm::sys::fs::UniqueID, std::string> texts_;
};

}  // namespace zc::driver
