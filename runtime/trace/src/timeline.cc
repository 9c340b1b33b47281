#include <zerver/core/message.h>
#include <zerver/trace/timeline.h>

#include <array>
#include <charconv>
#include <cstddef>

namespace zerver::trace {
namespace {

constexpr std::size_t kTimeWidth = 15;
constexpr std::size_t kKindWidth = 12;
constexpr int kFractionDigits = 6;  // of a millisecond: nanoseconds

void append_number(std::string& out, std::int64_t number) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), end.ptr);
}

// `20.500000`: milliseconds.
std::string milliseconds(std::int64_t nanoseconds) {
  constexpr std::int64_t kPerMillisecond = 1'000'000;
  std::string text;
  append_number(text, nanoseconds / kPerMillisecond);
  text += '.';
  std::string fraction;
  append_number(fraction, nanoseconds % kPerMillisecond);
  text.append(kFractionDigits - fraction.size(), '0');
  return text + fraction;
}

void pad_to(std::string& out, std::size_t length) {
  if (out.size() < length) out.append(length - out.size(), ' ');
}

void append_detail(std::string& out, const Event& event) {
  switch (detail_of(event.kind)) {
    case Detail::kNothing:
      return;
    case Detail::kNumber:
    case Detail::kStatus:
      return append_number(out, event.detail);
    case Detail::kDuration:
      out += milliseconds(event.detail);
      out += " ms";
      return;
    case Detail::kLine:
      out += "line ";
      return append_number(out, event.detail);
    case Detail::kTarget:
      out += "target ";
      return append_number(out, event.detail);
    case Detail::kCall: {
      const CallDetail call = CallDetail::of(event.detail);
      out += "target ";
      append_number(out, call.target);
      if (call.attempts > 1) {
        out += "  of ";
        append_number(out, call.attempts);
      }
      if (call.timeout == Duration{}) return;
      out += "  within ";
      out += milliseconds(call.timeout.nanoseconds);
      out += " ms";
      return;
    }
    case Detail::kMethod:
      out += method_name(static_cast<Method>(event.detail));
      return;
  }
}

// Names are identifiers of `.flow` files, but a program may record others.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  out += '"';
}

void append_kind(std::string& out, const Event& event) {
  out += "\"kind\":";
  append_quoted(out, name_of(event.kind));
  out += ",\"name\":";
  append_quoted(out, event.name);
  if (event.attempt != 0) {
    out += ",\"attempt\":";
    append_number(out, event.attempt);
  }
  if (event.failed) {
    out += ",\"fault\":";
    append_quoted(out, name_of(event.fault));
  }
  switch (detail_of(event.kind)) {
    case Detail::kNothing:
      break;
    case Detail::kNumber:
      out += ",\"number\":";
      append_number(out, event.detail);
      break;
    case Detail::kDuration:
      out += ",\"nanoseconds\":";
      append_number(out, event.detail);
      break;
    case Detail::kStatus:
      out += ",\"status\":";
      append_number(out, event.detail);
      break;
    case Detail::kTarget:
      out += ",\"target\":";
      append_number(out, event.detail);
      break;
    case Detail::kCall: {
      const CallDetail call = CallDetail::of(event.detail);
      out += ",\"target\":";
      append_number(out, call.target);
      if (call.attempts != 0) {
        out += ",\"attempts\":";
        append_number(out, call.attempts);
      }
      if (call.timeout != Duration{}) {
        out += ",\"timeout\":";
        append_number(out, call.timeout.nanoseconds);
      }
      break;
    }
    case Detail::kLine:
      out += ",\"line\":";
      append_number(out, event.detail);
      break;
    case Detail::kMethod:
      out += ",\"method\":";
      append_quoted(out, method_name(static_cast<Method>(event.detail)));
      break;
  }
}

void append_json(std::string& out, const Event& event, TimePoint start) {
  out += "{\"at\":";
  append_number(out, (event.at - start).nanoseconds);
  out += ',';
  append_kind(out, event);
  out += '}';
}

// Calls `use(event, start)` for the events of a request.
template <class Use> void for_each_of(const Ring& ring, std::uint64_t request, Use use) {
  TimePoint start = TimePoint::never();
  for (std::size_t index = 0; index < ring.size(); ++index) {
    const Event& event = ring[index];
    if (event.request != request) continue;
    if (start == TimePoint::never()) start = event.at;
    use(event, start);
  }
}

}  // namespace

void append_text(std::string& out, const Event& event, TimePoint start) {
  const std::string time = milliseconds((event.at - start).nanoseconds);
  if (time.size() < kTimeWidth) out.append(kTimeWidth - time.size(), ' ');
  out += time;
  out += " ms  #";
  append_number(out, static_cast<std::int64_t>(event.request));
  out += "  ";
  const std::size_t kind = out.size();
  out += name_of(event.kind);
  pad_to(out, kind + kKindWidth);
  out += ' ';
  out += event.name;
  if (event.attempt != 0) {
    out += "  attempt ";
    append_number(out, event.attempt);
  }
  if (event.failed) {
    out += "  ";
    out += name_of(event.fault);
  }
  if (detail_of(event.kind) != Detail::kNothing) {
    out += "  ";
    append_detail(out, event);
  }
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

void append_members(std::string& out, const Event& event) {
  out += "\"request\":";
  append_number(out, static_cast<std::int64_t>(event.request));
  out += ',';
  append_kind(out, event);
}

std::string timeline(const Ring& ring, std::uint64_t request) {
  std::string text;
  for_each_of(ring, request, [&](const Event& event, TimePoint start) { append_text(text, event, start); });
  return text;
}

std::string timeline(const Ring& ring) {
  std::string text;
  for (std::size_t index = 0; index < ring.size(); ++index)
    append_text(text, ring[index]);
  return text;
}

std::string timeline_json(const Ring& ring, std::uint64_t request) {
  std::string text = "[";
  for_each_of(ring, request, [&](const Event& event, TimePoint start) {
    if (text.size() > 1) text += ',';
    append_json(text, event, start);
  });
  return text + "]";
}

}  // namespace zerver::trace
