#include "journal_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace zerver::effects {

namespace {

using flow::SagaRecord;
using flow::SagaRecordKind;
using flow::Value;

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kApplication = 0x5A535731;  // "ZSW1"
constexpr std::string_view kNotOurs = "it is a database, but no saga journal";
constexpr std::string_view kNewer = "it was written by a newer version of this program's runtime";

Value blob(const Uuid& id) noexcept {
  return Value(Bytes::borrowed({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}));
}
Value text(std::string_view view) noexcept { return Value(String::borrowed(view)); }

bool parse_id(std::string_view bytes, Uuid& id) noexcept {
  if (bytes.size() != id.bytes.size()) return false;
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return true;
}

// So that the database, which keeps the mode of a file that is there, is for its owner only.
std::string create_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file == -1) return std::strerror(errno);
  close(file);
  return {};
}

}  // namespace

// --- RecordBatch ---

void RecordBatch::add(const SagaRecord& record) {
  Entry entry{record, record.name.size(), record.data.size()};
  entry.record.name = {};
  entry.record.data = {};
  // What can throw comes first, and changes nothing that counts.
  const std::size_t size = text_.size() + entry.name + entry.data;
  if (size > text_.capacity()) text_.reserve(2 * size);
  entries_.push_back(entry);
  text_.append(record.name).append(record.data);
  releases_ = releases_ || record.kind == SagaRecordKind::kReleased;
}

void RecordBatch::add(const RecordBatch& other) {
  other.for_each([this](const SagaRecord& record) { add(record); });
}

void RecordBatch::clear() noexcept {
  entries_.clear();
  text_.clear();
  releases_ = false;
}

// --- JournalFile ---

std::string JournalFile::open(const std::string& path) {
  if (std::string error = create_private(path); !error.empty()) return error;
  if (std::string error = connection_.open(path, false); !error.empty()) return error;
  // A completion that is lost with the machine's power would make a step one in doubt.
  if (std::string error = connection_.execute("pragma synchronous = full"); !error.empty()) return error;
  if (std::string error = run("pragma quick_check(1)"); !error.empty()) return error;
  if (rows_.rows() == 0 || rows_.cell(0, 0).text() != "ok")
    return "it is damaged: " + (rows_.rows() == 0 ? std::string() : std::string(rows_.cell(0, 0).text()));
  if (std::string error = locks_.open(path + "-owners"); !error.empty()) return error;
  return in_transaction([this] { return create(); });
}

std::string JournalFile::list(const std::string& path, std::vector<flow::SagaHistory>& sagas) {
  if (access(path.c_str(), F_OK) != 0) return std::strerror(errno);
  if (std::string error = connection_.open(path, true); !error.empty()) return error;
  bool is_empty = false;
  std::string error = check_kind(is_empty);
  if (!error.empty() || is_empty) return error;
  error = run("select distinct saga from record");
  if (!error.empty()) return error;
  std::vector<std::string> ids;
  append_ids(ids);
  return read(ids, sagas);
}

std::string JournalFile::resolve(const std::string& path, const Uuid& saga, std::uint32_t run,
                                 flow::SagaVerdict verdict) {
  if (access(path.c_str(), F_OK) != 0) return std::strerror(errno);
  if (std::string error = connection_.open(path, false); !error.empty()) return error;
  if (std::string error = connection_.execute("pragma synchronous = full"); !error.empty()) return error;
  bool is_empty = false;
  if (std::string error = check_kind(is_empty); !error.empty()) return error;
  if (is_empty) return "it has no such saga";
  return in_transaction([&] { return insert_verdict(saga, run, verdict); });
}

