// What a store of a queue does on its thread.
#pragma once

#include <zerver/core/time.h>
#include <zerver/jobs/queue_store.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace zerver::effects::queue {

// One call that waits for the thread, with the texts that it had when it was made.
struct Command {
  enum class Kind : std::uint8_t { kPut, kClaim, kSettle, kExtend, kFire, kCron, kList, kRevive };

  Command(Kind the_kind, jobs::QueueCall& the_call)
      : kind(the_kind), call(&the_call), settlement([](async::Job&) noexcept {}) {}

  // Where the result goes.
  jobs::PutCall& put() const noexcept { return static_cast<jobs::PutCall&>(*call); }
  jobs::ClaimCall& claim() const noexcept { return static_cast<jobs::ClaimCall&>(*call); }
  jobs::ExtendCall& extend() const noexcept { return static_cast<jobs::ExtendCall&>(*call); }
  jobs::FireCall& fire() const noexcept { return static_cast<jobs::FireCall&>(*call); }
  jobs::CronCall& cron() const noexcept { return static_cast<jobs::CronCall&>(*call); }
  jobs::ListCall& list() const noexcept { return static_cast<jobs::ListCall&>(*call); }
  jobs::ReviveCall& revive() const noexcept { return static_cast<jobs::ReviveCall&>(*call); }

  Kind kind;
  jobs::QueueCall* call;        // null when nobody waits for it any more
  jobs::NewJob job;             // its texts are the ones below
  jobs::SettleCall settlement;  // a copy, which may outlive its caller
  std::string queue, name, arguments, unique, reason, dead_letter;
  std::string why;  // the result; empty when it went well
};

using Batch = std::span<const std::unique_ptr<Command>>;

// One connection to a store. Of one thread; may wait.
class Backend {
 public:
  virtual ~Backend() = default;
  // Does all of them, in their order as far as one needs another, and fills in how they went. What is told as
  // done is as safe as the store makes it.
  virtual void perform(Batch batch, Timestamp now) = 0;
  // Whether somebody else may have changed the queue since this was asked last. Asked every 20 ms, also to
  // keep the connection.
  virtual bool has_changed() = 0;

  // As of QueueStore; any thread.
  virtual std::string_view database() const noexcept { return {}; }
  virtual flow::Statement put_statement(const jobs::NewJob& job, Timestamp now, Arena& arena) const {
    static_cast<void>(job), static_cast<void>(now), static_cast<void>(arena);
    return {};
  }
};

}  // namespace zerver::effects::queue
