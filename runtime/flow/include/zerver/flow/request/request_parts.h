// Typed values from the parts of a request: path segments, query, header fields, cookies, body.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/result.h>
#include <zerver/core/string.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/parse_text.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/request/path.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// --- Raw parts: decoded, null when the request has none of that name ---

// The first of that name, decoded; `invalid` when its encoding is broken.
Result<std::optional<std::string_view>> query_value(Exchange& exchange, std::string_view name);
// All of that name in their order.
Result<std::span<const std::string_view>> query_values(Exchange& exchange, std::string_view name);
std::optional<std::string_view> header_value(const Exchange& exchange,
                                             std::string_view lower_case_name) noexcept;
std::optional<std::string_view> cookie_value(const Exchange& exchange, std::string_view name) noexcept;

namespace detail {

Fault missing_part(Arena& arena, std::string_view what, std::string_view name);
Fault invalid_part(Arena& arena, std::string_view what, std::string_view name, std::string_view why);

// base64; the bytes go into the arena.
bool parse_bytes(Arena& arena, std::string_view text, Bytes& out);

template <class T> bool parse_part(Arena& arena, std::string_view text, T& out) {
  if constexpr (StrongScalar<T>) {
    return parse_part(arena, text, out.value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return parse_bytes(arena, text, out);
  } else {
    return parse_text(text, out);
  }
}

// What the text of a T must be, for whoever sent another one.
template <class T> constexpr std::string_view expected_form() noexcept {
  if constexpr (StrongScalar<T>) {
    return expected_form<typename T::scalar_type>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return "must be true or false";
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return "must be an integer from -2147483648 to 2147483647";
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    return "must be an integer from 0 to 4294967295";
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return "must be an integer of at most 64 bits";
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return "must be an integer from 0, of at most 64 bits";
  } else if constexpr (std::is_same_v<T, double>) {
    return "must be a number";
  } else if constexpr (std::is_same_v<T, Decimal>) {
    return "must be a decimal number";
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return "must be base64";
  } else if constexpr (std::is_same_v<T, Uuid>) {
    return "must be a UUID";
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return "must be a time as in RFC 3339";
  } else if constexpr (std::is_same_v<T, Duration>) {
    return "must be a duration as in ISO 8601";
  } else if constexpr (std::is_enum_v<T>) {
    return "is none of the names that are allowed";
  } else {
    return "must be UTF-8";
  }
}

template <class T> struct Part {
  static Result<T> read(Exchange& exchange, std::string_view what, std::string_view name,
                        std::optional<std::string_view> text) {
    if (!text) return missing_part(exchange.arena(), what, name);
    T value{};
    if (!parse_part(exchange.arena(), *text, value))
      return invalid_part(exchange.arena(), what, name, expected_form<T>());
    if constexpr (Constrained<T>) {
      const std::string_view why = violation(value);
      if (!why.empty()) return invalid_part(exchange.arena(), what, name, why);
    }
    return value;
  }
};

template <class T> struct Part<std::optional<T>> {
  static Result<std::optional<T>> read(Exchange& exchange, std::string_view what, std::string_view name,
                                       std::optional<std::string_view> text) {
    if (!text) return std::optional<T>();
    const Result<T> value = Part<T>::read(exchange, what, name, text);
    if (!value) return value.error();
    return std::optional<T>(*value);
  }
};

// All that the query has of a name; nothing when that is none.
template <class Element>
Result<std::optional<List<Element>>> query_list(Exchange& exchange, std::string_view name) {
  const Result<std::span<const std::string_view>> texts = query_values(exchange, name);
  if (!texts) return texts.error();
  if (texts->empty()) return std::optional<List<Element>>();
  const std::span<Element> items = exchange.arena().make_array<Element>(texts->size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Result<Element> item = Part<Element>::read(exchange, "query parameter", name, (*texts)[i]);
    if (!item) return item.error();
    items[i] = *item;
  }
  return std::optional<List<Element>>(List<Element>::borrowed(items));
}

// How a T is read from the query; lists otherwise than single values.
template <class T> struct QueryPart {
  static Result<T> read(Exchange& exchange, std::string_view name) {
    const Result<std::optional<std::string_view>> text = query_value(exchange, name);
    if (!text) return text.error();
    return Part<T>::read(exchange, "query parameter", name, *text);
  }
};
template <class Element> struct QueryPart<std::optional<List<Element>>> {
  static Result<std::optional<List<Element>>> read(Exchange& exchange, std::string_view name) {
    return query_list<Element>(exchange, name);
  }
};
template <class Element> struct QueryPart<List<Element>> {
  static Result<List<Element>> read(Exchange& exchange, std::string_view name) {
    const Result<std::optional<List<Element>>> list = query_list<Element>(exchange, name);
    if (!list) return list.error();
    if (!*list) return missing_part(exchange.arena(), "query parameter", name);
    return **list;
  }
};

}  // namespace detail

// --- Typed parts ---
// `T` is any scalar type of the language, in the query also a list of one, or std::optional of these for a
// part that may be absent (and for `?? default`). Faults are `invalid` and name the part. Strings are views
// of the request or in its arena. Throw ArenaFull.

// `raw` is what the router captured of a path that normalize_path() has accepted.
template <class T> Result<T> path_part(Exchange& exchange, std::string_view name, std::string_view raw) {
  return detail::Part<T>::read(exchange, "path parameter", name, percent_decode(exchange.arena(), raw));
}
template <class T> Result<T> query_part(Exchange& exchange, std::string_view name) {
  return detail::QueryPart<T>::read(exchange, name);
}
template <class T> Result<T> header_part(Exchange& exchange, std::string_view lower_case_name) {
  return detail::Part<T>::read(exchange, "header field", lower_case_name,
                               header_value(exchange, lower_case_name));
}
template <class T> Result<T> cookie_part(Exchange& exchange, std::string_view name) {
  return detail::Part<T>::read(exchange, "cookie", name, cookie_value(exchange, name));
}

// `key request.idempotency_key`: what the client calls the request; one that is drawn at random when it does
// not, so that at least the attempts of one effect are the same.
String idempotency_key(Exchange& exchange);

// What speaks against reading the body as a document, of the format that this finds: a media type that the
// flow does not take, or a coding. Null: nothing. A request without a type, and one that is called a form, as
// many a client calls whatever it sends when nobody tells it otherwise, is judged by its body: JSON or not.
const Fault* refusal_of_body(const Exchange& exchange, Format& format) noexcept;

// `request.json`: the body. An empty one is `invalid`, as it is no JSON; `unsupported` when it is none by
// what the request says of it (RFC 9110, 15.5.16).
template <class T> Result<T> json_part(Exchange& exchange) {
  Document body{.text = exchange.request.body, .readable = Request::kBodyPadding, .stays = true};
  if (const Fault* const refusal = refusal_of_body(exchange, body.format)) return *refusal;
  return read_document<T>(exchange.worker().json_reader(), body, exchange.arena());
}
// `request.body` as bytes, and as text.
inline Bytes body_bytes(const Exchange& exchange) noexcept { return Bytes::borrowed(exchange.request.body); }
Result<String> body_text(Exchange& exchange);

}  // namespace zerver::flow
