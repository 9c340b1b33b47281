#include "owner_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace zerver::effects {

namespace {

// Locks of the open file, not of the process (fcntl(2), "Open file description locks"): closing another
// descriptor of the same file does not give them up.
bool set_lock(int file, std::int64_t byte, short type) noexcept {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  int result = 0;
  do {
    result = fcntl(file, F_OFD_SETLK, &lock);
  } while (result == -1 && errno == EINTR);
  return result == 0;
}

}  // namespace

OwnerLocks::~OwnerLocks() {
  if (file_ != -1) close(file_);
}

std::string OwnerLocks::open(const std::string& path) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file_ == -1) return path + ": " + std::strerror(errno);
  return {};
}

bool OwnerLocks::try_lock(std::int64_t owner) noexcept { return set_lock(file_, owner, F_WRLCK); }

void OwnerLocks::unlock(std::int64_t owner) noexcept { set_lock(file_, owner, F_UNLCK); }

}  // namespace zerver::effects
