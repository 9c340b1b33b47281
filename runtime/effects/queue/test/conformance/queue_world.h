// A store of a queue, and the loop and the clock that it goes by, for the conformance suite.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/clock.h>
#include <zerver/core/random.h>
#include <zerver/jobs/queue_store.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::queue {

// What a store cannot do, with the reason in docs/jobs.md.
struct QueueTraits {
  bool has_priorities = true;
  bool is_durable = true;
};

class QueueWorld {
 public:
  virtual ~QueueWorld() = default;
  virtual async::Loop& loop() = 0;
  virtual const Clock& clock() = 0;
  virtual QueueTraits traits() const = 0;
  // Another one on the same queues, as another process would open it; one in memory is always the same.
  virtual jobs::QueueStore& open() = 0;
  // Runs the loop until the condition holds.
  virtual void run_until(const std::function<bool()>& condition) = 0;
  // Lets that time pass.
  virtual void pass(Duration span) = 0;
};

// One process: its store, and a session that waits for what it asks.
class QueueClient final : private jobs::QueueListener {
 public:
  explicit QueueClient(QueueWorld& world);

  jobs::Put put(std::string_view arguments, jobs::NewJob job = {});
  std::vector<jobs::ClaimedJob> claim(std::size_t limit = 10, Duration lease = Duration::from_seconds(30),
                                      std::string_view queue = "jobs");
  // Claims until there is one, as a worker does: when it is told, or when it is due.
  jobs::ClaimedJob wait_for_one(Duration lease = Duration::from_seconds(30));
  // False when the lease was lost.
  bool settle(const jobs::ClaimedJob& job, jobs::SettleCall::Kind kind, Duration delay = {});
  bool ack(const jobs::ClaimedJob& job) { return settle(job, jobs::SettleCall::Kind::kAck); }
  bool nack(const jobs::ClaimedJob& job, Duration delay = {}) {
    return settle(job, jobs::SettleCall::Kind::kNack, delay);
  }
  bool bury(const jobs::ClaimedJob& job) { return settle(job, jobs::SettleCall::Kind::kBury); }
  bool extend(const jobs::ClaimedJob& job, Duration span);
  jobs::FireCall::Result fire(std::string_view cron, Timestamp at, bool skips, std::string_view unique = {});
  Timestamp cron(std::string_view name, Timestamp now);
  // Counts and lists.
  struct Listed {
    std::uint64_t waiting = 0, running = 0, dead = 0;
    std::vector<jobs::RunningJob> running_jobs;
    std::vector<jobs::DeadLetter> dead_letters;
  };
  Listed list();
  bool revive(std::string_view id, bool drop);

  Duration next_in = {};  // of the last claim

 private:
  void on_change() noexcept override { has_changed_ = true; }
  template <class Call, class Start> void wait(Call& call, Start start);

  QueueWorld& world_;
  SystemRandom random_;
  bool has_changed_ = false;
  std::unique_ptr<jobs::QueueSession> session_;
};

struct QueueFactory {
  std::string name;
  std::function<std::unique_ptr<QueueWorld>()> make;
};

// One over a real loop and the system's clock; `open` gets the loop.
using OpenStore = std::function<std::unique_ptr<jobs::QueueStore>(const Clock& clock)>;
std::unique_ptr<QueueWorld> real_world(QueueTraits traits, OpenStore open, std::shared_ptr<void> server = {});
// One over virtual time.
std::unique_ptr<QueueWorld> memory_world();

}  // namespace zerver::effects::queue
