// The conformance suite over each store.

#include "conformance/queue_conformance.h"
#include "tests/support/servers/nats_server.h"
#include "tests/support/servers/postgres_server.h"
#include "tests/support/servers/redis_server.h"
#include <zerver/effects/queue/open_queue.h>

#include <cstdlib>
#include <filesystem>

namespace zerver::effects::queue {
namespace {

// A folder of its own, which goes with it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "zerver-queue-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<QueueWorld> sqlite_world() {
  const auto folder = std::make_shared<Folder>();
  const std::string url = "sqlite:" + (folder->path() / "jobs.db").string();
  return real_world(
      {},
      [url](const Clock& clock) {
        OpenedQueue opened = open_queue(url, clock);
        EXPECT_EQ(opened.error, "");
        return std::move(opened.store);
      },
      folder);
}

// One server for all cases, with a database for each.
std::unique_ptr<QueueWorld> postgres_world() {
  static const auto server = std::make_shared<test::PostgresServer>();
  static int databases = 0;
  const std::string name = "queue" + std::to_string(++databases);
  server->query("create database " + name);
  std::string url = server->url();
  url.replace(url.rfind('/') + 1, std::string::npos, name);
  return real_world(
      {},
      [url](const Clock& clock) {
        OpenedQueue opened = open_queue(url, clock);
        EXPECT_EQ(opened.error, "");
        return std::move(opened.store);
      },
      server);
}

// One server for all cases, which is emptied before each.
std::unique_ptr<QueueWorld> redis_world() {
  static const auto server = std::make_shared<test::RedisServer>();
  server->command({"flushall"});
  return real_world(
      {},
      [](const Clock& clock) {
        OpenedQueue opened = open_queue(server->url(), clock);
        EXPECT_EQ(opened.error, "");
        return std::move(opened.store);
      },
      server);
}

// One for each case.
std::unique_ptr<QueueWorld> nats_world() {
  const auto server = std::make_shared<test::NatsServer>();
  return real_world(
      {},
      [url = server->url()](const Clock& clock) {
        OpenedQueue opened = open_queue(url, clock);
        EXPECT_EQ(opened.error, "");
        return std::move(opened.store);
      },
      server);
}

INSTANTIATE_TEST_SUITE_P(Memory, QueueConformance, ::testing::Values(QueueFactory{"Memory", memory_world}),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueConformance, ::testing::Values(QueueFactory{"Sqlite", sqlite_world}),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Postgres, QueueConformance,
                         ::testing::Values(QueueFactory{"Postgres", postgres_world}), name_of_case);
INSTANTIATE_TEST_SUITE_P(Redis, QueueConformance, ::testing::Values(QueueFactory{"Redis", redis_world}),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Nats, QueueConformance, ::testing::Values(QueueFactory{"Nats", nats_world}),
                         name_of_case);

}  // namespace
}  // namespace zerver::effects::queue
