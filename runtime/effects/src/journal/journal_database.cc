#include "journal_database.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace zerver::effects {

namespace {

constexpr std::string_view kNewer = "it was written by a newer version of this program's runtime";

// So that the database, which keeps the mode of a file that is there, is for its owner only.
std::string create_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file == -1) return std::strerror(errno);
  close(file);
  return {};
}

}  // namespace

flow::Value JournalDatabase::blob(const Uuid& id) noexcept {
  return flow::Value(Bytes::borrowed({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}));
}

bool JournalDatabase::parse_id(std::string_view bytes, Uuid& id) noexcept {
  if (bytes.size() != id.bytes.size()) return false;
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return true;
}

std::string JournalDatabase::open(const std::string& path) {
  if (std::string error = create_private(path); !error.empty()) return error;
  if (std::string error = connection_.open(path, false); !error.empty()) return error;
  // A completion that is lost with the machine's power would make a step one in doubt.
  if (std::string error = connection_.execute("pragma synchronous = full"); !error.empty()) return error;
  if (std::string error = run("pragma quick_check(1)"); !error.empty()) return error;
  if (rows_.rows() == 0 || rows_.cell(0, 0).text() != "ok")
    return "it is damaged: " + (rows_.rows() == 0 ? std::string() : std::string(rows_.cell(0, 0).text()));
  return {};
}

std::string JournalDatabase::open_existing(const std::string& path, bool read_only, bool& is_empty) {
  if (access(path.c_str(), F_OK) != 0) return std::strerror(errno);
  if (std::string error = connection_.open(path, read_only); !error.empty()) return error;
  if (!read_only)
    if (std::string error = connection_.execute("pragma synchronous = full"); !error.empty()) return error;
  return check_kind(is_empty);
}

// Whether it is a journal, or nothing yet.
std::string JournalDatabase::check_kind(bool& is_empty) {
  if (std::string error = run("pragma application_id"); !error.empty()) return error;
  const std::int64_t application = rows_.cell(0, 0).integer();
  if (std::string error = run("pragma user_version"); !error.empty()) return error;
  const std::int64_t version = rows_.cell(0, 0).integer();
  if (std::string error = run("select count(*) from sqlite_schema"); !error.empty()) return error;
  is_empty = rows_.cell(0, 0).integer() == 0;
  if (!is_empty && application != kind_.application) return std::string(kind_.not_ours);
  return version > kind_.version ? std::string(kNewer) : std::string();
}

std::string JournalDatabase::create(std::string_view tables) {
  bool is_empty = false;
  if (std::string error = check_kind(is_empty); !error.empty() || !is_empty) return error;
  return connection_.execute(std::string(tables) +
                             ";pragma application_id = " + std::to_string(kind_.application) +
                             ";pragma user_version = " + std::to_string(kind_.version));
}

std::string JournalDatabase::run(std::string_view statement, Values parameters) {
  const sqlite::Patience patience;
  bool needs_writer = false;
  sqlite::Outcome outcome =
      connection_.run(statement, parameters, sqlite::Wanted::kRows, rows_, patience, needs_writer);
  if (!outcome.failed) return {};
  return outcome.why.empty() ? "it cannot be used" : std::move(outcome.why);
}

}  // namespace zerver::effects