std::string JournalFile::insert_verdict(const Uuid& saga, std::uint32_t run, flow::SagaVerdict verdict) {
  flow::SagaHistory history;
  history.id = saga;
  if (std::string error = read(history); !error.empty()) return error;
  if (history.flow.empty()) return "it has no such saga";
  if (history.blocked.empty()) return "the saga does not wait for an operator";
  const flow::SagaRun* const found = history.find(run);
  if (run != 0 && found == nullptr) return "the saga has no run " + std::to_string(run);
  if (std::string error = this->run("select owner from record where saga = ? limit 1", {blob(saga)});
      !error.empty())
    return error;
  owner_ = rows_.cell(0, 0).integer();
  flow::SagaRecord record;
  record.saga = saga;
  record.kind = SagaRecordKind::kDismissed;
  if (found != nullptr) {
    record.kind = flow::record_of(verdict);
    record.run = run;
    record.data = found->data;
  }
  RecordBatch batch;
  batch.add(record);
  record = {};
  record.saga = saga;
  record.kind = SagaRecordKind::kReleased;
  batch.add(record);
  return insert(batch);
}

// Whether it is a journal, or nothing yet.
std::string JournalFile::check_kind(bool& is_empty) {
  if (std::string error = run("pragma application_id"); !error.empty()) return error;
  const std::int64_t application = rows_.cell(0, 0).integer();
  if (std::string error = run("pragma user_version"); !error.empty()) return error;
  const std::int64_t version = rows_.cell(0, 0).integer();
  if (std::string error = run("select count(*) from sqlite_schema"); !error.empty()) return error;
  is_empty = rows_.cell(0, 0).integer() == 0;
  if (!is_empty && application != kApplication) return std::string(kNotOurs);
  return version > kVersion ? std::string(kNewer) : std::string();
}

std::string JournalFile::create() {
  bool is_empty = false;
  if (std::string error = check_kind(is_empty); !error.empty()) return error;
  if (is_empty) {
    const std::string script =
        "create table owner(id integer primary key autoincrement);"
        "create table record(saga blob not null, number integer not null, owner integer not null,"
        "  kind integer not null, run integer not null, is_last integer not null, name text not null,"
        "  data text not null, at integer not null, primary key(saga, number)) without rowid;"
        "pragma application_id = " +
        std::to_string(kApplication) + ";pragma user_version = " + std::to_string(kVersion);
    if (std::string error = connection_.execute(script); !error.empty()) return error;
  }
  if (std::string error = run("insert into owner default values returning id"); !error.empty()) return error;
  owner_ = rows_.cell(0, 0).integer();
  if (!locks_.try_lock(owner_)) return "the lock of a new owner is taken";
  if (std::string error = run("select coalesce(max(number), 0) from record"); !error.empty()) return error;
  number_ = rows_.cell(0, 0).integer();
  return {};
}

std::string JournalFile::run(std::string_view statement, Values parameters) {
  const sqlite::Patience patience;
  bool needs_writer = false;
  sqlite::Outcome outcome =
      connection_.run(statement, parameters, sqlite::Wanted::kRows, rows_, patience, needs_writer);
  if (!outcome.failed) return {};
  return outcome.why.empty() ? "it cannot be used" : std::move(outcome.why);
}

template <class Work> std::string JournalFile::in_transaction(Work work) {
  std::string error = run("begin immediate");
  if (!error.empty()) return error;
  error = work();
  if (error.empty()) error = run("commit");
  // What cannot be rolled back has been by SQLite itself.
  if (!error.empty()) static_cast<void>(run("rollback"));
  return error;
}

std::string JournalFile::write(const RecordBatch& batch) {
  return in_transaction([&] { return insert(batch); });
}

std::string JournalFile::insert(const RecordBatch& batch) {
  std::string error;
  batch.for_each([&](const SagaRecord& record) {
    if (error.empty()) error = insert(record);
  });
  return error;
}

std::string JournalFile::insert(const SagaRecord& record) {
  if (record.kind == SagaRecordKind::kEnded)
    return run("delete from record where saga = ?", {blob(record.saga)});
  // Behind all records of the saga, also those that an operator's program has added.
  return run(
      "insert into record values (?1, max(?2, (select coalesce(max(number), 0) + 1 from record where saga = "
      "?1)), "
      "?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      {blob(record.saga), Value(++number_), Value(owner_), Value(static_cast<std::int32_t>(record.kind)),
       Value(record.run), Value(record.is_last), text(record.name), text(record.data),
       Value(record.at.microseconds)});
}

