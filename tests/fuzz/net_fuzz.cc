// Any bytes as what the adapters of `zerver.net` read: answers of every framing, however they are cut, URLs
// of targets, and addresses.
#include "runtime/effects/net/src/framing.h"
#include "runtime/effects/net/src/target_url.h"
#include <zerver/io/net/address.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using zerver::effects::net::fault_of_message;
using zerver::effects::net::Frame;
using zerver::effects::net::FrameReader;
using zerver::effects::net::Framing;
using zerver::effects::net::TargetUrl;

constexpr std::size_t kMost = 500;

void check(bool holds) {
  if (!holds) std::abort();
}

// The message, or why there is none.
std::string read(Framing framing, std::string_view bytes, std::size_t cut) {
  FrameReader reader(framing, kMost);
  auto progress = FrameReader::Progress::kMore;
  while (!bytes.empty() && progress == FrameReader::Progress::kMore) {
    progress = reader.add(bytes.substr(0, cut));
    bytes.remove_prefix(std::min(cut, bytes.size()));
  }
  if (progress == FrameReader::Progress::kMore) progress = reader.end();
  if (progress == FrameReader::Progress::kRefused) return "!" + std::string(reader.why());
  std::string message = reader.take();
  check(message.size() <= kMost);
  return message;
}

void fuzz_framing(Framing framing, std::string_view input, std::size_t cut) {
  check(read(framing, input, cut) == read(framing, input, input.size() + 1));
  const std::string_view message = input.substr(0, kMost);
  if (!fault_of_message(framing, message).empty()) return;
  const Frame frame(framing, message);
  std::string wire;
  for (const std::string_view piece : frame.pieces())
    wire += piece;
  const bool loses_return = framing == Framing::kLine && message.ends_with('\r');
  check(read(framing, wire, cut) == message.substr(0, message.size() - (loses_return ? 1 : 0)));
}

void fuzz_url(std::string_view input) {
  TargetUrl url;
  if (!parse_target_url(input, {{"ws", 80}, {"tcp", 0}, {"unix", 0}}, url).empty()) return;
  for (const char each : url.host + url.path)
    check(each > ' ' && each != 0x7f);
  if (url.scheme == "unix") return;
  TargetUrl again;
  check(parse_target_url(describe(url) + url.path, {{"ws", 80}, {"tcp", 0}}, again).empty());
  check(again.host == url.host && again.port == url.port && again.path == url.path);
}

void fuzz_address(std::string_view input) {
  const auto address = zerver::io::net::Address::parse(input);
  if (address) check(zerver::io::net::Address::parse(address->text()) == address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  fuzz_framing(static_cast<Framing>(data[0] % 4), input, std::size_t{1} + data[1]);
  fuzz_url(input);
  fuzz_address(input);
  return 0;
}
