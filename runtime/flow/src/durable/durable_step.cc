#include <zerver/flow/durable/durable_step.h>

#include <array>

namespace zerver::flow::detail {

namespace {

constexpr std::array kKinds = {FaultKind::kInvalid,   FaultKind::kMissing,     FaultKind::kConflict,
                               FaultKind::kRejected,  FaultKind::kUnavailable, FaultKind::kTimeout,
                               FaultKind::kCancelled, FaultKind::kInternal,    FaultKind::kUnsupported};
static_assert(kKinds.size() == kFaultKinds);

bool read_kind(const JsonValue& in, FaultKind& out) {
  std::string_view name;
  if (!in.read_view(name)) return false;
  for (const FaultKind kind : kKinds) {
    if (name_of(kind) != name) continue;
    out = kind;
    return true;
  }
  return in.reject("is no kind of failure");
}

}  // namespace

void write_journaled_fault(JsonWriter& out, const Fault& fault) {
  out.begin_object();
  out.key("kind");
  out.quoted(name_of(fault.kind));
  out.key("why");
  out.string(fault.why.view());
  if (!fault.pointer.empty()) {
    out.key("pointer");
    out.string(fault.pointer.view());
  }
  if (fault.status != 0) {
    out.key("status");
    write_json(out, std::uint32_t{fault.status});
  }
  if (!fault.document.empty()) {
    out.key("document");
    out.string(fault.document.view());
  }
  out.end_object();
}

bool read_journaled_fault(const JsonValue& in, Fault& out) {
  JsonObject fields(in);
  std::uint32_t status = 0;
  bool has_kind = false;
  while (fields.next()) {
    const std::string_view name = fields.name();
    const JsonValue& value = fields.value();
    if (name == "kind") {
      if (!read_kind(value, out.kind)) return false;
      has_kind = true;
    } else if (name == "why"       ? !value.read(out.why)
               : name == "pointer" ? !value.read(out.pointer)
               : name == "status"  ? !value.read(status)
                                   : name == "document" && !value.read(out.document)) {
      return false;
    }
  }
  out.status = static_cast<std::uint16_t>(status);
  return fields.complete() && (has_kind || fields.missing("kind"));
}

}  // namespace zerver::flow::detail
