#include "commands/job_commands.h"

#include "commands/text_of.h"
#include "job_service.h"
#include <zerver/core/output_buffer.h>
#include <zerver/core/uuid.h>
#include <zerver/effects/job_journal.h>
#include <zerver/effects/queue/open_queue.h>
#include <zerver/effects/queue/zone_file.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/io/asio_loop.h>
#include <zerver/jobs/job_store.h>
#include <zerver/jobs/runner_group.h>

#include <cstdio>
#include <optional>

namespace zerver::server {

namespace {

// A store, and one question to it on a loop of its own.
class Asked {
 public:
  explicit Asked(const Clock& clock) : clock_(clock), loop_(clock) {}

  [[nodiscard]] std::string open(const Settings& settings) {
    effects::OpenedQueue opened = effects::open_queue(settings.job_store, clock_);
    if (!opened.error.empty()) return "--job-store: " + opened.error;
    store_ = std::move(opened.store);
    if (!store_->is_durable())
      return "its jobs are in the memory of the service; --job-store names another store";
    session_ = store_->session(loop_, clock_, nullptr);
    return {};
  }

  // `start` is a member of QueueSession.
  template <class Call>
  [[nodiscard]] std::string ask(Call& call, bool (jobs::QueueSession::*start)(Call&) noexcept) {
    if (!(session_.get()->*start)(call)) loop_.run();
    return call.why;
  }

  io::AsioLoop& loop() noexcept { return loop_; }

 private:
  const Clock& clock_;
  io::AsioLoop loop_;
  std::unique_ptr<jobs::QueueStore> store_;
  std::unique_ptr<jobs::QueueSession> session_;
};

// Stops the loop when it is done.
template <class Base> struct Question final : Base {
  explicit Question(Asked& asked)
      : Base([](async::Job& job) noexcept { static_cast<Question&>(job).loop.stop(); }), loop(asked.loop()) {}
  // As what it is asked as.
  Base& base() noexcept { return *this; }
  io::AsioLoop& loop;
};

void print(const OutputBuffer& text) {
  std::printf("%.*s\n", static_cast<int>(text.size()), text.view().data());
}

void print_text(const jobs::ListCall& list) {
  std::printf("%llu waiting, %llu running, %llu dead\n", static_cast<unsigned long long>(list.waiting),
              static_cast<unsigned long long>(list.running), static_cast<unsigned long long>(list.dead));
  for (const jobs::RunningJob& job : list.running_jobs)
    std::printf("running %s %s, attempt %u, lease until %s\n", job.id.c_str(), job.job.c_str(), job.attempts,
                text_of(job.leased_until).c_str());
  for (const jobs::DeadLetter& letter : list.dead_letters) {
    std::printf("dead %s %s%s%s, %u attempts, at %s\n  arguments: %s\n  why: %s\n", letter.id.c_str(),
                letter.job.c_str(), letter.queue.empty() ? "" : " in ", letter.queue.c_str(), letter.attempts,
                text_of(letter.at).c_str(), letter.arguments.c_str(), letter.why.c_str());
  }
}

void text_field(flow::JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.string(text);
}
void number_field(flow::JsonWriter& json, std::string_view key, std::uint64_t number) {
  json.key(key);
  json.integer(number);
}

void print_json(const jobs::ListCall& list) {
  OutputBuffer text;
  flow::JsonWriter json(text);
  json.begin_object();
  number_field(json, "waiting", list.waiting);
  number_field(json, "running", list.running);
  number_field(json, "dead", list.dead);
  json.key("running_jobs");
  json.begin_array();
  for (const jobs::RunningJob& job : list.running_jobs) {
    json.element();
    json.begin_object();
    text_field(json, "id", job.id);
    text_field(json, "job", job.job);
    number_field(json, "attempts", job.attempts);
    text_field(json, "leased_until", text_of(job.leased_until));
    json.end_object();
  }
  json.end_array();
  json.key("dead_letters");
  json.begin_array();
  for (const jobs::DeadLetter& letter : list.dead_letters) {
    json.element();
    json.begin_object();
    text_field(json, "id", letter.id);
    text_field(json, "job", letter.job);
    text_field(json, "queue", letter.queue);
    text_field(json, "arguments", letter.arguments);
    text_field(json, "why", letter.why);
    number_field(json, "attempts", letter.attempts);
    text_field(json, "at", text_of(letter.at));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  print(text);
}

}  // namespace

std::string print_jobs(const Settings& settings, const Clock& clock, bool as_json) {
  Asked asked(clock);
  if (std::string error = asked.open(settings); !error.empty()) return error;
  Question<jobs::ListCall> list(asked);
  list.queue = settings.job_queue;
  if (std::string error = asked.ask(list.base(), &jobs::QueueSession::list); !error.empty()) return error;
  if (as_json) {
    print_json(list);
  } else {
    print_text(list);
  }
  return {};
}

std::string revive_job(const Settings& settings, const Clock& clock, std::string_view id, bool drop) {
  const std::optional<Uuid> uuid = Uuid::parse(id);
  if (!uuid) return "`" + std::string(id) + "` is not the id of a dead letter; --jobs lists them";
  Asked asked(clock);
  if (std::string error = asked.open(settings); !error.empty()) return error;
  Question<jobs::ReviveCall> revive(asked);
  revive.queue = settings.job_queue;
  revive.id = *uuid;
  revive.drop = drop;
  if (std::string error = asked.ask(revive.base(), &jobs::QueueSession::revive); !error.empty()) return error;
  if (!revive.found) return "no dead letter has the id " + std::string(id);
  // Of a job that is no durable one there is nothing to forget.
  if (drop && !is_journal_in_memory(settings))
    static_cast<void>(effects::StoredJobJournal::drop(settings.journal, *uuid));
  std::printf("%s %.*s\n", drop ? "dropped" : "requeued", static_cast<int>(id.size()), id.data());
  return {};
}

std::string print_crons(std::span<const flow::PackageInfo* const> packages, const Clock& clock,
                        bool as_json) {
  jobs::JobStore store;
  jobs::RunnerGroup group(packages, store);
  if (std::string error = group.load_crons(effects::read_zone_file); !error.empty()) return error;
  OutputBuffer text;
  flow::JsonWriter json(text);
  json.begin_array();
  for (const jobs::KnownCron& cron : group.crons()) {
    const std::optional<Timestamp> next = cron.times.next(clock.wall());
    const std::string name(cron.info->job.name);
    const std::string line(cron.info->line);
    const std::string zone(cron.info->zone.empty() ? "UTC" : cron.info->zone);
    if (!as_json) {
      std::printf("%s \"%s\" %s: next at %s\n", name.c_str(), line.c_str(), zone.c_str(),
                  next ? text_of(*next).c_str() : "no time");
      continue;
    }
    json.element();
    json.begin_object();
    text_field(json, "cron", name);
    text_field(json, "line", line);
    text_field(json, "zone", zone);
    json.key("next");
    if (next) {
      json.string(text_of(*next));
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array();
  if (as_json) print(text);
  return {};
}

}  // namespace zerver::server
