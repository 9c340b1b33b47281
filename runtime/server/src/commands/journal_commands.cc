// `--journals` and `--journal-drop`.
#include "commands/job_commands.h"
#include "commands/text_of.h"
#include "job_service.h"
#include <zerver/core/output_buffer.h>
#include <zerver/core/uuid.h>
#include <zerver/effects/job_journal.h>
#include <zerver/effects/redact.h>
#include <zerver/flow/data/json_codec.h>

#include <cstdio>
#include <optional>
#include <vector>

namespace zerver::server {

namespace {

constexpr const char* kInMemory = "the journal is in the memory of the service; --journal names another one";

void print_text(const std::vector<flow::JobHistory>& jobs) {
  for (const flow::JobHistory& job : jobs) {
    std::printf("%s %s%s, begun %s, last written %s\n", text_of(job.id).c_str(), job.job.c_str(),
                job.parked ? " (dead)" : "", text_of(job.began).c_str(), text_of(job.touched).c_str());
    for (const flow::JournalEntry& entry : job.entries)
      std::printf("  %s\n", entry.continuation.c_str());
  }
  if (jobs.empty()) std::puts("no durable job is under way");
}

// What effects have answered is not shown: it may be anybody's data.
void print_json(const std::vector<flow::JobHistory>& jobs) {
  OutputBuffer text;
  flow::JsonWriter json(text);
  json.begin_array();
  for (const flow::JobHistory& job : jobs) {
    json.element();
    json.begin_object();
    json.key("id");
    write_json(json, job.id);
    json.key("job");
    json.string(job.job);
    json.key("dead");
    json.boolean(job.parked);
    json.key("began");
    write_json(json, job.began);
    json.key("touched");
    write_json(json, job.touched);
    json.key("entries");
    json.begin_array();
    for (const flow::JournalEntry& entry : job.entries) {
      json.element();
      json.string(entry.continuation);
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  std::printf("%.*s\n", static_cast<int>(text.size()), text.view().data());
}

}  // namespace

std::string print_journals(const Settings& settings, bool as_json) {
  if (is_journal_in_memory(settings)) return kInMemory;
  std::vector<flow::JobHistory> jobs;
  if (std::string error = effects::StoredJobJournal::list(settings.journal, jobs); !error.empty())
    return "the journal `" + effects::without_secrets(settings.journal) + "` cannot be read: " + error;
  if (as_json) {
    print_json(jobs);
  } else {
    print_text(jobs);
  }
  return {};
}

std::string drop_journal(const Settings& settings, std::string_view id) {
  if (is_journal_in_memory(settings)) return kInMemory;
  const std::optional<Uuid> uuid = Uuid::parse(id);
  if (!uuid) return "`" + std::string(id) + "` is not the id of a job; --journals lists them";
  if (std::string error = effects::StoredJobJournal::drop(settings.journal, *uuid); !error.empty())
    return "the journal `" + effects::without_secrets(settings.journal) + "`: " + error;
  std::printf("dropped %.*s\n", static_cast<int>(id.size()), id.data());
  return {};
}

}  // namespace zerver::server
