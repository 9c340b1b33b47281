// Descriptors that somebody else owns.
#include <zerver/io/descriptor_watch.h>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace zerver::io {
namespace {

class DescriptorWatchTest : public ::testing::Test {
 protected:
  DescriptorWatchTest() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) ADD_FAILURE();
    watch = std::make_unique<DescriptorWatch>(
        loop, this, [](void* owner) noexcept { static_cast<DescriptorWatchTest*>(owner)->on_readable(); },
        [](void* owner) noexcept { static_cast<DescriptorWatchTest*>(owner)->on_writable(); });
  }
  ~DescriptorWatchTest() override {
    watch.reset();
    close(ends[0]);
    close(ends[1]);
  }

  void on_readable() noexcept {
    ++readable;
    std::array<char, 16> bytes{};
    last_size = read(ends[0], bytes.data(), bytes.size());
    if (unwatches) watch->unwatch();
    if (destroys) watch.reset();
    if (readable < wanted) return watch->wait_readable();
    loop.stop();
  }
  void on_writable() noexcept {
    ++writable;
    loop.stop();
  }
  void say(std::string_view text) const {
    ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  SystemClock clock;
  AsioLoop loop{clock};
  std::array<int, 2> ends{};
  std::unique_ptr<DescriptorWatch> watch;
  int readable = 0;
  int writable = 0;
  int wanted = 1;
  ssize_t last_size = -1;
  bool unwatches = false;
  bool destroys = false;
};

TEST_F(DescriptorWatchTest, TellsWhatWasThereBeforeAndTheEnd) {
  say("one");
  ASSERT_FALSE(watch->watch(ends[0]));
  watch->wait_readable();
  loop.run();
  EXPECT_EQ(last_size, 3);

  shutdown(ends[1], SHUT_WR);
  wanted = 2;
  watch->wait_readable();
  loop.run();
  EXPECT_EQ(readable, 2);
  EXPECT_EQ(last_size, 0);
}

TEST_F(DescriptorWatchTest, TellsOnceForEachWait) {
  ASSERT_FALSE(watch->watch(ends[0]));
  watch->wait_readable();
  watch->wait_readable();
  say("one");
  loop.run();
  EXPECT_EQ(readable, 1);
  watch->wait_writable();
  loop.run();
  EXPECT_EQ(readable, 1);
  EXPECT_EQ(writable, 1);
}

TEST_F(DescriptorWatchTest, LeavesAloneWhoeverHasTheNumberNext) {
  DescriptorWatch first(loop, this, [](void*) noexcept {}, [](void*) noexcept {});
  std::array<int, 2> others{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, others.data()), 0);
  ASSERT_FALSE(first.watch(others[0]));
  first.wait_readable();
  // Its library closes it, as libpq does when the server is gone, and the watched one has its number.
  ASSERT_EQ(dup2(ends[0], others[0]), others[0]);
  std::swap(ends[0], others[0]);
  ASSERT_FALSE(watch->watch(ends[0]));
  watch->wait_readable();
  first.unwatch();
  say("one");
  loop.run();
  EXPECT_EQ(last_size, 3);
  close(others[0]);
  close(others[1]);
}

TEST_F(DescriptorWatchTest, LeavesTheDescriptorOpen) {
  ASSERT_FALSE(watch->watch(ends[0]));
  watch->wait_readable();
  watch->unwatch();
  say("one");
  // The wait that was forgotten tells nobody, the one behind it does.
  ASSERT_FALSE(watch->watch(ends[0]));
  watch->wait_readable();
  loop.run();
  EXPECT_EQ(readable, 1);
  EXPECT_EQ(last_size, 3);
}

TEST_F(DescriptorWatchTest, GoesWhileItTells) {
  ASSERT_FALSE(watch->watch(ends[0]));
  unwatches = destroys = true;
  watch->wait_readable();
  say("one");
  loop.run();
}

}  // namespace
}  // namespace zerver::io
