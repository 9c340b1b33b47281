#include "root.h"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <optional>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace zerver::effects::file {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;

// Also of the names of files that are being written: nobody else uses them.
constexpr std::string_view kTemporary = ".zerver-";

std::string text_of(int error) {
  std::array<char, 128> buffer{};
  return strerror_r(error, buffer.data(), buffer.size());
}

// What is no file there, or cannot be one, is missing to whoever reads.
bool is_missing(int error) noexcept {
  return error == ENOENT || error == ENOTDIR || error == EXDEV || error == ELOOP || error == EINVAL ||
         error == ENAMETOOLONG;
}
Failure failure_of(int error) {
  return {is_missing(error) ? FaultKind::kMissing : FaultKind::kUnavailable, text_of(error)};
}

// `a/` and `a/.` are folders.
bool names_folder(std::string_view path) noexcept { return path.ends_with('/') || path.ends_with("/."); }

// The parts of a relative path, without empty ones and `.`. Null when it is none, or leads upwards.
std::optional<std::vector<std::string>> parts_of(std::string_view path) {
  if (path.starts_with('/') || path.find('\0') != std::string_view::npos) return std::nullopt;
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    parts.emplace_back(part);
  }
  return parts;
}

// A name that no other writer has.
std::string temporary_name() {
  std::array<unsigned char, 12> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) return {};
  std::string name(kTemporary);
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const unsigned char byte : random) {
    name += kDigits[byte >> 4];
    name += kDigits[byte & 15];
  }
  return name;
}

// All of it, or the error.
int write_all(int file, std::string_view content) noexcept {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

// --- Descriptors ---

Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}
Descriptor::Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(value_, other.value_);
  return *this;
}

// --- Paths ---

std::string Root::open(const std::string& path) {
  folder_ = Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) return "folder `" + path + "`: " + text_of(errno);
  return {};
}

Descriptor Root::open_beneath(std::string_view path, int flags, int& error) const {
  const auto parts = parts_of(path);
  if (!parts) {
    error = EXDEV;
    return Descriptor();
  }
  if (!has_openat2_) return open_by_steps(path, flags, error);
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const std::string name = parts->empty() ? "." : std::string(path);
  Descriptor file(static_cast<int>(syscall(SYS_openat2, folder_.get(), name.c_str(), &how, sizeof(how))));
  if (file) return file;
  error = errno;
  // A kernel before 5.6, or a filter of system calls that does not know it.
  if (error == ENOSYS || error == EPERM) return open_by_steps(path, flags, error);
  return file;
}

