#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/parse_text.h>
#include <zerver/flow/data/row_set.h>
#include <zerver/flow/data/text.h>
#include <zerver/flow/data/utf8.h>

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace zerver::flow {

// --- RowSet ---

void RowSet::clear() noexcept {
  text_.clear();
  names_.clear();
  cells_.clear();
  affected_ = 0;
}

RowSet::Slice RowSet::keep(std::string_view text) {
  const std::size_t begin = text_.size();
  text_.append(text);
  return {begin, text.size()};
}

void RowSet::add_column(std::string_view name) { names_.push_back(keep(name)); }

void RowSet::add_cell(const Value& value) {
  cells_.push_back({value, value.has_text() ? keep(value.text()) : Slice{}});
}

std::string_view RowSet::column(std::size_t index) const noexcept {
  return text_.view().substr(names_[index].begin, names_[index].size);
}

Value RowSet::cell(std::size_t row, std::size_t column) const noexcept {
  const Cell& cell = cells_[row * names_.size() + column];
  const auto text = [&] { return text_.view().substr(cell.text.begin, cell.text.size); };
  switch (cell.value.kind()) {
    case Value::Kind::kText:
      return Value(String::borrowed(text()));
    case Value::Kind::kBlob:
      return Value(Bytes::borrowed(text()));
    case Value::Kind::kList:
      return Value::list(text());
    default:
      return cell.value;
  }
}

// --- RowReader ---

// From the column after the last one found, so a struct in the order of the columns costs one comparison
// each.
bool RowReader::find(std::span<const RowField> fields) {
  const std::size_t count = rows_->columns();
  const std::span<std::uint16_t> found = arena_->make_array<std::uint16_t>(fields.size());
  std::size_t next = 0;
  for (std::size_t field = 0; field < fields.size(); ++field) {
    found[field] = RowLayout::kNoColumn;
    for (std::size_t tried = 0; tried < count && found[field] == RowLayout::kNoColumn; ++tried) {
      const std::size_t column = (next + tried) % count;
      if (rows_->column(column) == fields[field].column) found[field] = static_cast<std::uint16_t>(column);
    }
    if (found[field] != RowLayout::kNoColumn) {
      next = found[field] + std::size_t{1};
    } else if (fields[field].is_required) {
      record({"the row has no column `", fields[field].column, "`"});
      return false;
    }
  }
  columns_ = found;
  return true;
}

bool RowReader::has_one_column() noexcept {
  if (rows_->columns() == 1) return true;
  record({"the row has more than one column, and one value is wanted"});
  return false;
}

bool RowReader::misfit(std::size_t column, std::string_view why) noexcept {
  record({"the row's column `", rows_->column(column), "` ", why});
  return false;
}

// The rows are gone when the fault is read, so its text is put into the arena.
void RowReader::record(std::initializer_list<Piece> why) noexcept {
  fault_.kind = FaultKind::kInternal;
  try {
    fault_.why = concat(*arena_, why);
  } catch (const ArenaFull&) {
    fault_.why = "the row does not fit, and the arena is full";
  }
}

namespace {

template <class Integer> bool to_integer(const Value& value, Integer& out) noexcept {
  if (value.kind() == Value::Kind::kText) return parse_text(value.text(), out);
  if (value.kind() != Value::Kind::kInteger && value.kind() != Value::Kind::kBool) return false;
  if (!std::in_range<Integer>(value.integer())) return false;
  out = static_cast<Integer>(value.integer());
  return true;
}

template <class T> bool from_text(const Value& value, T& out) noexcept {
  return value.kind() == Value::Kind::kText && parse_text(value.text(), out);
}

}  // namespace

Value RowReader::plain_value(std::string_view text, bool) noexcept {
  if (text != "t" && text != "f") return Value(String::borrowed(text));
  return Value(text == "t");
}

Value RowReader::plain_value(std::string_view text, double) noexcept {
  double number = 0;
  return parse_text(text, number) ? Value(number) : Value(String::borrowed(text));
}

bool RowReader::read(std::size_t column, const Value& value, bool& out) {
  // SQLite has no booleans: 0 and 1.
  const bool fits = value.kind() == Value::Kind::kBool ||
                    (value.kind() == Value::Kind::kInteger && (value.integer() | 1) == 1);
  if (!fits) return misfit(column, "is not true or false");
  out = value.boolean();
  return true;
}

bool RowReader::read(std::size_t column, const Value& value, std::int32_t& out) {
  return to_integer(value, out) || misfit(column, "is no i32");
}
bool RowReader::read(std::size_t column, const Value& value, std::uint32_t& out) {
  return to_integer(value, out) || misfit(column, "is no u32");
}
bool RowReader::read(std::size_t column, const Value& value, std::int64_t& out) {
  return to_integer(value, out) || misfit(column, "is no i64");
}
bool RowReader::read(std::size_t column, const Value& value, std::uint64_t& out) {
  return to_integer(value, out) || misfit(column, "is no u64");
}

bool RowReader::read(std::size_t column, const Value& value, double& out) {
  if (value.kind() == Value::Kind::kReal) {
    out = value.real();
  } else if (value.kind() == Value::Kind::kInteger) {
    out = static_cast<double>(value.integer());
  } else {
    return misfit(column, "is no number");
  }
  return true;
}

bool RowReader::read(std::size_t column, const Value& value, String& out) {
  if (value.kind() != Value::Kind::kText) return misfit(column, "is no text");
  if (!is_utf8(value.text())) return misfit(column, "is no UTF-8");
  out = arena_->text(value.text());
  return true;
}

bool RowReader::read(std::size_t column, const Value& value, Bytes& out) {
  if (value.kind() != Value::Kind::kText && value.kind() != Value::Kind::kBlob)
    return misfit(column, "is no blob");
  out = Bytes::borrowed(arena_->text(value.text()));
  return true;
}

bool RowReader::read(std::size_t column, const Value& value, Json& out) {
  if (value.kind() == Value::Kind::kInteger || value.kind() == Value::Kind::kReal) {
    // What SQLite makes of a number in a column of type `json`.
    const bool is_integer = value.kind() == Value::Kind::kInteger;
    out = Json::borrowed(concat(*arena_, {is_integer ? Piece(value.integer()) : Piece(value.real())}));
    return true;
  }
  if (value.kind() != Value::Kind::kText || json_reader_->parse(value.text(), 0, *arena_) == nullptr) {
    return misfit(column, "is no JSON");
  }
  out = Json::borrowed(arena_->text(value.text()));
  return true;
}

bool RowReader::read(std::size_t column, const Value& value, Uuid& out) {
  return from_text(value, out) || misfit(column, "is no uuid");
}
bool RowReader::read(std::size_t column, const Value& value, Timestamp& out) {
  return from_text(value, out) || misfit(column, "is no RFC 3339 time");
}
bool RowReader::read(std::size_t column, const Value& value, Duration& out) {
  return from_text(value, out) || misfit(column, "is no ISO 8601 duration");
}

bool RowReader::read(std::size_t column, const Value& value, Decimal& out) {
  if (value.kind() == Value::Kind::kInteger) {
    out = {value.integer(), 0};
    return true;
  }
  if (value.kind() == Value::Kind::kReal) {
    // What SQLite makes of a decimal in a column of type `numeric`. The shortest digits that mean the same
    // number are those that were bound, up to 15 of them.
    std::array<char, Decimal::kMaxText> text{};
    const auto [end, code] =
        std::to_chars(text.data(), text.data() + text.size(), value.real(), std::chars_format::fixed);
    const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
    return (code == std::errc() && parse_text(digits, out)) || misfit(column, "is no decimal");
  }
  return from_text(value, out) || misfit(column, "is no decimal");
}

}  // namespace zerver::flow