// --- Taking over ---

std::string JournalFile::claim(std::vector<flow::SagaHistory>& sagas) {
  std::vector<std::int64_t> locked;
  std::vector<std::string> ids;
  std::string error = in_transaction([&] {
    std::string failure = take_dead(locked, ids);
    if (failure.empty()) failure = take_released(ids);
    return failure;
  });
  for (const std::int64_t owner : locked)
    locks_.unlock(owner);
  if (!error.empty()) return error;
  return read(ids, sagas);
}

std::string JournalFile::read(const std::vector<std::string>& ids, std::vector<flow::SagaHistory>& sagas) {
  for (const std::string& id : ids) {
    flow::SagaHistory history;
    if (!parse_id(id, history.id)) {
      history.broken = "the journal has a saga without a name";
    } else if (std::string error = read(history); !error.empty()) {
      return error;
    }
    sagas.push_back(std::move(history));
  }
  return {};
}

void JournalFile::append_ids(std::vector<std::string>& ids) const {
  for (std::size_t row = 0; row < rows_.rows(); ++row)
    ids.emplace_back(rows_.cell(row, 0).text());
}

// The locks are kept until the transaction has ended, so that no other process does the same.
std::string JournalFile::take_dead(std::vector<std::int64_t>& locked, std::vector<std::string>& ids) {
  std::string error = run("select distinct owner from record where owner <> ?", {Value(owner_)});
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    const std::int64_t owner = rows_.cell(row, 0).integer();
    if (locks_.try_lock(owner)) locked.push_back(owner);
  }
  for (const std::int64_t owner : locked) {
    error = run("select distinct saga from record where owner = ?", {Value(owner)});
    if (!error.empty()) return error;
    append_ids(ids);
    error = run("delete from record where owner = ? and kind = ?",
                {Value(owner), Value(static_cast<std::int32_t>(SagaRecordKind::kReleased))});
    if (!error.empty()) return error;
    error = run("update record set owner = ? where owner = ?", {Value(owner_), Value(owner)});
    if (!error.empty()) return error;
  }
  // Numbers go on behind those of the other processes.
  error = run("select coalesce(max(number), 0) from record where owner = ?", {Value(owner_)});
  if (error.empty()) number_ = std::max(number_, rows_.cell(0, 0).integer());
  return error;
}

std::string JournalFile::take_released(std::vector<std::string>& ids) {
  const Value released(static_cast<std::int32_t>(SagaRecordKind::kReleased));
  std::string error =
      run("select distinct saga from record where owner = ? and kind = ?", {Value(owner_), released});
  if (!error.empty()) return error;
  append_ids(ids);
  return run("delete from record where owner = ? and kind = ?", {Value(owner_), released});
}

std::string JournalFile::read(flow::SagaHistory& history) {
  std::string error =
      run("select kind, run, is_last, name, data, at from record where saga = ? order by number",
          {blob(history.id)});
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    const std::int64_t kind = rows_.cell(row, 0).integer();
    if (kind < 1 || kind > static_cast<std::int64_t>(SagaRecordKind::kDismissed)) {
      history.broken = "the journal has a record of an unknown kind";
      continue;
    }
    const Value name = rows_.cell(row, 3);
    const Value data = rows_.cell(row, 4);
    flow::apply(history, {.saga = history.id,
                          .kind = static_cast<SagaRecordKind>(kind),
                          .is_last = rows_.cell(row, 2).integer() != 0,
                          .run = static_cast<std::uint32_t>(rows_.cell(row, 1).integer()),
                          .name = name.text(),
                          .data = data.text(),
                          .at = {rows_.cell(row, 5).integer()}});
  }
  return {};
}

}  // namespace zerver::effects
