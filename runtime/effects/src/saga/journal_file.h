// The tables of the journal; for one thread.
#pragma once

#include "owner_lock.h"
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/flow/saga/record.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// Copies of records in the order in which they were appended.
class RecordBatch {
 public:
  // May throw bad_alloc, and is as it was then.
  void add(const flow::SagaRecord& record);
  void add(const RecordBatch& other);
  void clear() noexcept;
  bool empty() const noexcept { return entries_.empty(); }
  std::size_t bytes() const noexcept { return text_.size() + entries_.size() * sizeof(Entry); }
  bool releases() const noexcept { return releases_; }

  template <class Visit> void for_each(const Visit& visit) const {
    std::string_view left = text_;
    for (const Entry& entry : entries_) {
      flow::SagaRecord record = entry.record;
      record.name = left.substr(0, entry.name);
      record.data = left.substr(entry.name, entry.data);
      left.remove_prefix(entry.name + entry.data);
      visit(record);
    }
  }

 private:
  struct Entry {
    flow::SagaRecord record;  // without its texts
    std::size_t name;
    std::size_t data;
  };
  std::vector<Entry> entries_;
  std::string text_;
  bool releases_ = false;
};

class JournalFile {
 public:
  // Empty, or what is wrong.
  [[nodiscard]] std::string open(const std::string& path);
  // Only to look at it: what is in it, whoever works at that. Empty, or what is wrong.
  [[nodiscard]] std::string list(const std::string& path, std::vector<flow::SagaHistory>& sagas);
  // See SagaJournal::resolve().
  [[nodiscard]] std::string resolve(const std::string& path, const Uuid& saga, std::uint32_t run,
                                    flow::SagaVerdict verdict);
  // All of it or nothing, and on the disk. Empty, or what is wrong.
  [[nodiscard]] std::string write(const RecordBatch& batch);
  // Takes over what nobody works at.
  [[nodiscard]] std::string claim(std::vector<flow::SagaHistory>& sagas);

 private:
  using Values = std::initializer_list<flow::Value>;

  [[nodiscard]] std::string check_kind(bool& is_empty);
  [[nodiscard]] std::string create();
  [[nodiscard]] std::string run(std::string_view statement, Values parameters = {});
  // Runs `work` in a transaction that ends with it.
  template <class Work> [[nodiscard]] std::string in_transaction(Work work);
  [[nodiscard]] std::string insert(const RecordBatch& batch);
  [[nodiscard]] std::string insert(const flow::SagaRecord& record);
  [[nodiscard]] std::string insert_verdict(const Uuid& saga, std::uint32_t run, flow::SagaVerdict verdict);
  [[nodiscard]] std::string take_dead(std::vector<std::int64_t>& locked, std::vector<std::string>& ids);
  [[nodiscard]] std::string take_released(std::vector<std::string>& ids);
  [[nodiscard]] std::string read(const std::vector<std::string>& ids, std::vector<flow::SagaHistory>& sagas);
  [[nodiscard]] std::string read(flow::SagaHistory& history);
  void append_ids(std::vector<std::string>& ids) const;

  sqlite::Connection connection_;
  OwnerLocks locks_;
  flow::RowSet rows_;
  std::int64_t owner_ = 0;
  std::int64_t number_ = 0;  // of the last record
};

}  // namespace zerver::effects
