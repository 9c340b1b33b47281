// Copies of records of a journal in the order in which they were appended.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// `Record` is copyable and has two texts, `name` and `data`.
template <class Record> class RecordBatch {
 public:
  // May throw bad_alloc, and is as it was then.
  void add(const Record& record) {
    Entry entry{record, record.name.size(), record.data.size()};
    entry.record.name = {};
    entry.record.data = {};
    // What can throw comes first, and changes nothing that counts.
    const std::size_t size = text_.size() + entry.name + entry.data;
    if (size > text_.capacity()) text_.reserve(2 * size);
    entries_.push_back(entry);
    text_.append(record.name).append(record.data);
  }
  void add(const RecordBatch& other) {
    other.for_each([this](const Record& record) { add(record); });
  }
  void clear() noexcept {
    entries_.clear();
    text_.clear();
  }
  bool empty() const noexcept { return entries_.empty(); }
  std::size_t bytes() const noexcept { return text_.size() + entries_.size() * sizeof(Entry); }

  template <class Visit> void for_each(const Visit& visit) const {
    std::string_view left = text_;
    for (const Entry& entry : entries_) {
      Record record = entry.record;
      record.name = left.substr(0, entry.name);
      record.data = left.substr(entry.name, entry.data);
      left.remove_prefix(entry.name + entry.data);
      visit(record);
    }
  }

 private:
  struct Entry {
    Record record;  // without its texts
    std::size_t name;
    std::size_t data;
  };
  std::vector<Entry> entries_;
  std::string text_;
};

}  // namespace zerver::effects
