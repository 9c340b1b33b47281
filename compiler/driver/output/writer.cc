// Writes files by way of temporary ones, and undoes on a failure.

#include "compiler/driver/output/writer.h"

#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/Twine.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Path.h>
#include <llvm/Support/raw_ostream.h>

#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace zc::driver {
namespace {

namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

llvm::Error error_at(llvm::StringRef name, std::error_code code) {
  return llvm::createStringError(code, name + ": " + code.message());
}

llvm::Error error_at(llvm::StringRef name, llvm::Error error) {
  return error_at(name, llvm::errorToErrorCode(std::move(error)));
}

// Empty when all of `text` went to the open file.
std::error_code write_all(int descriptor, llvm::StringRef text) {
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/false, /*unbuffered=*/true);
  stream << text;
  const std::error_code code = stream.error();
  stream.clear_error();  // else its destructor ends the program
  return code;
}

bool holds_already(const Output& output, const fs::file_status& status) {
  if (status.getSize() != output.text.size()) return false;
  const auto buffer =
      llvm::MemoryBuffer::getFile(output.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return buffer && (*buffer)->getBuffer() == output.text;
}

// One run of `write_outputs`. Undoes what it did unless it is committed.
class Transaction {
 public:
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  ~Transaction() {
    // Undoing is best effort: the first error is the one to report.
    for (Staged& staged : staged_) {
      if (staged.file) llvm::consumeError(staged.file->discard());
      if (staged.renamed) fs::remove(staged.target);
    }
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder)
      fs::remove(*folder);
  }

  llvm::Error stage(const Output& output, WriteSummary& summary) {
    fs::file_status status;
    const std::error_code missing = fs::status(output.path, status);
    if (!missing && fs::is_directory(status)) {
      return error_at(output.path, std::make_error_code(std::errc::is_a_directory));
    }
    if (!missing && status.type() != fs::file_type::regular_file) {
      in_place_.push_back(&output);
      return llvm::Error::success();
    }
    if (!missing && holds_already(output, status)) {
      ++summary.unchanged;
      return llvm::Error::success();
    }
    ++summary.written;
    return stage_text(output, !missing,
                      missing ? fs::perms(fs::all_read | fs::all_write) : status.permissions());
  }

  llvm::Error commit(WriteSummary& summary) {
    for (const Output* output : in_place_) {
      if (llvm::Error error = write_in_place(*output)) return error;
      ++summary.written;
    }
    for (Staged& staged : staged_) {
      if (llvm::Error error = staged.file->keep(staged.target)) {
        staged.file.reset();
        return error_at(staged.target, std::move(error));
      }
      staged.file.reset();
      staged.renamed = true;
    }
    staged_.clear();
    folders_.clear();
    return llvm::Error::success();
  }

 private:
  struct Staged {
    std::optional<fs::TempFile> file;
    std::string target;
    bool renamed = false;
  };

  // `mode`: an existing file keeps its own; that of a new one is cut by the umask.
  llvm::Error stage_text(const Output& output, bool exists, fs::perms mode) {
    llvm::SmallString<256> target(output.path);
    // Behind a symbolic link it is the file that changes, not the link.
    if (exists && fs::real_path(output.path, target)) target = output.path;
    if (const std::error_code code = make_folder(path::parent_path(target)))
      return error_at(output.path, code);
    llvm::Expected<fs::TempFile> file = fs::TempFile::create(target + ".%%%%%%%%.tmp", mode);
    if (!file) return error_at(output.path, file.takeError());
    staged_.push_back({std::move(*file), target.str().str()});
    if (const std::error_code code = write_all(staged_.back().file->FD, output.text)) {
      return error_at(output.path, code);
    }
    return llvm::Error::success();
  }

  static llvm::Error write_in_place(const Output& output) {
    std::error_code code;
    llvm::raw_fd_ostream stream(output.path, code, fs::CD_OpenExisting, fs::FA_Write, fs::OF_None);
    if (code) return error_at(output.path, code);
    stream << output.text;
    stream.flush();
    code = stream.error();
    stream.clear_error();
    return code ? error_at(output.path, code) : llvm::Error::success();
  }

  // Makes `folder` and remembers which of it is new.
  std::error_code make_folder(llvm::StringRef folder) {
    if (folder.empty() || fs::is_directory(folder)) return {};
    if (const std::error_code code = make_folder(path::parent_path(folder))) return code;
    const std::error_code code = fs::create_directory(folder, /*IgnoreExisting=*/false);
    if (!code) folders_.push_back(folder.str());
    if (code != std::errc::file_exists) return code;
    // Somebody else may make the same folder at the same time: it is theirs to remove.
    return fs::is_directory(folder) ? std::error_code() : std::make_error_code(std::errc::not_a_directory);
  }

  std::vector<Staged> staged_;
  std::vector<const Output*> in_place_;
  std::vector<std::string> folders_;
};

}  // namespace

llvm::Expected<WriteSummary> write_outputs(llvm::ArrayRef<Output> outputs) {
  WriteSummary summary;
  Transaction transaction;
  for (const Output& output : outputs) {
    if (llvm::Error error = transaction.stage(output, summary)) return error;
  }
  if (llvm::Error error = transaction.commit(summary)) return error;
  return summary;
}

}  // namespace zc::driver
