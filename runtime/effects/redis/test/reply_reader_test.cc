// Replies out of bytes that come in any pieces.
#include "reply_reader.h"

#include "command_queue.h"
#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zerver::effects::redis {
namespace {

using Next = ReplyReader::Next;

void feed(ReplyReader& reader, std::string_view bytes) {
  std::ranges::copy(bytes, reader.room(bytes.size()).begin());
  reader.commit(bytes.size());
}

std::string shown(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::kNull:
      return "null";
    case Reply::Kind::kText:
      return '"' + std::string(reply.text) + '"';
    case Reply::Kind::kError:
      return '!' + std::string(reply.text);
    case Reply::Kind::kInteger:
      return std::to_string(reply.integer);
    case Reply::Kind::kList:
      break;
  }
  std::string text = "[";
  for (const Reply& item : reply.list())
    text += shown(item) + ' ';
  return text + ']';
}

constexpr std::string_view kStream =
    "+OK\r\n-ERR no\r\n:-12\r\n$5\r\na\r\nb\n\r\n$-1\r\n$0\r\n\r\n*0\r\n*-1\r\n"
    "*3\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n+x\r\n$-1\r\n:7\r\n";
const std::vector<std::string> kReplies = {
    "\"OK\"", "!ERR no", "-12", "\"a\r\nb\n\"", "null", "\"\"", "[]", "null", "[\"a\" [1 [\"x\" ] ] null ]",
    "7"};

TEST(ReplyReader, ReadsAllKinds) {
  ReplyReader reader;
  feed(reader, kStream);
  Reply reply;
  for (const std::string& expected : kReplies) {
    ASSERT_EQ(reader.next(reply), Next::kReply);
    EXPECT_EQ(shown(reply), expected);
  }
  EXPECT_EQ(reader.next(reply), Next::kNothing);
}

TEST(ReplyReader, ReadsTheSameFromAnyPieces) {
  SeededRandom random(1);
  for (int run = 0; run < 500; ++run) {
    ReplyReader reader;
    std::vector<std::string> got;
    for (std::string_view left = kStream; !left.empty();) {
      const std::size_t size = std::min<std::size_t>(1 + random.below(12), left.size());
      feed(reader, left.substr(0, size));
      left.remove_prefix(size);
      Reply reply;
      for (Next next; (next = reader.next(reply)) != Next::kNothing;) {
        ASSERT_EQ(next, Next::kReply);
        got.push_back(shown(reply));
      }
    }
    ASSERT_EQ(got, kReplies);
  }
}

TEST(ReplyReader, RefusesWhatIsNoReply) {
  for (const char* const wrong : {"HTTP/1.1 400\r\n", "+OK\n", ":1x\r\n", ":\r\n", "$-2\r\n",
                                  "$3\r\nabcd\r\n", "*-5\r\n", "*9999999999\r\n", "$99999999999\r\n", "\r\n",
                                  "*1\r\n%1\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"}) {
    ReplyReader reader;
    feed(reader, wrong);
    Reply reply;
    EXPECT_EQ(reader.next(reply), Next::kBroken) << wrong;
  }
  ReplyReader reader;
  feed(reader, "+" + std::string(ReplyReader::kLongestLine + 1, 'x'));
  Reply reply;
  EXPECT_EQ(reader.next(reply), Next::kBroken);
}

TEST(ReplyReader, BeginsAnewForAnotherConnection) {
  ReplyReader reader;
  Reply reply;
  feed(reader, "*2\r\n:1\r\n$10\r\nab");
  ASSERT_EQ(reader.next(reply), Next::kNothing);
  reader.reset();
  feed(reader, ":5\r\n");
  ASSERT_EQ(reader.next(reply), Next::kReply);
  EXPECT_EQ(shown(reply), "5");
}

class Named final : public Command {
 public:
  Named() = default;

 private:
  void on_reply(const Reply&) noexcept override {}
  void on_failure(const Fault&) noexcept override {}
};

TEST(Command, IsWrittenAsAnArrayOfTexts) {
  Named command;
  command.set({"SET", "k\r\n", ""});
  EXPECT_EQ(command.bytes(), "*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$0\r\n\r\n");
  EXPECT_EQ(command.key(), "k\r\n");
  command.set({"PING"}, 0);
  EXPECT_EQ(command.bytes(), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(command.key(), "");
}

TEST(Command, RunsAScriptByItsDigest) {
  const Script script("return 1");
  EXPECT_EQ(script.digest(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  Named command;
  command.set(script, "key", {"a"});
  EXPECT_EQ(command.bytes(),
            "*5\r\n$7\r\nEVALSHA\r\n$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n"
            "$1\r\n1\r\n$3\r\nkey\r\n$1\r\na\r\n");
  EXPECT_EQ(command.key(), "key");
}

TEST(CommandQueue, KeepsTheirOrderAndForgetsByNumber) {
  std::vector<std::unique_ptr<Named>> commands;
  CommandQueue queue;
  std::vector<std::uint64_t> numbers;
  for (int round = 0; round < 3; ++round) {
    commands.clear();
    numbers.clear();
    for (int i = 0; i < 150; ++i) {
      commands.push_back(std::make_unique<Named>());
      numbers.push_back(queue.push(commands.back().get()));
    }
    queue.forget(numbers[7]);
    for (std::size_t i = 0; i < commands.size(); ++i)
      EXPECT_EQ(queue.pop(), i == 7 ? nullptr : commands[i].get());
    EXPECT_TRUE(queue.empty());
  }
}

}  // namespace
}  // namespace zerver::effects::redis
