// Both formats against another library, with values that are drawn at random.
#include <zerver/core/arena.h>
#include <zerver/flow/data/json_codec.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace zerver::flow {
namespace {

using Tree = nlohmann::ordered_json;

class TreeMaker {
 public:
  explicit TreeMaker(std::uint32_t seed) : random_(seed) {}

  Tree make(int depth) {
    switch (draw(depth == 0 ? 7 : 9)) {
      case 0:
        return nullptr;
      case 1:
        return draw(2) == 0;
      case 2:
        return static_cast<std::uint64_t>(random_()) >> draw(64);
      case 3:
        return -static_cast<std::int64_t>(random_() >> (1 + draw(63))) - 1;
      case 4:
        return std::ldexp(static_cast<double>(static_cast<std::int64_t>(random_())),
                          -60 - static_cast<int>(draw(200)));
      case 5:
      case 6:
        return text();
      case 7: {
        Tree list = Tree::array();
        for (std::size_t i = draw(20); i > 0; --i)
          list.push_back(make(depth - 1));
        return list;
      }
      default: {
        Tree object = Tree::object();
        for (std::size_t i = draw(20); i > 0; --i)
          object[text()] = make(depth - 1);
        return object;
      }
    }
  }

 private:
  std::size_t draw(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
  std::string text() {
    static constexpr std::string_view kPieces[] = {"a",
                                                   "key",
                                                   "\"",
                                                   "\\",
                                                   "\n",
                                                   "\x01",
                                                   "/",
                                                   "ä",
                                                   "€",
                                                   "😀",
                                                   "a longer piece of text that fills more than one word"};
    std::string result;
    for (std::size_t i = draw(6); i > 0; --i)
      result += kPieces[draw(std::size(kPieces))];
    return result;
  }

  std::mt19937_64 random_;
};

std::string packed_by_them(const Tree& tree) {
  const std::vector<std::uint8_t> bytes = Tree::to_msgpack(tree);
  return {bytes.begin(), bytes.end()};
}

TEST(Interop, RandomDocumentsMeanTheSameToAnotherLibrary) {
  JsonReader reader;
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    Arena arena;
    const Tree tree = TreeMaker(seed).make(5);
    const std::string theirs = packed_by_them(tree);
    const std::string text = tree.dump();

    // What they have written is read, and said in JSON that they read as what they wrote.
    const Result<Json> from_packed =
        read_document<Json>(reader, {.text = theirs, .format = Format::kMessagePack}, arena);
    ASSERT_TRUE(from_packed) << seed << ' ' << from_packed.error().why;
    ASSERT_EQ(Tree::parse(from_packed->view()), tree) << seed;
    const Result<Json> from_json = read_json_text<Json>(reader, text, 0, arena);
    ASSERT_TRUE(from_json) << seed;

    // Both are one value, and written in MessagePack they are bytes that mean the same to them.
    for (const Json& value : {*from_packed, *from_json, Json::borrowed(text)}) {
      OutputBuffer out;
      JsonWriter writer(out, Format::kMessagePack);
      write_json(writer, value);
      ASSERT_EQ(Tree::from_msgpack(out.view()), tree) << seed << '\n' << text;
    }
  }
}

}  // namespace
}  // namespace zerver::flow
