// The rows of one answer of the server, read where libpq has put them.
#pragma once

#include "libpq.h"
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/row_source.h>
#include <zerver/flow/data/value.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::effects::postgres {

class Rows final : public flow::RowSource {
 public:
  explicit Rows(const Libpq& pq) noexcept : pq_(&pq) {}

  // Whether the columns of a prepared statement have been compared with names, and with which.
  using ComparedNames = const std::string_view*;

  // Refers to the result from now on, and to what is known of its statement; null: nothing. False when a
  // column came in a form that nobody asked for.
  [[nodiscard]] bool set(const PGresult* result, ComparedNames* compared);

  std::size_t rows() const noexcept override { return rows_; }
  std::size_t columns() const noexcept override { return columns_.size(); }
  std::string_view column(std::size_t index) const noexcept override;
  flow::Value cell(std::size_t row, std::size_t column) const override;
  bool has_columns(std::span<const std::string_view> names) const noexcept override;
  // Rows that an insert, update or delete changed.
  std::int64_t affected() const noexcept;
  std::string_view command() const noexcept { return pq_->command(const_cast<PGresult*>(result_)); }

 private:
  struct Column {
    Oid type;
    bool is_binary;
  };

  flow::Value from_binary(std::string_view bytes, Oid oid) const;
  flow::Value from_text(std::string_view text, Oid oid) const;
  flow::Value time(std::int64_t microseconds) const;
  flow::Value interval(std::string_view text) const;

  const Libpq* pq_;
  const PGresult* result_ = nullptr;
  ComparedNames* compared_ = nullptr;
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
  mutable OutputBuffer written_;
};

}  // namespace zerver::effects::postgres
