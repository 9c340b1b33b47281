#include "message/request.h"

#include "coding/content_decoder.h"
#include <zerver/http/request_writer.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::size_t kMostFields = 64;
// Longer is told as this, in milliseconds: `grpc-timeout` has eight digits.
constexpr std::int64_t kMostTime = 99'999'999;

bool is_idempotent(Method method) noexcept {
  switch (method) {
    case Method::kGet:
    case Method::kHead:
    case Method::kOptions:
    case Method::kPut:
    case Method::kDelete:
      return true;
    default:
      return false;
  }
}

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4U];
      out += "0123456789ABCDEF"[byte & 0x0FU];
    }
  }
}

// Types whose content is compressed by itself gain nothing.
bool is_compressible(std::string_view content_type) noexcept {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' '))
    type.remove_suffix(1);
  const auto is_of = [&](std::string_view kind) {
    return equals_ignoring_case(type.substr(0, kind.size()), kind);
  };
  if (is_of("video/") || is_of("audio/") || is_of("font/woff")) return false;
  if (is_of("image/"))
    return equals_ignoring_case(type, "image/svg+xml") || equals_ignoring_case(type, "image/bmp");
  constexpr std::array<std::string_view, 10> kCompressed = {
      "application/gzip",        "application/x-gzip",  "application/zip",
      "application/zstd",        "application/x-bzip2", "application/x-xz",
      "application/x-brotli",    "application/pdf",     "application/x-7z-compressed",
      "application/java-archive"};
  return std::ranges::none_of(kCompressed,
                              [&](std::string_view one) { return equals_ignoring_case(type, one); });
}

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (is_unreserved(c) && c != '~') || kOthers.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string_view Request::method_name() const noexcept {
  return method_ == Method::kOther ? method_name_ : zerver::method_name(method_);
}

std::string_view Request::make(const Wanted& wanted, flow::Operation& operation, const Settings& settings,
                               std::string_view authorization, Gzip& gzip) {
  method_ = wanted.method;
  method_name_ = wanted.method_name;
  if (method_ == Method::kOther && !is_token(method_name_)) return "the method is not a token";
  if (method_ == Method::kConnect || method_ == Method::kTrace) return "the method is not one of requests";
  make_target(wanted, settings);
  if (const std::string_view fault = http::find_fault_in_target(url_.target); !fault.empty()) return fault;
  has_body_ = !wanted.content_type.empty();
  body_ = wanted.body;
  content_type_ = wanted.content_type;
  content_coding_ = {};
  is_streamed_ = wanted.body_source != nullptr;
  if (has_body_ && !http::find_fault_in_field({"X", content_type_}).empty())
    return "the content type has a control character";
  is_repeatable_ = is_idempotent(method_) || wanted.is_repeatable || !operation.key().empty();
  time_field_ = wanted.time_field;
  time_unit_ = wanted.time_unit;

  fields_.clear();
  add("User-Agent", "zerver");
  if (!wanted.accept.empty()) {
    add("Accept", wanted.accept);
    add("Accept-Encoding", kAcceptedCodings);
  }
  flow::Worker& worker = operation.worker();
  const flow::TraceContext* const trace = operation.trace_context();
  trace_parent_ =
      (trace != nullptr ? *trace : flow::TraceContext::make(worker.random())).child(worker.random());
  add("traceparent", {trace_parent_.data(), trace_parent_.size()});
  add(time_field_, {});
  own_fields_ = fields_.size();
  if (trace != nullptr && !trace->state.empty()) add("tracestate", trace->state);
  if (!operation.key().empty()) add("Idempotency-Key", operation.key());
  for (const Header& field : wanted.fields)
    add(field.name, field.value);
  if (const std::string_view fault = add_callers(wanted.headers); !fault.empty()) return fault;
  authorization_ = authorization;
  if (!authorization_.empty() && !has("authorization")) add("Authorization", authorization_);
  const bool is_long = settings.compress_over && body_.size() > *settings.compress_over;
  if (is_long && !has("content-encoding") && is_compressible(content_type_)) compress(gzip);
  // The first ones are constants and digits, or have been looked at by add_callers().
  for (const Header& field : std::span(fields_).subspan(own_fields_)) {
    if (const std::string_view fault = http::find_fault_in_field(field); !fault.empty()) return fault;
  }
  return {};
}