// Folder by folder, none of them a link.
Descriptor Root::open_by_steps(std::string_view path, int flags, int& error) const {
  const auto parts = parts_of(path);
  if (!parts) {
    error = EXDEV;
    return Descriptor();
  }
  Descriptor at(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t i = 0; at && i < parts->size(); ++i) {
    const bool is_last = i + 1 == parts->size();
    const int how = !is_last ? O_PATH | O_DIRECTORY : names_folder(path) ? flags | O_DIRECTORY : flags;
    at = Descriptor(::openat(at.get(), (*parts)[i].c_str(), how | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!at) error = errno;
  return at;
}

// The folder that holds the last part of the path, whose name it says.
Descriptor Root::open_parent(std::string_view path, bool making, std::string& name, Problem& problem) const {
  const FaultKind wrong = making ? FaultKind::kRejected : FaultKind::kMissing;
  auto parts = parts_of(path);
  if (!parts || parts->empty() || names_folder(path) || parts->back().starts_with(kTemporary)) {
    problem = Failure{wrong, "it is no path of a file below the folder"};
    return Descriptor();
  }
  name = std::move(parts->back());
  parts->pop_back();
  std::string folder;
  int error = 0;
  Descriptor at = open_beneath(".", O_RDONLY | O_DIRECTORY, error);
  for (const std::string& part : *parts) {
    if (!at) break;
    if (making && ::mkdirat(at.get(), part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      error = errno;
      at = Descriptor();
      break;
    }
    folder += (folder.empty() ? "" : "/") + part;
    at = open_beneath(folder, O_RDONLY | O_DIRECTORY, error);
  }
  if (!at) problem = Failure{is_missing(error) ? wrong : FaultKind::kUnavailable, text_of(error)};
  return at;
}

// --- Operations ---

Problem Root::open_file(std::string_view path, OpenFile& file) const {
  int error = 0;
  // What is no regular file may wait for ever when it is opened.
  Descriptor opened = open_beneath(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, error);
  if (!opened) return failure_of(error);
  struct stat status{};
  if (::fstat(opened.get(), &status) != 0) return failure_of(errno);
  if (!S_ISREG(status.st_mode)) return Failure{FaultKind::kMissing, "it is no file"};
  file.descriptor = std::move(opened);
  file.size = static_cast<std::uint64_t>(status.st_size);
  file.modified_nanoseconds =
      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + std::int64_t{status.st_mtim.tv_nsec};
  return std::nullopt;
}

Problem Root::read(std::string_view path, std::string& content) const {
  OpenFile file;
  if (Problem problem = open_file(path, file)) return problem;
  if (file.size > most_) return Failure{FaultKind::kUnavailable, "the file is larger than `most`"};
  content.resize(static_cast<std::size_t>(file.size));
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t count = ::read(file.descriptor.get(), content.data() + have, content.size() - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure_of(errno);
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  content.resize(have);
  return std::nullopt;
}

Problem Root::write(std::string_view path, std::string_view content) const {
  if (content.size() > most_) return Failure{FaultKind::kRejected, "it is larger than `most`"};
  std::string name;
  Problem problem;
  const Descriptor folder = open_parent(path, true, name, problem);
  if (!folder) return problem;
  const std::string temporary = temporary_name();
  if (temporary.empty()) return Failure{FaultKind::kUnavailable, "there are no random numbers"};
  const Descriptor file(::openat(folder.get(), temporary.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file) return Failure{FaultKind::kUnavailable, text_of(errno)};
  int error = write_all(file.get(), content);
  if (error == 0 && ::fsync(file.get()) != 0) error = errno;
  if (error == 0 && ::renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) != 0)
    error = errno;
  if (error != 0) {
    ::unlinkat(folder.get(), temporary.c_str(), 0);
    const bool is_folder = error == EISDIR || error == ENOTEMPTY || error == EEXIST;
    return Failure{is_folder ? FaultKind::kRejected : FaultKind::kUnavailable, text_of(error)};
  }
  if (::fsync(folder.get()) != 0) return Failure{FaultKind::kUnavailable, text_of(errno)};
  return std::nullopt;
}

Problem Root::remove(std::string_view path) const {
  std::string name;
  Problem problem;
  const Descriptor folder = open_parent(path, false, name, problem);
  if (!folder) return problem;
  if (::unlinkat(folder.get(), name.c_str(), 0) == 0) return std::nullopt;
  if (errno == EISDIR) return Failure{FaultKind::kMissing, "it is no file"};
  return failure_of(errno);
}

Problem Root::exists(std::string_view path, bool& is_there) const {
  std::int64_t ignored = 0;
  const Problem problem = size(path, ignored);
  if (problem && problem->kind != FaultKind::kMissing) return problem;
  is_there = !problem;
  return std::nullopt;
}

Problem Root::size(std::string_view path, std::int64_t& bytes) const {
  int error = 0;
  const Descriptor file = open_beneath(path, O_PATH, error);
  if (!file) return failure_of(error);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failure_of(errno);
  if (!S_ISREG(status.st_mode)) return Failure{FaultKind::kMissing, "it is no file"};
  bytes = status.st_size;
  return std::nullopt;
}

Problem Root::list(std::string_view path, std::vector<std::string>& names) const {
  int error = 0;
  Descriptor folder = open_beneath(path, O_RDONLY | O_DIRECTORY, error);
  if (!folder) return failure_of(error);
  const int duplicate = ::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return failure_of(errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(duplicate), ::closedir);
  if (entries == nullptr) {
    const int why = errno;
    ::close(duplicate);
    return failure_of(why);
  }
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == ".." || name.starts_with(kTemporary)) continue;
    struct stat status{};
    if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
    if (S_ISDIR(status.st_mode)) name += '/';
    if (names.size() == kMostEntries) return Failure{FaultKind::kUnavailable, "the folder holds too much"};
    names.push_back(std::move(name));
  }
  if (errno != 0) return failure_of(errno);
  std::ranges::sort(names);
  return std::nullopt;
}

Problem Root::check() const {
  struct stat status{};
  if (::fstat(folder_.get(), &status) != 0) return failure_of(errno);
  if (status.st_nlink == 0) return Failure{FaultKind::kMissing, "the folder has been removed"};
  return std::nullopt;
}

}  // namespace zerver::effects::file
