// A file of 64 MiB to a TCP connection and to a pipe, on each path of the writer, against a loop of read and
// write. The other end throws the bytes away inside the kernel, so what is measured is the sender.
#include <zerver/io/writer.h>

#include <benchmark/benchmark.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using zerver::Result;
using zerver::io::FileTransport;
using zerver::io::Writer;

constexpr std::size_t kSize = std::size_t{64} << 20;

void check(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

enum class Kind { kTcp, kPipe };

// A connection, or a pipe, whose other end takes everything and looks at nothing.
class Sink {
 public:
  explicit Sink(Kind kind) {
    std::signal(SIGPIPE, SIG_IGN);
    if (kind == Kind::kTcp) {
      connect_tcp();
      reader_ = std::thread([this] {
        while (recv(in_, nullptr, kSize, MSG_TRUNC) > 0) {
        }
      });
      return;
    }
    std::array<int, 2> ends{};
    check(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
    in_ = ends[0];
    out_ = ends[1];
    check(fcntl(out_, F_SETPIPE_SZ, 1 << 20) > 0, "F_SETPIPE_SZ");
    reader_ = std::thread([this] {
      const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
      while (splice(in_, nullptr, nowhere, nullptr, kSize, 0) > 0) {
      }
      close(nowhere);
    });
  }
  ~Sink() {
    shutdown(out_, SHUT_WR);
    close(out_);
    reader_.join();
    close(in_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  int out() const { return out_; }

 private:
  void connect_tcp() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    check(bind(listener, name, size) == 0 && listen(listener, 1) == 0, "listen");
    check(getsockname(listener, name, &size) == 0, "getsockname");
    out_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(connect(out_, name, size) == 0, "connect");
    in_ = accept(listener, nullptr, nullptr);
    check(in_ >= 0, "accept");
    close(listener);
  }

  int out_ = -1;
  int in_ = -1;
  std::thread reader_;
};

class File {
 public:
  File() : file_(std::tmpfile()) {
    const std::vector<char> bytes(kSize, 'x');
    check(std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size(), "fwrite");
    std::fflush(file_);
  }
  ~File() { std::fclose(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return fileno(file_); }

 private:
  FILE* file_;
};

void read_and_write(benchmark::State& state, Kind kind) {
  const File file;
  const Sink sink(kind);
  std::vector<char> buffer(std::size_t{64} << 10);
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t offset = 0; offset < kSize;) {
      const ssize_t read = pread(file.descriptor(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
      for (ssize_t sent = 0; sent < read;) {
        const ssize_t done = write(sink.out(), buffer.data() + sent, static_cast<std::size_t>(read - sent));
        check(done > 0, "write");
        sent += done;
      }
      offset += static_cast<std::size_t>(read);
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kSize));
}
void send(benchmark::State& state, Kind kind, FileTransport transport) {
  const File file;
  const Sink sink(kind);
  Writer writer(sink.out(), transport);
  for ([[maybe_unused]] auto _ : state) {
    writer.send_file(file.descriptor(), 0, kSize);
    for (Result<bool> done = false; !*done;) {
      done = writer.drain();
      check(done.has_value(), "drain");
    }
  }
  check(writer.transport() == transport, "the kernel refused it");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kSize));
}

BENCHMARK_CAPTURE(read_and_write, tcp, Kind::kTcp)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, tcp_automatic, Kind::kTcp, FileTransport::kAutomatic)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, tcp_sendfile, Kind::kTcp, FileTransport::kSendfile)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, tcp_splice, Kind::kTcp, FileTransport::kSplice)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, tcp_map, Kind::kTcp, FileTransport::kMap)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, tcp_copy, Kind::kTcp, FileTransport::kCopy)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(read_and_write, pipe, Kind::kPipe)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, pipe_automatic, Kind::kPipe, FileTransport::kAutomatic)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, pipe_sendfile, Kind::kPipe, FileTransport::kSendfile)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, pipe_splice, Kind::kPipe, FileTransport::kSplice)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, pipe_map, Kind::kPipe, FileTransport::kMap)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(send, pipe_copy, Kind::kPipe, FileTransport::kCopy)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace

BENCHMARK_MAIN();
