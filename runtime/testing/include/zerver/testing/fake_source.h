// A stream as a test tells it: parts, and how it ends.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/core/list.h>
#include <zerver/flow/data/row_set.h>
#include <zerver/flow/stream/source.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::testing {

// Handed out by FakeReply::open(), once. Parts of rows, values or bytes, as the operation is declared. Gives
// a part from within next(), unless it is held back.
class FakeSource final : public flow::Source {
 public:
  FakeSource& rows(const std::vector<std::string>& columns,
                   const std::vector<std::vector<flow::Value>>& rows);
  // What their texts refer to outlives it.
  template <class T> FakeSource& values(std::vector<T> values) {
    struct Kept {
      std::vector<T> values;
      List<T> list;
    };
    auto kept = std::make_shared<Kept>(Kept{std::move(values), {}});
    kept->list = List<T>::borrowed(kept->values);
    parts_.push_back({.rows = nullptr, .values = {kept, &kept->list}, .bytes = {}});
    return *this;
  }
  FakeSource& bytes(std::string bytes);
  // How it ends behind its parts; else it just ends.
  FakeSource& fails(FaultKind kind, std::string why = "as the test says");
  // From this part on, counted from 0, next() is answered by release().
  FakeSource& hold_back_from(std::size_t part);

  // Answers next(), which waits.
  void release();
  bool is_waiting() const noexcept { return reader_ != nullptr; }
  // Parts that have been asked for.
  std::size_t asked() const noexcept { return next_; }
  bool is_closed() const noexcept { return closed_; }

  void next(Reader& reader) noexcept override;
  void close() noexcept override;

 private:
  struct Part {
    std::unique_ptr<flow::RowSet> rows;  // or:
    std::shared_ptr<const void> values;  // a List, or:
    std::string bytes;
  };

  void give(Reader& reader) noexcept;

  std::vector<Part> parts_;
  std::string_view view_;  // of the part that was given last
  std::optional<Fault> fault_;
  std::string why_;
  Reader* reader_ = nullptr;
  std::size_t next_ = 0;
  std::size_t held_from_ = static_cast<std::size_t>(-1);
  bool closed_ = false;
};

}  // namespace zerver::testing
