// A whole service in virtual time: packages, the systems that they talk to, clients, and faults. Requests are
// admitted, queued, run, stolen and shed by the scheduler of the server, on workers whose threads are
// simulated. One seed decides everything that is not determined by the requests.
#pragma once

#include <zerver/core/random.h>
#include <zerver/effects/registry.h>
#include <zerver/effects/sql/inline_sqlite.h>
#include <zerver/flow/durable/job_journal.h>
#include <zerver/flow/saga/log.h>
#include <zerver/flow/saga/recovery.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/jobs/job_store.h>
#include <zerver/server/scheduling.h>
#include <zerver/testing/faults.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>
#include <zerver/trace/ring.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::testing {

// One request of a simulated client, and what came of it.
struct SimRequest {
  static constexpr std::size_t kNoClient = static_cast<std::size_t>(-1);

  std::size_t client = kNoClient;  // in the order of add_client(); none for those of send()
  std::size_t number = 0;          // of the client's requests, from 0
  unsigned attempt = 1;            // of this request: a client may send it again
  RequestText request;
  ResponseText response;  // status 0 until it is answered
  TimePoint sent;
  TimePoint read = TimePoint::never();  // when its worker had it; never() when no flow is for it
  TimePoint answered = TimePoint::never();
  bool left = false;                     // the client did not wait for the answer
  bool cut_off = false;                  // the process was killed before it had answered, or was not there
  const flow::FlowInfo* flow = nullptr;  // that it was routed to
};

// Sends requests at its own pace, whether those before are answered or not.
struct ClientPlan {
  // The request of that number.
  std::function<RequestText(std::size_t number, Random& random)> request = {};
  std::size_t requests = 1;
  // Between two requests: drawn from the exponential distribution of that mean (a Poisson process), or, when
  // `regular`, always so long.
  Duration interval = Duration::from_milliseconds(10);
  bool regular = false;
  Duration patience = Duration::max();  // then it is gone
  // Sends a request again that was not answered, was cut off, or has a status that `again` accepts, at most
  // so often, so long after that.
  unsigned retries = 0;
  Duration retry_after = Duration::from_milliseconds(50);
  std::function<bool(const ResponseText& response)> again = {};  // null: any 5xx
};

// How long a commit takes, of what a process leaves behind when it is killed. What is not committed then is
// lost; a commit under way has come to its end or has not.
struct DiskPlan {
  Duration commit_least = Duration::from_milliseconds(1);
  Duration commit_most = Duration::from_milliseconds(8);
};

// How often the process is killed.
struct KillPlan {
  // From its start: drawn from the exponential distribution of that mean. max(): it is not.
  Duration mean_life = Duration::max();
  Duration down_least = Duration::from_milliseconds(20);  // until it is started again
  Duration down_most = Duration::from_milliseconds(200);
};

// In this order: the constructor; registry(), faults(), set_variable(); add_client(); run(), as often as
// wanted.
class SimWorld {
 public:
  struct Options {
    std::uint64_t seed = 1;
    unsigned workers = 1;  // that requests are spread over, each with a thread of its own
    flow::WorkerLimits limits = {};
    std::size_t trace_capacity = std::size_t{1} << 16;  // events
    // Requests in a thousand whose arena is full somewhere on their way.
    std::uint32_t short_of_memory = 0;
    flow::SagaRecoverySettings recovery = {};
    unsigned batch_workers = 0;  // threads for flows of the class `batch`
    server::Scheduling scheduling = {};
    // How long a request's flow computes before it waits for anything; its worker's thread does nothing else
    // then. Null: no time goes by but what effects take.
    std::function<Duration(const flow::FlowInfo& flow, Random& random)> computing = {};
    // The journals and the queue are on a disk, and there when the process is started again. Without one they
    // are written at once, and the process cannot be killed.
    std::optional<DiskPlan> disk = {};
  };

  SimWorld(std::vector<const flow::PackageInfo*> packages, const Options& options);
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  // Holds the standard adapters, with SQLite in memory and inline. What is added here is reached through
  // faults, but for the clock and random numbers, which cannot fail.
  effects::Registry& registry() noexcept;
  effects::InlineSqlite& sqlite() noexcept;
  // The journal of all workers; those that have ended are not in it. With a disk, what is on it.
  flow::MemorySagaLog& sagas() noexcept;
  // What durable jobs have done, those that are over left out; as sagas().
  flow::MemoryJobJournal& journal() noexcept;
  // What flows have enqueued. The jobs run on the workers, as the calls of anybody else: through faults.
  const jobs::JobStore& jobs() const noexcept;
  RandomFaults& faults() noexcept;
  // Instead of faults(); outlives the world.
  void set_fault_source(FaultSource& source) noexcept;
  // `env.NAME` or `secret.NAME`.
  void set_variable(std::string name, std::string value);

  // --- Its death: with Options::disk, else std::logic_error is thrown ---

  // From now on. What is gone: all flows, jobs and recoveries that run, connections, transactions that are
  // not committed, and what adapters keep in memory. What is left: the disk, databases, and whatever the
  // systems outside have. An operation that was on its way to its system may still arrive there.
  void set_kills(const KillPlan& plan);
  // Now, or, from within the simulation, when this turn is over; until restart().
  void kill();
  void restart();
  bool is_running() const noexcept;
  std::uint64_t kills() const noexcept;

  void add_client(ClientPlan plan);
  // One request, now.
  void send(RequestText request);
  // The client of that request, by its position in requests(), is gone, when it is not answered yet.
  void leave(std::size_t request);

  // Until every client is done and every request is answered. Throws std::runtime_error, one line, when a
  // target cannot be opened. False when one is neither answered nor cut off within that time.
  bool run(Duration most = Duration::from_seconds(86'400));
  // Until no saga is open, those that their flows could not end being the recovery's, and no job waits or
  // runs. False when some are left after that time.
  bool settle(Duration span = Duration::from_seconds(3'600));
  // While it runs, those that the recovery works at, and why they wait for people when they do.
  std::vector<flow::OpenSaga> open_sagas() const;
  // Lets time go on: for what goes on behind the requests.
  void run_for(Duration span);

  const std::vector<SimRequest>& requests() const noexcept;
  // What must hold when run() has returned, and does not: requests without an answer, operations that are
  // still in flight, places of targets that were not given back.
  std::vector<std::string> violations() const;
  // What happened, one event a line: the same for the same seed, to the byte.
  std::string timeline() const;
  const FaultCounts& fault_counts() const noexcept;
  SimLoop& loop() noexcept;
  // While it runs, as what follows: since its last start.
  flow::Worker& worker(std::size_t index) noexcept;
  // As Server has them: by worker, batch workers last; and by flow.
  std::vector<server::SchedulerStats> scheduler_stats() const;
  std::vector<server::FlowStats> flow_stats() const;
  const std::vector<std::string>& log() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zerver::testing
