// That what the store on SQLite acknowledges has been synchronised with the disk.

#include "conformance/queue_world.h"
#include "tests/support/child_process.h"
#include <zerver/effects/queue/open_queue.h>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace {
std::atomic<int> synced = 0;
}  // namespace

// In place of that of the C library, for SQLite, too.
extern "C" int fdatasync(int descriptor) {
  ++synced;
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

namespace zerver::effects::queue {
namespace {

TEST(SqliteQueue, SynchronisesBeforeItSaysThatSomethingIsDone) {
  const auto folder = std::make_shared<test::TemporaryDirectory>();
  const auto world = real_world(
      {},
      [url = "sqlite:" + (folder->path() / "jobs.db").string()](const Clock& clock) {
        OpenedQueue opened = open_queue(url, clock);
        EXPECT_EQ(opened.error, "");
        return std::move(opened.store);
      },
      folder);
  QueueClient client(*world);
  for (int i = 0; i < 3; ++i) {
    int before = synced;
    EXPECT_EQ(client.put("{}"), jobs::Put::kAccepted);
    EXPECT_GT(synced, before);
    before = synced;
    const jobs::ClaimedJob job = client.claim(1).at(0);
    EXPECT_GT(synced, before);
    before = synced;
    EXPECT_TRUE(client.ack(job));
    EXPECT_GT(synced, before);
  }
}

}  // namespace
}  // namespace zerver::effects::queue
