// Background work: what a package says about its jobs and crons, and what a flow hands over with `enqueue`.
#pragma once

#include <zerver/async/priority.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/durable/durable_run.h>
#include <zerver/flow/exchange.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace zerver::flow {

class DurableRun;
struct DurableSite;

// `job index(id) { attempts 8 backoff 1s..5m; lease 30s; dead_letter index_dead; ... }`
struct JobInfo {
  std::string_view name;   // qualified: `todo.v1.index`. It is what queues know a job by
  std::uint16_t flow = 0;  // position in PackageInfo::flows
  // Runs it once, as PackageInfo::handle runs a flow. `arguments` is the JSON object that was handed over; it
  // stays valid until the exchange is finished. The attempt has failed when the response has a status from
  // 400 on; its body says why.
  Handled (*run)(Exchange& exchange, std::string_view arguments) = nullptr;
  std::uint32_t attempts = 1;
  Duration backoff_first = {};        // the longest wait before the second attempt; it doubles up to
  Duration backoff_cap = {};          // this, and a random part of it is waited
  Duration lease = Duration::max();   // an attempt that takes longer has failed
  std::string_view dead_letter = {};  // where a job is put that has failed for the last time
  // Of a durable job: what its effects have answered is kept for the next attempt. `run` is null then.
  Handled (*run_durable)(Exchange& exchange, std::string_view arguments, DurableRun& durable) = nullptr;
  std::span<const DurableSite> sites = {};  // where it performs effects
};

// The times of a crontab line, local ones of its zone. Bit n of a field stands for its value n.
struct CronSchedule {
  std::uint64_t seconds = 1;  // 0..59; at second 0 where the line has five fields
  std::uint64_t minutes = 0;  // 0..59
  std::uint32_t hours = 0;    // 0..23
  std::uint32_t days = 0;     // 1..31
  std::uint16_t months = 0;   // 1..12
  std::uint8_t weekdays = 0;  // 0..6, Sunday is 0
  // When neither field begins with `*`, one of both is enough (POSIX crontab), else both must fit.
  bool either_day = false;
};

// What happens at a time of a cron when the run before is not over.
enum class Overlap : std::uint8_t {
  kSkip,   // nothing
  kQueue,  // it runs when the one before is over
  kAllow,  // it runs beside it
};

// `cron nightly "0 3 * * *" UTC { overlap skip; catch_up 6h; ... }`
struct CronInfo {
  JobInfo job;                 // one without arguments; its name is the cron's
  std::string_view line;       // as it was written
  CronSchedule schedule = {};  // the same
  std::string_view zone = {};  // a name of the time zone database; empty: UTC
  Overlap overlap = Overlap::kSkip;
  Duration catch_up = {};  // times that passed while no process ran are made up for so long
};

// Arguments of JobsAdapter::put. Texts are static or in the exchange's arena: a queue copies what it keeps.
struct JobRequest {
  std::string_view job = {};  // JobInfo::name
  Json arguments = {};
  Duration after = {};                           // not before this time from now
  std::optional<async::Priority> priority = {};  // none: that of the job's flow
  String unique = {};  // while a job of the same name and text waits or runs, this one is not needed; empty:
                       // always needed
};

// The system behind `enqueue`, the target `zerver.jobs`.
class JobsAdapter : public Adapter {
 public:
  static constexpr std::string_view kTarget = "zerver.jobs";
  static constexpr std::uint16_t kPut = 0;

  // Succeeds when the job is in safe hands, as safe as the queue is. Where there is no room it waits: until
  // the flow's deadline, as nothing else ends it.
  virtual void put(const JobRequest& request, Reply<void> reply) = 0;

  void start(Operation& operation) final {
    put(*static_cast<const JobRequest*>(operation.arguments()), Reply<void>(operation));
  }
};

}  // namespace zerver::flow
