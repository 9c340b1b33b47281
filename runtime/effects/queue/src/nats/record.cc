#include "record.h"

#include <array>
#include <cstring>

namespace zerver::effects::queue {

namespace {

constexpr char kVersion = 1;

void add(std::string& to, std::uint64_t number) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    to += static_cast<char>(number >> shift & 0xFF);
}
void add(std::string& to, const std::string& text) {
  add(to, std::uint64_t{text.size()});
  to += text;
}

// Within the bounds of what is read.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : bytes_(bytes) {}
  bool is_done() const noexcept { return ok_ && bytes_.empty(); }

  std::string_view take(std::uint64_t count) noexcept {
    ok_ = ok_ && count <= bytes_.size();
    if (!ok_) return {};
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::uint64_t number() noexcept {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const char byte : take(8)) {
      value |= std::uint64_t{static_cast<std::uint8_t>(byte)} << shift;
      shift += 8;
    }
    return value;
  }
  std::int64_t signed_number() noexcept { return static_cast<std::int64_t>(number()); }
  std::string text() { return std::string(take(number())); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace

std::string NatsRecord::text() const {
  std::string result(1, kVersion);
  result.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  for (const std::string* each : {&queue, &name, &arguments, &unique, &dead_letter, &why})
    add(result, *each);
  for (const std::uint64_t each :
       {static_cast<std::uint64_t>(priority), std::uint64_t{attempts}, static_cast<std::uint64_t>(order),
        static_cast<std::uint64_t>(due), static_cast<std::uint64_t>(lease),
        static_cast<std::uint64_t>(leased_until), token, static_cast<std::uint64_t>(at)})
    add(result, each);
  return result;
}

std::optional<NatsRecord> NatsRecord::parse(std::string_view text) {
  Reader reader(text);
  if (reader.take(1) != std::string_view(&kVersion, 1)) return std::nullopt;
  NatsRecord record;
  const std::string_view id = reader.take(record.id.bytes.size());
  if (id.size() != record.id.bytes.size()) return std::nullopt;
  std::memcpy(record.id.bytes.data(), id.data(), id.size());
  for (std::string* each :
       {&record.queue, &record.name, &record.arguments, &record.unique, &record.dead_letter, &record.why})
    *each = reader.text();
  const std::uint64_t priority = reader.number();
  record.attempts = static_cast<std::uint32_t>(reader.number());
  record.order = reader.signed_number();
  record.due = reader.signed_number();
  record.lease = reader.signed_number();
  record.leased_until = reader.signed_number();
  record.token = reader.number();
  record.at = reader.signed_number();
  if (!reader.is_done() || priority >= async::kPriorities) return std::nullopt;
  record.priority = static_cast<async::Priority>(priority);
  return record;
}

}  // namespace zerver::effects::queue
