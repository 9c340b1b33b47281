// JSON for every type of the language. A generated struct or enum adds its own read_json and write_json,
// found by its argument. What they say in JSON's terms is read and written in the format of the reader or
// writer.
#pragma once

#include <zerver/core/list.h>
#include <zerver/core/result.h>
#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/text.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// --- In ---

template <class T>
  requires requires(const JsonValue& in, T& out) { in.read(out); }
bool read_json(const JsonValue& in, T& out) {
  return in.read(out);
}

template <StrongScalar Scalar> bool read_json(const JsonValue& in, Scalar& out) {
  if (!read_json(in, out.value)) return false;
  if constexpr (Constrained<Scalar>) {
    const std::string_view why = violation(out);
    if (!why.empty()) return in.reject(why);
  }
  return true;
}

// The enum's names, by its generated `bool from_string(std::string_view, Enum&)`.
template <class Enum>
  requires std::is_enum_v<Enum>
bool read_json(const JsonValue& in, Enum& out) {
  std::string_view name;
  return in.read_view(name) && (from_string(name, out) || in.reject("is none of the names that are allowed"));
}

template <class T> bool read_json(const JsonValue& in, std::optional<T>& out);
template <class T> bool read_json(const JsonValue& in, List<T>& out);
template <class T> bool read_json(const JsonValue& in, Map<T>& out);

// null is no value.
template <class T> bool read_json(const JsonValue& in, std::optional<T>& out) {
  if (in.is_null()) {
    out.reset();
    return true;
  }
  return read_json(in, out.emplace());
}

template <class T> bool read_json(const JsonValue& in, List<T>& out) {
  JsonArray elements(in);
  if (!elements.complete()) return false;
  const std::span<T> items = in.arena().make_array<T>(elements.size());
  for (std::size_t index = 0; elements.next(); ++index) {
    if (!read_json(elements.value(), items[index])) return false;
  }
  out = List<T>::borrowed(items);
  return true;
}

namespace detail {
// Rejects an object whose names are not unique. Reorders the names.
bool has_unique_names(const JsonValue& object, std::span<String> names);
}  // namespace detail

template <class T> bool read_json(const JsonValue& in, Map<T>& out) {
  JsonObject fields(in);
  if (!fields.complete()) return false;
  const auto entries = in.arena().make_array<typename Map<T>::Entry>(fields.size());
  const std::span<String> names = in.arena().make_array<String>(fields.size());
  for (std::size_t index = 0; fields.next(); ++index) {
    names[index] = entries[index].key = in.keep(fields.name());
    if (!read_json(fields.value(), entries[index].value)) return false;
  }
  if (!detail::has_unique_names(in, names)) return false;
  out = Map<T>::borrowed(entries);
  return true;
}

// The whole document as one value; `invalid` with the JSON pointer of what is wrong. Throws ArenaFull.
template <class T> Result<T> read_document(JsonReader& reader, const Document& document, Arena& arena) {
  T value{};
  const JsonValue* const root = reader.parse(document, arena);
  if (root == nullptr || !read_json(*root, value)) return reader.fault();
  return value;
}
template <class T>
Result<T> read_json_text(JsonReader& reader, std::string_view text, std::size_t readable, Arena& arena) {
  return read_document<T>(reader, {.text = text, .readable = readable}, arena);
}

// --- Out ---

inline void write_json(JsonWriter& out, std::same_as<bool> auto flag) { out.boolean(flag); }
inline void write_json(JsonWriter& out, std::int32_t number) { out.integer(std::int64_t{number}); }
inline void write_json(JsonWriter& out, std::uint32_t number) { out.integer(std::uint64_t{number}); }
inline void write_json(JsonWriter& out, std::int64_t number) { out.integer(number); }
inline void write_json(JsonWriter& out, std::uint64_t number) { out.integer(number); }
inline void write_json(JsonWriter& out, double number) { out.real(number); }
inline void write_json(JsonWriter& out, String text) { out.string(text); }
inline void write_json(JsonWriter& out, Bytes bytes) { out.base64(bytes.view()); }
inline void write_json(JsonWriter& out, Json json) { out.literal(json.view()); }
inline void write_json(JsonWriter& out, const Uuid& uuid) { out.quoted(Piece(uuid).view()); }
inline void write_json(JsonWriter& out, Timestamp time) { out.timestamp(time); }
inline void write_json(JsonWriter& out, Duration span) { out.quoted(Piece(span).view()); }
inline void write_json(JsonWriter& out, const Decimal& number) { out.quoted(Piece(number).view()); }

template <StrongScalar Scalar> void write_json(JsonWriter& out, const Scalar& scalar) {
  write_json(out, scalar.value);
}
template <class Enum>
  requires std::is_enum_v<Enum>
void write_json(JsonWriter& out, Enum value) {
  out.string(to_string(value));
}

template <class T> void write_json(JsonWriter& out, const std::optional<T>& value);
template <class T> void write_json(JsonWriter& out, const List<T>& list);
template <class T> void write_json(JsonWriter& out, const Map<T>& map);

template <class T> void write_json(JsonWriter& out, const std::optional<T>& value) {
  if (value) {
    write_json(out, *value);
  } else {
    out.null();
  }
}
template <class T> void write_json(JsonWriter& out, const List<T>& list) {
  out.begin_array(list.size());
  for (const T& item : list) {
    out.element();
    write_json(out, item);
  }
  out.end_array();
}
template <class T> void write_json(JsonWriter& out, const Map<T>& map) {
  out.begin_object(map.size());
  for (const auto& entry : map) {
    out.escaped_key(entry.key);
    write_json(out, entry.value);
  }
  out.end_object();
}

}  // namespace zerver::flow
