// A queue in NATS JetStream: each job is an entry of a bucket, which whoever claims it changes, if it is
// still as he has seen it.
#pragma once

#include "backend.h"
#include "nats/bucket.h"
#include "nats/record.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace zerver::effects::queue {

// A work queue of JetStream can neither refuse a late acknowledgement nor order by priority; revisions of
// entries can. Every process keeps an index of all that waits, which it learns by watching the bucket:
//
//   j.KEY         a job; KEY is the first half of its id
//   u.HASH        the job that has a `unique` text
//   c.HASH        when a cron was fired last
//   d.ID          a dead letter
class NatsBackend final : public Backend {
 public:
  [[nodiscard]] std::string open(const std::string& url);

  void perform(Batch batch, Timestamp now) override;
  bool has_changed() override;

 private:
  struct Item {
    NatsRecord record;
    std::uint64_t revision = 0;
  };
  using Waiting = std::set<std::tuple<std::int64_t, std::int64_t, std::uint64_t>>;  // due, order, key
  using Items = std::map<std::uint64_t, Item>;

  [[nodiscard]] std::string perform(Command& command);
  [[nodiscard]] std::string put(const jobs::NewJob& job, jobs::Put& result);
  [[nodiscard]] std::string claim(jobs::ClaimCall& call);
  [[nodiscard]] std::string settle(Command& command);
  [[nodiscard]] std::string extend(jobs::ExtendCall& call);
  [[nodiscard]] std::string fire(const jobs::NewJob& job, jobs::FireCall& call);
  [[nodiscard]] std::string cron(jobs::CronCall& call);
  [[nodiscard]] std::string list(jobs::ListCall& call);
  [[nodiscard]] std::string revive(jobs::ReviveCall& call);
  // What there is now; the watch goes on behind that.
  [[nodiscard]] std::string read_all(const std::string& prefix, std::unique_ptr<NatsBucket::Watch>& watch,
                                     std::vector<NatsEntry>& entries);
  [[nodiscard]] std::string read_all(const std::string& prefix,
                                     const std::function<void(const NatsRecord&)>& read);

  // --- The index ---
  void place(std::uint64_t key, const Item& item);
  void displace(std::uint64_t key, const Item& item);
  void forget(std::uint64_t key);
  void learn(std::uint64_t key, Item item);
  bool hear(const NatsEntry& entry);
  void watch_again();
  void expire();
  Waiting* first_waiting(std::array<Waiting, async::kPriorities>& classes);
  Item* find_held(const jobs::QueueLease& lease);
  // Reads it again: it has been changed by others. Empty, or what is wrong.
  [[nodiscard]] std::string refresh(std::uint64_t key);
  // False when others have been faster, and it has been read again.
  [[nodiscard]] std::string change(std::uint64_t key, NatsRecord record, bool& done);
  [[nodiscard]] std::string remove(std::uint64_t key, bool& done);
  [[nodiscard]] std::string take_unique(const std::string& unique, std::uint64_t key, bool& done);
  [[nodiscard]] std::string free_unique(const NatsRecord& record, std::uint64_t key);

  NatsBucket bucket_;
  std::unique_ptr<NatsBucket::Watch> watch_;
  std::uint64_t reconnects_ = 0;  // of the bucket, when it was watched
  Items items_;
  std::map<std::string, std::array<Waiting, async::kPriorities>, std::less<>> waiting_;
  std::set<std::pair<std::int64_t, std::uint64_t>> leases_;  // end, key
  std::int64_t now_ = 0;                                     // of the batch
  std::int64_t order_ = 0;
};

}  // namespace zerver::effects::queue
