// What only tasks with stacks of their own can do.
#include <zerver/io/model/channel.h>
#include <zerver/io/model/models.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <stdexcept>

namespace zerver::io {
namespace {

using async::Task;

Task<int> receive_one(Arena&, Io& io, ModelChannel<int>* channel) {
  const Result<int> received = co_await channel->receive(io);
  co_return received.value();
}

// No coroutine: it calls one and waits for it, deep in its own calls.
int sum_recursively(Io& io, ModelChannel<int>& channel, int count) {
  if (count == 0) return 0;
  const int first = await(receive_one(io.arena(), io, &channel));
  return first + sum_recursively(io, channel, count - 1);
}

Task<void> send_three(Arena&, Io& io, ModelChannel<int>* channel) {
  for (const int number : {1, 2, 3})
    EXPECT_TRUE(co_await channel->send(io, number));
}

Task<int> sum_three(Arena&, Io& io, Model* model) {
  ModelChannel<int> channel(*model, 1);
  Handle<void> sender = spawn(io, send_three, &channel);
  const int sum = sum_recursively(io, channel, 3);
  EXPECT_TRUE(co_await sender.join(io));
  co_return sum;
}

TEST(StackfulModel, LetsPlainFunctionsWait) {
  StackfulModel model;
  EXPECT_EQ(model.run(sum_three, &model), 6);
}

Task<void> take_turns(Arena&, Io& io, ModelChannel<int>* to, ModelChannel<int>* from) {
  EXPECT_TRUE(co_await to->send(io, 0));
  EXPECT_TRUE(co_await from->receive(io));
}

// Waits while it handles an exception, and finds its own again.
void wait_in_handler(Io& io, ModelChannel<int>& to, ModelChannel<int>& from, const char* text) {
  try {
    throw std::runtime_error(text);
  } catch (const std::runtime_error&) {
    await(take_turns(io.arena(), io, &to, &from));
    try {
      throw;
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), text);
    }
  }
}

Task<void> handle_one(Arena&, Io& io, ModelChannel<int>* to, ModelChannel<int>* from) {
  wait_in_handler(io, *to, *from, "one");
  co_return;
}

Task<void> handle_two(Arena&, Io& io, Model* model) {
  ModelChannel<int> left(*model, 1);
  ModelChannel<int> right(*model, 1);
  Handle<void> handle = spawn(io, handle_one, &left, &right);
  wait_in_handler(io, right, left, "two");
  EXPECT_TRUE(co_await handle.join(io));
}

TEST(StackfulModel, KeepsTheExceptionsOfEachStackApart) {
  StackfulModel model;
  model.run(handle_two, &model);
}

std::size_t recurse(std::size_t depth, std::size_t deepest) {
  if (depth == deepest) return 0;
  volatile unsigned char local[1024] = {};
  local[depth % 1024] = 1;
  return recurse(depth + 1, deepest) + local[0];
}

Task<std::size_t> overflow(Arena&, Io&) { co_return recurse(0, std::size_t{1} << 40); }

TEST(StackfulModelDeathTest, ReportsAnOverflowInsteadOfCorruptingMemory) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  StackfulModel model;
  EXPECT_DEATH(model.run(overflow), "zerver: a task's stack overflowed");
}

}  // namespace
}  // namespace zerver::io
