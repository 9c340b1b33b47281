// Any bytes as frames of a WebSocket: the same messages however they are cut, within the bound, and texts are
// UTF-8.
#include <zerver/http/websocket.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace zerver::http::websocket;

constexpr Limits kLimits{.message = 4096};

void check(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  Event::Kind kind;
  CloseCode code;
  std::string payload;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read_all(std::string_view input, Role role, std::size_t cut) {
  Reader reader(role, kLimits);
  std::vector<Seen> all;
  while (!input.empty()) {
    std::string_view some = input.substr(0, cut);
    input.remove_prefix(some.size());
    for (;;) {
      const Event event = reader.read(some);
      if (event.kind == Event::Kind::kMore) break;
      check(event.payload.size() <= kLimits.message);
      check(event.kind != Event::Kind::kText || Reader::is_utf8(event.payload));
      check(event.kind != Event::Kind::kFailed || !reader.why().empty());
      all.push_back({event.kind, event.code, std::string(event.payload)});
    }
    check(some.empty());
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Role role = (data[0] & 1) != 0 ? Role::kClient : Role::kServer;
  const std::size_t cut = 1 + (data[0] >> 1);
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<Seen> whole = read_all(input, role, input.size());
  check(whole == read_all(input, role, cut));
  check(whole == read_all(input, role, 1));

  static_cast<void>(fault_of_answer(input, "dGhlIHNhbXBsZSBub25jZQ==", "v1"));

  // What one side writes is what the other reads.
  zerver::SeededRandom random(size);
  zerver::OutputBuffer out;
  const Role other = role == Role::kClient ? Role::kServer : Role::kClient;
  const std::string_view message = input.substr(0, kLimits.message);
  write_binary(out, other, message, random);
  const std::vector<Seen> back = read_all(out.view(), role, cut);
  check(back.size() == 1 && back.front().kind == Event::Kind::kBinary && back.front().payload == message);
  return 0;
}
