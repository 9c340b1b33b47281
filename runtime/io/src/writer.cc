// Writing bytes, repeated patterns and files to a descriptor.
#include <zerver/io/writer.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace zerver::io {

namespace {

constexpr std::size_t kVector = 64;  // pieces of memory in one call
constexpr std::uint64_t kChunk = std::uint64_t{1}
                                 << 30;  // of a file in one call, below what the kernel takes
constexpr std::uint64_t kWindow = std::uint64_t{16} << 20;    // of a file that is mapped at a time
constexpr std::size_t kPipe = std::size_t{1} << 20;           // bytes; the most without privileges
constexpr std::uint64_t kLargeFile = std::uint64_t{1} << 20;  // from here on larger steps pay for the pipe
constexpr std::size_t kCopyBuffer = std::size_t{256} << 10;

Fault file_too_short() { return {FaultKind::kMissing, "the file ended before it was sent", {}}; }

bool is_refusal(int error) noexcept {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENODEV;
}

}  // namespace

Writer::Writer(int out, FileTransport transport, std::size_t buffer)
    : out_(out), transport_(transport), buffer_(std::max<std::size_t>(1, buffer)) {
  vector_.reserve(kVector);
  struct stat status{};
  is_socket_ = fstat(out, &status) == 0 && S_ISSOCK(status.st_mode);
}

Writer::~Writer() {
  for (const int end : pipe_) {
    if (end >= 0) close(end);
  }
}

// --- What waits ---

void Writer::append(const Segment& segment) {
  if (segment.left == 0) return;
  segments_.push_back(segment);
  pending_ += segment.left;
}

Result<std::size_t> Writer::write(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    if (used_ == buffer_.size()) {
      const Result<bool> drained = drain();
      if (!drained) return drained.error();
      if (used_ == buffer_.size()) return taken;
    }
    const std::size_t size = std::min(bytes.size() - taken, buffer_.size() - used_);
    char* const place = buffer_.data() + used_;
    std::memcpy(place, bytes.data() + taken, size);
    used_ += size;
    taken += size;
    Segment* const last = segments_.empty() ? nullptr : &segments_.back();
    if (last != nullptr && last->bytes != nullptr && last->left == last->size &&
        last->bytes + last->size == place) {
      last->size += size;
      last->left += size;
      pending_ += size;
    } else {
      append({.bytes = place, .size = size, .left = size});
    }
  }
  return taken;
}

void Writer::write_borrowed(std::string_view bytes) {
  append({.bytes = bytes.data(), .size = bytes.size(), .left = bytes.size()});
}

void Writer::splat(std::string_view pattern, std::uint64_t times) {
  append({.bytes = pattern.data(), .size = pattern.size(), .left = pattern.size() * times});
}

void Writer::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  append({.left = size, .file = file, .offset = offset});
}

// --- Draining ---

Result<bool> Writer::drain() {
  while (!segments_.empty()) {
    Segment& first = segments_.front();
    const Result<Step> step = first.bytes != nullptr ? drain_memory() : drain_file(first);
    if (!step) return step.error();
    if (*step == Step::kBlocked) return false;
    drop_finished();
  }
  return true;
}

void Writer::drop_finished() noexcept {
  while (!segments_.empty() && segments_.front().left == 0)
    segments_.pop_front();
  if (segments_.empty()) used_ = 0;
}

void Writer::went(Segment& segment, std::uint64_t bytes) noexcept {
  segment.left -= bytes;
  segment.offset += bytes;
  pending_ -= bytes;
}

// What a call of the kernel that returned `done` means.
Result<Writer::Step> Writer::ended(std::int64_t done, int error) const {
  if (done >= 0 || error == EINTR) return Step::kWent;
  if (error == EAGAIN || error == EWOULDBLOCK) return Step::kBlocked;
  if (is_refusal(error)) return Step::kRefused;
  const char* const text = strerrordesc_np(error);
  return Fault{
      FaultKind::kUnavailable, text == nullptr ? String("cannot write") : String::borrowed(text), {}};
}

// Everything that lies in memory up to the next file, in one call.
Result<Writer::Step> Writer::drain_memory() {
  vector_.clear();
  for (const Segment& segment : segments_) {
    if (segment.bytes == nullptr) break;
    // The rest of the repetition that has begun, then whole ones.
    std::size_t skip = static_cast<std::size_t>((segment.size - segment.left % segment.size) % segment.size);
    for (std::uint64_t left = segment.left; left > 0 && vector_.size() < kVector; skip = 0) {
      const std::size_t size = segment.size - skip;
      vector_.push_back({const_cast<char*>(segment.bytes) + skip, size});
      left -= size;
    }
    if (vector_.size() == kVector) break;
  }
  std::int64_t done = -1;
  if (is_socket_) {
    msghdr message{};
    message.msg_iov = vector_.data();
    message.msg_iovlen = vector_.size();
    done = sendmsg(out_, &message, MSG_NOSIGNAL);
  } else {
    done = writev(out_, vector_.data(), static_cast<int>(vector_.size()));
  }
  const Result<Step> step = ended(done, errno);
  if (!step) return step.error();
  if (*step == Step::kRefused) return Fault{FaultKind::kInvalid, "the descriptor cannot be written", {}};
  std::uint64_t left = done > 0 ? static_cast<std::uint64_t>(done) : 0;
  for (Segment& segment : segments_) {
    if (left == 0) break;
    const std::uint64_t share = std::min(left, segment.left);
    went(segment, share);
    left -= share;
  }
  return step;
}

