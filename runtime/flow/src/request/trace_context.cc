#include <zerver/flow/request/trace_context.h>

namespace zerver::flow {

namespace {

// Lower-case digits only, as the specification wants.
bool read_hex(std::string_view text, std::uint64_t& out) noexcept {
  out = 0;
  for (const char c : text) {
    const bool is_letter = c >= 'a' && c <= 'f';
    if (!is_letter && (c < '0' || c > '9')) return false;
    out = out << 4U | static_cast<std::uint64_t>(is_letter ? c - 'a' + 10 : c - '0');
  }
  return true;
}

char* write_hex(char* at, std::uint64_t number, unsigned digits) noexcept {
  for (unsigned shift = digits * 4; shift != 0; shift -= 4)
    *at++ = "0123456789abcdef"[number >> (shift - 4) & 0x0FU];
  return at;
}

// An id of zeros stands for none.
std::uint64_t draw(Random& random) noexcept {
  for (;;) {
    if (const std::uint64_t id = random.u64(); id != 0) return id;
  }
}

}  // namespace

std::optional<TraceContext> TraceContext::of(const Request& request) noexcept {
  const std::string_view text = request.header("traceparent");
  if (text.size() < kParentSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::uint64_t version = 0;
  std::uint64_t parent = 0;
  std::uint64_t flags = 0;
  TraceContext context;
  if (!read_hex(text.substr(0, 2), version) || !read_hex(text.substr(3, 16), context.trace_id[0]) ||
      !read_hex(text.substr(19, 16), context.trace_id[1]) || !read_hex(text.substr(36, 16), parent) ||
      !read_hex(text.substr(53, 2), flags))
    return std::nullopt;
  // A later version may have more behind a dash.
  const bool has_its_size = text.size() == kParentSize || (version != 0 && text[kParentSize] == '-');
  if (version == 0xFF || !has_its_size || parent == 0 || (context.trace_id[0] | context.trace_id[1]) == 0)
    return std::nullopt;
  context.flags = static_cast<std::uint8_t>(flags);
  context.state = request.header("tracestate");
  return context;
}

TraceContext TraceContext::make(Random& random) noexcept {
  TraceContext context;
  context.trace_id = {draw(random), draw(random)};
  return context;
}

std::array<char, TraceContext::kParentSize> TraceContext::child(Random& random) const noexcept {
  std::array<char, kParentSize> text{'0', '0', '-'};
  char* at = write_hex(text.data() + 3, trace_id[0], 16);
  at = write_hex(at, trace_id[1], 16);
  *at++ = '-';
  at = write_hex(at, draw(random), 16);
  *at++ = '-';
  write_hex(at, flags & 1U, 2);
  return text;
}

}  // namespace zerver::flow
