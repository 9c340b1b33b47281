#include <zerver/testing/fake_source.h>

#include <stdexcept>
#include <utility>

namespace zerver::testing {

FakeSource& FakeSource::rows(const std::vector<std::string>& columns,
                             const std::vector<std::vector<flow::Value>>& rows) {
  auto set = std::make_unique<flow::RowSet>();
  for (const std::string& column : columns)
    set->add_column(column);
  for (const auto& row : rows) {
    for (const flow::Value& cell : row)
      set->add_cell(cell);
  }
  parts_.push_back({.rows = std::move(set), .values = {}, .bytes = {}});
  return *this;
}

FakeSource& FakeSource::bytes(std::string bytes) {
  parts_.push_back({.rows = nullptr, .values = {}, .bytes = std::move(bytes)});
  return *this;
}

FakeSource& FakeSource::fails(FaultKind kind, std::string why) {
  why_ = std::move(why);
  fault_ = Fault{kind, String::borrowed(why_), {}};
  return *this;
}

FakeSource& FakeSource::hold_back_from(std::size_t part) {
  held_from_ = part;
  return *this;
}

void FakeSource::release() {
  if (reader_ == nullptr) throw std::logic_error("nobody waits for a part");
  give(*std::exchange(reader_, nullptr));
}

void FakeSource::next(Reader& reader) noexcept {
  if (next_ < held_from_) return give(reader);
  reader_ = &reader;
}

void FakeSource::close() noexcept {
  closed_ = true;
  reader_ = nullptr;
}

void FakeSource::give(Reader& reader) noexcept {
  const std::size_t index = next_++;
  if (index < parts_.size()) {
    const Part& part = parts_[index];
    view_ = part.bytes;
    // The reader knows by the operation's declaration what it gets.
    if (part.rows != nullptr) return reader.on_part(static_cast<const flow::RowSource*>(part.rows.get()));
    if (part.values != nullptr) return reader.on_part(part.values.get());
    return reader.on_part(&view_);
  }
  if (fault_) return reader.on_failure(*fault_);
  reader.on_end();
}

}  // namespace zerver::testing
