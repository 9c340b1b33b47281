// Values as a server gets them.
#pragma once

#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/value.h>

#include <libpq-fe.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::effects::postgres {

// What PQsendQueryPrepared takes; its memory is kept between uses. Text and blobs are not copied where the
// server takes their bytes as they are.
class Parameters {
 public:
  // False when a value does not fit its type. `types` has one for each value.
  [[nodiscard]] bool set(std::span<const flow::Value> values, std::span<const Oid> types);

  int size() const noexcept { return static_cast<int>(values_.size()); }
  const char* const* values() const noexcept { return values_.data(); }
  const int* sizes() const noexcept { return sizes_.data(); }
  const int* formats() const noexcept { return formats_.data(); }

 private:
  bool add(const flow::Value& value, Oid oid);
  bool add_integer(std::int64_t number, Oid oid);
  bool add_real(double number, Oid oid);
  bool add_text(std::string_view text, Oid oid);
  bool add_array(std::string_view json);
  void add_null();
  void add_bytes(std::string_view bytes);
  template <class Integer> bool add_binary(Integer number);
  bool add_written(std::string_view text);
  void add_text_format(const char* text);  // that ends with a zero byte
  const char* keep(std::string_view bytes);

  static constexpr int kTextFormat = 0;
  static constexpr int kBinaryFormat = 1;

  std::vector<const char*> values_;
  std::vector<int> sizes_;
  std::vector<int> formats_;
  OutputBuffer kept_;
};

}  // namespace zerver::effects::postgres
