// Any bytes as MessagePack: what is taken means the same when it is written again, in either format.
#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/flow/data/json_codec.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace zerver;
using flow::Format;

void check(bool holds) {
  if (!holds) std::abort();
}

template <class T> std::string written(const T& value, Format format) {
  OutputBuffer out;
  flow::JsonWriter writer(out, format);
  write_json(writer, value);
  return std::string(out.view());
}

// A value that is read is written, read and written again, through both formats.
template <class T> void go_round(flow::JsonReader& reader, std::string_view input, Arena& arena) {
  const Result<T> first =
      flow::read_document<T>(reader, {.text = input, .format = Format::kMessagePack, .stays = true}, arena);
  if (!first) {
    check(!first.error().why.empty());
    return;
  }
  const std::string json = written(*first, Format::kJson);
  const Result<T> from_json = flow::read_document<T>(reader, {.text = json}, arena);
  check(from_json.has_value());
  const std::string packed = written(*first, Format::kMessagePack);
  const Result<T> from_packed =
      flow::read_document<T>(reader, {.text = packed, .format = Format::kMessagePack}, arena);
  check(from_packed.has_value());
  check(written(*from_json, Format::kJson) == json);
  check(written(*from_packed, Format::kJson) == json);
  check(written(*from_json, Format::kMessagePack) == packed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static flow::JsonReader reader;
  static Arena arena;
  arena.reset();
  const std::string input(reinterpret_cast<const char*>(data),
                          size);  // on the heap: a sanitizer sees its end
  try {
    go_round<Json>(reader, input, arena);
    go_round<Map<String>>(reader, input, arena);
    go_round<List<Timestamp>>(reader, input, arena);
    go_round<List<std::int64_t>>(reader, input, arena);
    go_round<List<std::uint64_t>>(reader, input, arena);
    go_round<List<double>>(reader, input, arena);
    go_round<std::optional<Bytes>>(reader, input, arena);
    go_round<Map<List<std::optional<Uuid>>>>(reader, input, arena);
  } catch (const ArenaFull&) {
  }
  return 0;
}
