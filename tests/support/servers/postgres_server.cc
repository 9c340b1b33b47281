#include "tests/support/servers/postgres_server.h"

#include <zerver/core/clock.h>

#include <pwd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <sys/types.h>
#include <unistd.h>

namespace zerver::test {

namespace {

constexpr const char* kUser = "postgres";    // of the machine
constexpr const char* kPassword = "s3cret";  // of the role
constexpr int kAttempts = 5;                 // another process may take the port meanwhile

// The newest that Debian has installed.
std::filesystem::path binaries() {
  std::filesystem::path newest;
  std::error_code error;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
    if (std::filesystem::exists(version.path() / "bin" / "postgres", error))
      newest = std::max(newest, version.path() / "bin");
  }
  return newest;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    // `pid (name) state parent ...`
    const std::string stat = text_of(entry.path() / "stat");
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 4 > stat.size()) continue;
    if (std::stol(stat.substr(name_end + 4)) == parent)
      children.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return children;
}

void give_to_server(const std::filesystem::path& path) {
  if (geteuid() != 0) return;
  const passwd* const user = getpwnam(kUser);
  if (user == nullptr || chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("no user " + std::string(kUser));
}

}  // namespace

bool PostgresServer::is_installed() { return !binaries().empty(); }

PostgresServer::PostgresServer(std::vector<std::string> settings, const std::vector<std::string>& files)
    : settings_(std::move(settings)) {
  give_to_server(folder_.path());
  initialise();
  for (const std::filesystem::path file : files) {
    const std::filesystem::path copy = folder_.path() / "data" / file.filename();
    std::filesystem::copy_file(file, copy);
    std::filesystem::permissions(copy, std::filesystem::perms::owner_read);
    give_to_server(copy);
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    port_ = free_port();
    if (try_start()) return;
  }
  throw std::runtime_error(text_of(folder_.path() / "log"));
}

void PostgresServer::initialise() {
  const std::filesystem::path password = folder_.path() / "password";
  std::ofstream(password) << kPassword << '\n';
  give_to_server(password);
  ChildProcess program(
      {binaries() / "initdb", "-D", folder_.path() / "data", "-U", "tester", "-A", "scram-sha-256",
       "--pwfile=" + password.string(), "--no-sync", "-E", "UTF8", "--locale=C"},
      {.log = folder_.path() / "log", .directory = folder_.path(), .user = kUser});
  if (program.wait() != 0) throw std::runtime_error(text_of(folder_.path() / "log"));
}

bool PostgresServer::try_start() {
  std::vector<std::string> arguments{binaries() / "postgres", "-D", folder_.path() / "data", "-p",
                                     std::to_string(port_)};
  std::vector<std::string> settings{"listen_addresses=127.0.0.1",
                                    "unix_socket_directories=" + folder_.path().string(), "fsync=off",
                                    "max_connections=60"};
  settings.insert(settings.end(), settings_.begin(), settings_.end());
  for (const std::string& setting : settings) {
    arguments.emplace_back("-c");
    arguments.push_back(setting);
  }
  process_ = std::make_unique<ChildProcess>(
      arguments,
      ChildProcess::Options{.log = folder_.path() / "log", .directory = folder_.path(), .user = kUser});
  if (!process_->wait_until_it_accepts(port_)) return false;
  // It accepts before it is ready.
  const SystemClock clock;
  const TimePoint end = clock.now() + Duration::from_seconds(60);
  while (process_->running() && clock.now() < end) {
    ChildProcess ready({binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", std::to_string(port_)});
    if (ready.wait() == 0) return true;
  }
  return false;
}

std::string PostgresServer::url(std::string_view options, std::uint16_t port) const {
  return "postgres://tester:" + std::string(kPassword) +
         "@127.0.0.1:" + std::to_string(port == 0 ? port_ : port) + "/postgres" + std::string(options);
}

std::string PostgresServer::query(const std::string& text) const {
  const TemporaryDirectory output;
  ChildProcess program({binaries() / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", url(), "-c", text},
                       {.log = output.path() / "log"});
  const int code = program.wait();
  std::string printed = text_of(output.path() / "log");
  if (code != 0) throw std::runtime_error(printed);
  while (printed.ends_with('\n'))
    printed.pop_back();
  return printed;
}

void PostgresServer::kill() {
  // Each of them is a session of its own; left alone they would answer until they notice.
  const std::vector<pid_t> children = children_of(process_->pid());
  process_->kill();
  for (const pid_t child : children)
    ::kill(child, SIGKILL);
}

void PostgresServer::stop() {
  process_->signal(SIGINT);
  process_->wait();
}

void PostgresServer::start() {
  // What is left of the processes before may be in the way for a moment.
  for (int attempt = 0; attempt < kAttempts * 4; ++attempt) {
    if (try_start()) return;
  }
  throw std::runtime_error(text_of(folder_.path() / "log"));
}

}  // namespace zerver::test
