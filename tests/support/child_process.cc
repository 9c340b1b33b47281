// A program that a test runs beside itself.
#include "tests/support/child_process.h"

#include <zerver/core/clock.h>

#include <grp.h>
#include <pwd.h>

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace zerver::test {
namespace {

// Owns a descriptor.
class Owned {
 public:
  explicit Owned(int number) noexcept : fd(number) {}
  ~Owned() {
    if (fd >= 0) ::close(fd);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  const int fd;
};

sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Between fork() and exec() in a process that may have threads: system calls only.
void become(const passwd* user, const char* directory, int log) noexcept {
  if (user != nullptr &&
      (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
    _exit(126);
  if (directory != nullptr && chdir(directory) != 0) _exit(126);
  if (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(126);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
}

}  // namespace

std::uint16_t free_port() {
  const Owned socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (socket.fd < 0 || bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      getsockname(socket.fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("free_port");
  return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  const Owned socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return socket.fd >= 0 &&
         connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "zerver_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) fail("mkdtemp " + name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;  // a server that is just ending may still write into it
  std::filesystem::remove_all(path_, error);
}

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const Options& options) {
  const passwd* user = nullptr;
  if (!options.user.empty() && geteuid() == 0) {
    user = getpwnam(options.user.c_str());
    if (user == nullptr) throw std::runtime_error("no user " + options.user);
  }
  const std::string log_name = options.log.empty() ? "/dev/null" : options.log.string();
  const Owned log(open(log_name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (log.fd < 0) fail("open " + log_name);
  std::vector<std::string> texts = arguments;
  std::vector<char*> argv;
  for (std::string& text : texts)
    argv.push_back(text.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables = options.environment;
  std::vector<char*> environment;
  for (std::string& variable : variables)
    environment.push_back(variable.data());
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.push_back(*variable);
  environment.push_back(nullptr);

  // Why it could not be started comes through this, which closes when it is.
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  const Owned reading(ends[0]);
  pid_ = fork();
  if (pid_ < 0) {
    ::close(ends[1]);
    fail("fork");
  }
  if (pid_ == 0) {
    become(user, options.directory.empty() ? nullptr : options.directory.c_str(), log.fd);
    execvpe(argv.front(), argv.data(), environment.data());
    const int error = errno;
    [[maybe_unused]] const ssize_t written = write(ends[1], &error, sizeof error);
    _exit(127);
  }
  ::close(ends[1]);
  int error = 0;
  if (read(reading.fd, &error, sizeof error) > 0) {
    wait();
    throw std::system_error(error, std::generic_category(), "cannot start " + arguments.front());
  }
}

ChildProcess::~ChildProcess() {
  if (ended_) return;
  ::kill(pid_, SIGTERM);
  if (!ended_within(Duration::from_seconds(5))) kill();
}

bool ChildProcess::running() { return !ended_within(Duration{}); }

// Waits on a descriptor of the process, not by asking again and again.
bool ChildProcess::ended_within(Duration at_most) {
  if (ended_) return true;
  const Owned process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (process.fd < 0) fail("pidfd_open");
  pollfd ending{process.fd, POLLIN, 0};
  const int ready = poll(&ending, 1, static_cast<int>(at_most.nanoseconds / 1'000'000));
  if (ready <= 0) return false;
  wait();
  return true;
}

bool ChildProcess::wait_until_it_accepts(std::uint16_t port, Duration at_most) {
  const SystemClock clock;
  const TimePoint end = clock.now() + at_most;
  while (!accepts(port)) {
    // A port cannot be waited for; the process can, meanwhile.
    if (ended_within(Duration::from_milliseconds(10)) || clock.now() > end) return false;
  }
  return running();
}

void ChildProcess::kill() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void ChildProcess::terminate() {
  if (ended_) return;
  ::kill(pid_, SIGTERM);
  wait();
}

void ChildProcess::signal(int number) {
  if (!ended_) ::kill(pid_, number);
}

int ChildProcess::wait() {
  if (!std::exchange(ended_, true)) {
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  // One of them is that of the folder.
  return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;
}

}  // namespace zerver::test
