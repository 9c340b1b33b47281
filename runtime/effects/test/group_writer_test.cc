// The thread that writes journals, where who appends, who waits and the thread itself meet.
#include "journal/group_writer.h"

#include <zerver/async/task.h>
#include <zerver/core/arena.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <semaphore>
#include <string>
#include <string_view>

namespace zerver::effects {
namespace {

struct Line {
  std::string_view name;
  std::string_view data;
};

constexpr JournalTexts kTexts{
    .cannot_write = "cannot be written", .too_much = "too much", .written_again = "written again"};

// Writes a batch when the test lets it.
class Pages final : public GroupWriter<Line>, public flow::DurableLog {
 public:
  explicit Pages(Log& log) : GroupWriter(log, kTexts) { start(); }
  ~Pages() {
    may_end.release(kMany);
    stop();
  }

  bool sync(flow::LogSync& sync) noexcept override { return GroupWriter::sync(sync); }
  void abandon(flow::LogSync& sync) noexcept override { GroupWriter::abandon(sync); }

  bool begins_to_write() { return begun.try_acquire_for(std::chrono::seconds(10)); }

  static constexpr std::ptrdiff_t kMany = 1000;
  std::counting_semaphore<> begun{0};
  std::counting_semaphore<2 * kMany> may_end{0};

 private:
  std::string write(const Batch& batch) override {
    static_cast<void>(batch);
    begun.release();
    may_end.acquire();
    return {};
  }
  bool has_requests() const noexcept override { return false; }
  void serve(std::unique_lock<std::mutex>& lock) noexcept override { static_cast<void>(lock); }
};

class GroupWriterTest : public ::testing::Test {
 protected:
  void wait() {
    Arena& arena = arenas_.emplace_back(std::size_t{4096});
    tasks_.push_back(wait_for(arena, pages, loop, done));
    tasks_.back().start();
    ++waiting_;
  }
  void run() {
    loop.run_with_threads_until([this] { return done == waiting_; });
  }

  testing::SimLoop loop;
  testing::MemoryLog log;
  Pages pages{log};
  int done = 0;

 private:
  static async::Task<void> wait_for(Arena&, flow::DurableLog& log, async::Loop& loop, int& done) {
    const Result<void> durable = co_await flow::LogSync(log, loop);
    if (durable) ++done;
  }

  std::deque<Arena> arenas_;
  std::deque<async::Task<void>> tasks_;
  int waiting_ = 0;
};

TEST_F(GroupWriterTest, IsWokenBehindSomebodyWhoWaitedForWhatWasBeingWritten) {
  pages.append({.name = "first", .data = {}});
  wait();
  ASSERT_TRUE(pages.begins_to_write());
  wait();
  pages.may_end.release();
  run();

  pages.append({.name = "second", .data = {}});
  wait();
  ASSERT_TRUE(pages.begins_to_write()) << "nobody has told the thread";
  pages.may_end.release();
  run();
}

TEST_F(GroupWriterTest, WritesAtOnceWhatIsWaitedForWhileItWrites) {
  pages.append({.name = "first", .data = {}});
  wait();
  ASSERT_TRUE(pages.begins_to_write());
  pages.append({.name = "second", .data = {}});
  wait();
  pages.may_end.release();
  ASSERT_TRUE(pages.begins_to_write());
  EXPECT_EQ(pages.batches(), 1U);
  pages.may_end.release();
  run();
  EXPECT_EQ(pages.batches(), 2U);
}

}  // namespace
}  // namespace zerver::effects
