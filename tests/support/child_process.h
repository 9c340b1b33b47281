// A program that a test runs beside itself.
#pragma once

#include <zerver/core/time.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace zerver::test {

// A port of 127.0.0.1 that nobody listens on. Somebody else could take it before it is used: whoever starts a
// server tries again with another one.
std::uint16_t free_port();
// Connects to 127.0.0.1 and closes again.
bool accepts(std::uint16_t port);

// Goes with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

// Ends with the one who started it: by SIGTERM, and by SIGKILL when that takes more than 5 s.
class ChildProcess {
 public:
  struct Options {
    std::filesystem::path log = {};             // standard output and error; empty: nowhere
    std::filesystem::path directory = {};       // where it runs; empty: here
    std::string user = {};                      // who it runs as, if we are root; empty: who we are
    std::vector<std::string> environment = {};  // `NAME=value`, beside ours
  };

  // `arguments` begins with the program, which is looked for in PATH. Throws std::runtime_error when it
  // cannot be started.
  ChildProcess(const std::vector<std::string>& arguments, const Options& options);
  explicit ChildProcess(const std::vector<std::string>& arguments) : ChildProcess(arguments, Options()) {}
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const noexcept { return pid_; }
  bool running();
  // False when it has ended before, or does not listen in that time. The log says why.
  [[nodiscard]] bool wait_until_it_accepts(std::uint16_t port, Duration at_most = Duration::from_seconds(20));
  // At once, like a machine that fails; returns when it is gone.
  void kill();
  void terminate();
  void signal(int number);
  // Waits for its end: the exit code, or 128 + the signal.
  int wait();

 private:
  bool ended_within(Duration at_most);

  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

// What is in a file; empty when there is none.
std::string text_of(const std::filesystem::path& file);
// How many descriptors this process has open.
std::size_t open_descriptors();

}  // namespace zerver::test