void Request::compress(Gzip& gzip) {
  coded_.clear_and_shrink(kKeptBuffer);
  if (!gzip.encode(body_, coded_) || coded_.size() >= body_.size()) return;
  body_ = coded_.view();
  content_coding_ = "gzip";
}

// Below the base, whatever the path is.
void Request::make_target(const Wanted& wanted, const Settings& settings) {
  url_.origin.tls = settings.base.origin.tls;
  url_.origin.host = settings.base.origin.host;
  url_.origin.port = settings.base.origin.port;
  url_.target = settings.base.target;
  if (!wanted.path.starts_with('/')) url_.target += '/';
  url_.target += wanted.path;
  if (wanted.query == nullptr) return;
  char separator = wanted.path.find('?') == std::string_view::npos ? '?' : '&';
  for (const auto& [name, value] : *wanted.query) {
    url_.target += std::exchange(separator, '&');
    append_encoded(url_.target, name);
    url_.target += '=';
    append_encoded(url_.target, value);
  }
}

std::string_view Request::add_callers(const Map<String>* headers) {
  if (headers == nullptr) return {};
  for (const auto& [name, value] : *headers) {
    if (fields_.size() == kMostFields) return "there are too many header fields";
    if (equals_ignoring_case(name, "zerver-timeout-ms") || equals_ignoring_case(name, "traceparent"))
      return "a header field is one that the client writes itself";
    // In place of ours.
    const auto ours = std::ranges::find_if(fields_, [&](const Header& field) {
      return field.name.size() == name.size() &&
             std::ranges::equal(field.name, name.view(),
                                [](char left, char right) { return (left | 0x20) == (right | 0x20); });
    });
    if (ours != fields_.end()) {
      ours->value = value;
      if (const std::string_view fault = http::find_fault_in_field(*ours); !fault.empty()) return fault;
    } else {
      add(name, value);
    }
  }
  return {};
}

bool Request::has(std::string_view lower_case_name) const noexcept {
  return find_header(fields_, lower_case_name) != nullptr;
}

void Request::set_time_left(Duration left) {
  const std::int64_t milliseconds = std::clamp<std::int64_t>(left.nanoseconds / 1'000'000, 1, kMostTime);
  char* end = std::to_chars(time_left_.data(), time_left_.data() + time_left_.size(), milliseconds).ptr;
  end = std::ranges::copy(time_unit_, end).out;
  const auto size = static_cast<std::size_t>(end - time_left_.data());
  const auto field = std::ranges::find(fields_, time_field_, &Header::name);
  if (left == Duration::max()) {
    if (field != fields_.end()) {
      fields_.erase(field);
      --own_fields_;
    }
    return;
  }
  if (field != fields_.end()) field->value = {time_left_.data(), size};
}

bool Request::redirect(std::uint16_t status, Url target) {
  const bool is_other = target.origin != url_.origin;
  if (url_.origin.tls && !target.origin.tls) return false;
  const bool becomes_get = (status == 303 && method_ != Method::kHead) ||
                           ((status == 301 || status == 302) && method_ == Method::kPost);
  if (becomes_get) {
    method_ = Method::kGet;
    has_body_ = false;
    body_ = {};
    content_type_ = {};
    content_coding_ = {};
  } else if (is_streamed_) {
    return false;
  }
  if (is_other) {
    if (has_body_) return false;
    fields_.resize(own_fields_);
  }
  url_ = std::move(target);
  return true;
}

}  // namespace zerver::effects::http_client
