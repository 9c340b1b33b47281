// Lines and events, however their bytes come.
#include "runtime/effects/http/src/items/item_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::http_client {
namespace {

using Framing = ItemReader::Framing;
using Taken = ItemReader::Taken;

struct Read {
  std::vector<std::string> items;
  bool is_too_large = false;
  bool is_cut_off = false;

  friend bool operator==(const Read&, const Read&) = default;
};

// In parts of that size; the body ends behind them.
Read read(Framing framing, std::string_view body, std::size_t size, std::size_t most = 100) {
  ItemReader reader;
  reader.begin(framing, most);
  Read result;
  std::string_view text;
  while (!body.empty()) {
    reader.append(body.substr(0, size));
    body.remove_prefix(std::min(size, body.size()));
    Taken taken;
    while ((taken = reader.take(text)) == Taken::kItem)
      result.items.emplace_back(text);
    result.is_too_large = taken == Taken::kTooLarge;
    if (result.is_too_large) return result;
  }
  if (reader.take_last(text) == Taken::kItem) result.items.emplace_back(text);
  result.is_cut_off = reader.is_cut_off();
  return result;
}

// The same in parts of any size.
Read read_all(Framing framing, std::string_view body, std::size_t most = 100) {
  const Read whole = read(framing, body, body.size(), most);
  for (std::size_t size = 1; size < body.size(); ++size)
    EXPECT_EQ(read(framing, body, size, most), whole) << "in parts of " << size;
  return whole;
}
Read lines(std::string_view body, std::size_t most = 100) { return read_all(Framing::kLines, body, most); }
Read events(std::string_view body, std::size_t most = 100) { return read_all(Framing::kEvents, body, most); }

using Items = std::vector<std::string>;

TEST(ItemReader, LinesAreOnesWithoutTheirEndsAndWithoutSpaceAround) {
  EXPECT_EQ(lines("{\"a\":1}\n{\"a\":2}\r\n  [3]\t\n").items, (Items{"{\"a\":1}", "{\"a\":2}", "[3]"}));
}

TEST(ItemReader, LinesWithNothingAreNone) { EXPECT_EQ(lines("\n\r\n1\n \n\n2\n").items, (Items{"1", "2"})); }

TEST(ItemReader, TheLastLineNeedsNoEnd) {
  EXPECT_EQ(lines("1\n22").items, (Items{"1", "22"}));
  EXPECT_EQ(lines("1\n ").items, (Items{"1"}));
}

TEST(ItemReader, AByteOrderMarkIsNoPartOfTheFirst) {
  EXPECT_EQ(lines("\xEF\xBB\xBF"
                  "1\n2")
                .items,
            (Items{"1", "2"}));
  EXPECT_EQ(lines("\xEF\xBB\xBF"
                  "1")
                .items,
            (Items{"1"}));
  EXPECT_EQ(events("\xEF\xBB\xBF"
                   "data: 1\n\n")
                .items,
            (Items{"1"}));
}

TEST(ItemReader, ALineMayBeAsLongAsItMayBe) {
  EXPECT_EQ(lines("1234\n12345\n", 5).items, (Items{"1234", "12345"}));
  const Read read = lines("1234\n123456\n1\n", 5);
  EXPECT_EQ(read.items, (Items{"1234"}));
  EXPECT_TRUE(read.is_too_large);
  EXPECT_TRUE(lines("123456", 5).is_too_large);
}

TEST(ItemReader, EventsAreTheirData) {
  EXPECT_EQ(events("data: 1\n\nevent: more\nid: 7\ndata:{\"a\": 2}\nretry: 10\n\n").items,
            (Items{"1", "{\"a\": 2}"}));
}

TEST(ItemReader, LinesOfDataAreOneText) {
  EXPECT_EQ(events("data: {\ndata:  \"a\":\nid: 1\n:x\ndata: 1}\n\ndata\ndata: 2\n\n").items,
            (Items{"{\n \"a\":\n1}", "\n2"}));
}

TEST(ItemReader, EachEndOfALineIsOne) {
  EXPECT_EQ(events("data: 1\r\n\r\ndata: 2\r\rdata: 3\n\ndata: 4\r\n\n").items, (Items{"1", "2", "3", "4"}));
}

TEST(ItemReader, CommentsAndFieldsWithoutDataAreNoEvents) {
  EXPECT_EQ(events(": here\n\n:\nevent: ping\n\ndata:\n\ndata\n\ndatum: 1\n\ndata: 1\n\n").items,
            (Items{"1"}));
}

TEST(ItemReader, AnEventThatIsNotCompleteIsCutOff) {
  EXPECT_FALSE(events("data: 1\n\n: here").is_cut_off);
  EXPECT_FALSE(events("data: 1\n\n").is_cut_off);
  for (const char* const body : {"data: 1\n\nda", "data: 1\n\ndata: 2", "data: 1\n\ndata: 2\n"}) {
    EXPECT_EQ(events(body).items, (Items{"1"})) << body;
    EXPECT_TRUE(events(body).is_cut_off) << body;
  }
}

TEST(ItemReader, AnEventMayBeAsLongAsALine) {
  EXPECT_TRUE(events("data: 123\n\ndata: 123\ndata: 123456\n\n", 10).is_too_large);
  EXPECT_TRUE(events(": 1234567890\n\n", 10).is_too_large);
  EXPECT_FALSE(events("data: 1234\n\ndata: 1234\n\n", 10).is_too_large);
}

TEST(ItemReader, WhatIsNoDataOfALongEventIsNotKept) {
  std::string body = "data: [1,\n";
  for (int i = 0; i < 3000; ++i)
    body += ": still here\n";
  body += "data: 2]\n\n";
  for (const std::size_t size : {std::size_t{1000}, body.size()})
    EXPECT_EQ(read(Framing::kEvents, body, size).items, (Items{"[1,\n2]"}));
}

TEST(ItemReader, ItIsUsedAgainAsIfItWereNew) {
  ItemReader reader;
  std::string_view text;
  reader.begin(Framing::kEvents, 100);
  reader.append("data: 1\n");
  EXPECT_EQ(reader.take(text), Taken::kMore);
  reader.begin(Framing::kLines, 100);
  reader.append("2\n");
  ASSERT_EQ(reader.take(text), Taken::kItem);
  EXPECT_EQ(text, "2");
  EXPECT_FALSE(reader.is_cut_off());
}

}  // namespace
}  // namespace zerver::effects::http_client