Result<Writer::Step> Writer::drain_file(Segment& segment) {
  while (true) {
    FileTransport transport = transport_;
    if (transport == FileTransport::kAutomatic) {
      // What is in the pipe has left the file. Into a pipe sendfile moves pages without one of its own.
      const bool large = in_pipe_ > 0 || segment.left >= kLargeFile;
      transport = large && is_socket_ ? FileTransport::kSplice : FileTransport::kSendfile;
    }
    const Result<Step> step = [&] {
      switch (transport) {
        case FileTransport::kSplice:
          return send_with_splice(segment);
        case FileTransport::kMap:
          return send_mapped(segment);
        case FileTransport::kCopy:
          return send_copied(segment);
        case FileTransport::kAutomatic:
        case FileTransport::kSendfile:
          break;
      }
      return send_with_sendfile(segment);
    }();
    if (!step || *step != Step::kRefused) return step;
    if (transport == FileTransport::kCopy) return Fault{FaultKind::kInvalid, "the file cannot be sent", {}};
    transport_ = static_cast<FileTransport>(static_cast<int>(transport) + 1);
  }
}

Result<Writer::Step> Writer::send_with_sendfile(Segment& segment) {
  auto offset = static_cast<off_t>(segment.offset);
  const ssize_t done = sendfile(out_, segment.file, &offset, std::min(segment.left, kChunk));
  if (done == 0) return file_too_short();
  if (done > 0) went(segment, static_cast<std::uint64_t>(done));
  return ended(done, errno);
}

bool Writer::open_pipe() noexcept {
  if (pipe_[0] >= 0) return true;
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  static_cast<void>(fcntl(pipe_[1], F_SETPIPE_SZ, kPipe));  // without the right to it the usual size does
  return true;
}

Result<Writer::Step> Writer::send_with_splice(Segment& segment) {
  if (!open_pipe()) return Step::kRefused;
  if (in_pipe_ == 0) {
    auto offset = static_cast<off_t>(segment.offset);
    const ssize_t read =
        splice(segment.file, &offset, pipe_[1], nullptr, std::min<std::uint64_t>(segment.left, kPipe),
               SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (read == 0) return file_too_short();
    if (read < 0) return ended(read, errno);
    in_pipe_ = static_cast<std::uint64_t>(read);
  }
  return empty_pipe(segment);
}

Result<Writer::Step> Writer::empty_pipe(Segment& segment) {
  const unsigned more = in_pipe_ < segment.left ? SPLICE_F_MORE : 0U;
  const ssize_t done = splice(pipe_[0], nullptr, out_, nullptr, in_pipe_, SPLICE_F_MOVE | more);
  if (done > 0) {
    in_pipe_ -= static_cast<std::uint64_t>(done);
    went(segment, static_cast<std::uint64_t>(done));
  }
  // The next transport reads these bytes from the file again.
  if (done < 0 && is_refusal(errno)) in_pipe_ = 0;
  return ended(done, errno);
}

Result<Writer::Step> Writer::send_mapped(Segment& segment) {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const std::uint64_t begin = segment.offset / page * page;
  const std::uint64_t size = std::min(segment.offset - begin + segment.left, kWindow);
  // Beyond its end a mapped file kills whoever reads it; some files do not know their end.
  const off_t end = lseek(segment.file, 0, SEEK_END);
  if (end < 0 || static_cast<std::uint64_t>(end) < begin + size) return Step::kRefused;
  void* const map =
      mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, segment.file, static_cast<off_t>(begin));
  if (map == MAP_FAILED) return Step::kRefused;
  const std::uint64_t skip = segment.offset - begin;
  std::uint64_t sent = 0;
  ssize_t done = 0;
  while (sent < size - skip) {
    done = ::write(out_, static_cast<const char*>(map) + skip + sent, size - skip - sent);
    if (done <= 0) break;
    sent += static_cast<std::uint64_t>(done);
  }
  const int error = errno;
  munmap(map, size);
  went(segment, sent);
  return ended(done, error);
}

Result<Writer::Step> Writer::send_copied(Segment& segment) {
  copy_.resize(kCopyBuffer);
  const ssize_t read = pread(segment.file, copy_.data(), std::min<std::uint64_t>(segment.left, copy_.size()),
                             static_cast<off_t>(segment.offset));
  if (read == 0) return file_too_short();
  if (read < 0) return ended(read, errno);
  const ssize_t done = ::write(out_, copy_.data(), static_cast<std::size_t>(read));
  if (done > 0) went(segment, static_cast<std::uint64_t>(done));
  return ended(done, errno);
}

}  // namespace zerver::io
