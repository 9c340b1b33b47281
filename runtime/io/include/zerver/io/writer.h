// Writing bytes, repeated patterns and files to a descriptor, with as few copies and calls as the kernel
// allows.
#pragma once

#include <zerver/core/result.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <sys/uio.h>
#include <vector>

namespace zerver::io {

// How the bytes of a file reach the descriptor. What the kernel refuses for a pair of descriptors falls back
// to the next one, kCopy at last, which always works.
enum class FileTransport : std::uint8_t {
  kAutomatic,  // kSplice for large files to sockets, else kSendfile
  kSendfile,   // sendfile(2): never through this process
  kSplice,     // splice(2) through a pipe of 1 MiB: the same in larger steps, for two more descriptors
  kMap,        // mmap(2) and write: one copy; the file must not shrink meanwhile
  kCopy,       // read and write: two copies
};

// What is written waits in the writer, in order, until drain() has passed it on. Owns its buffer, not the
// descriptors. One thread; SIGPIPE is to be ignored by the program. After a fault only destruction makes
// sense.
class Writer {
 public:
  static constexpr std::size_t kBuffer = std::size_t{64} << 10;  // bytes

  explicit Writer(int out, FileTransport transport = FileTransport::kAutomatic, std::size_t buffer = kBuffer);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Copies into the buffer and drains when it is full. Returns how many bytes it took: fewer only when the
  // descriptor takes nothing more for now.
  Result<std::size_t> write(std::string_view bytes);
  // Without a copy: the bytes stay unchanged until they are drained.
  void write_borrowed(std::string_view bytes);
  // The pattern so many times, without copies of it; it stays unchanged until it is drained.
  void splat(std::string_view pattern, std::uint64_t times);
  // Bytes of a regular file, which stays open until they are drained. Fails in drain(), as `missing`, when it
  // has fewer.
  void send_file(int file, std::uint64_t offset, std::uint64_t size);

  // Passes on what waits, gathering what lies in memory into one call. True when all of it is gone; false
  // when the descriptor takes nothing more for now: come again when it is writable. `unavailable` when nobody
  // reads any more.
  Result<bool> drain();
  // Bytes that wait.
  std::uint64_t pending() const noexcept { return pending_; }
  // The transport in use; changes when the kernel refuses one.
  FileTransport transport() const noexcept { return transport_; }

 private:
  struct Segment {
    const char* bytes = nullptr;  // null: of a file
    std::size_t size = 0;         // of bytes, once
    std::uint64_t left = 0;       // bytes that still wait, of all repetitions
    int file = -1;
    std::uint64_t offset = 0;
  };
  // How a step of draining went.
  enum class Step : std::uint8_t { kWent, kBlocked, kRefused };

  Result<Step> drain_memory();
  Result<Step> drain_file(Segment& segment);
  Result<Step> send_with_sendfile(Segment& segment);
  Result<Step> send_with_splice(Segment& segment);
  Result<Step> send_mapped(Segment& segment);
  Result<Step> send_copied(Segment& segment);
  Result<Step> empty_pipe(Segment& segment);
  Result<Step> ended(std::int64_t done, int error) const;
  void append(const Segment& segment);
  void went(Segment& segment, std::uint64_t bytes) noexcept;
  void drop_finished() noexcept;
  bool open_pipe() noexcept;

  int out_;
  FileTransport transport_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;  // of the buffer; starts again when everything is gone
  std::deque<Segment> segments_;
  std::uint64_t pending_ = 0;
  std::vector<iovec> vector_;
  std::vector<char> copy_;     // for kCopy
  int pipe_[2] = {-1, -1};     // for kSplice
  std::uint64_t in_pipe_ = 0;  // bytes that have left the file and not the pipe
  bool is_socket_ = false;
};

}  // namespace zerver::io
