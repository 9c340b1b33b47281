#include "saga_service.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace zerver::server {

std::string journal_path(const Settings& settings, std::string_view program) {
  return settings.saga_journal.empty() ? std::string(program) + ".sagas.db" : settings.saga_journal;
}

std::string print_sagas(const std::string& path, bool as_json) {
  std::vector<flow::SagaHistory> histories;
  std::string error = effects::SagaJournal::list(path, histories);
  if (!error.empty()) return "the saga journal `" + path + "` cannot be read: " + std::move(error);
  std::vector<flow::OpenSaga> sagas;
  for (flow::SagaHistory& history : histories)
    sagas.push_back({std::move(history), {}, 0, 0});
  if (as_json) {
    OutputBuffer text;
    flow::JsonWriter json(text);
    flow::write_json(json, sagas);
    std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
  } else {
    std::fputs(flow::to_text(sagas).c_str(), stdout);
  }
  return {};
}

std::string SagaService::open(std::span<const flow::PackageInfo* const> packages, const Settings& settings,
                              std::string_view program) {
  const bool has_sagas = std::ranges::any_of(
      packages, [](const flow::PackageInfo* package) { return !package->saga_steps.empty(); });
  if (!has_sagas) return {};
  const std::string path = journal_path(settings, program);
  journal_.emplace(*log_);
  std::string error = journal_->open(path);
  if (error.empty()) return {};
  return "the saga journal `" + path + "` cannot be used: " + std::move(error);
}

void SagaService::use(flow::Worker& worker) {
  if (journal_) worker.set_saga_log(*journal_);
}

void SagaService::recover(flow::Worker& worker, std::vector<flow::SagaPackage> packages) {
  if (!journal_) return;
  recovery_.emplace(worker, *journal_, std::move(packages));
  worker.loop().post(start_);
}

std::vector<flow::OpenSaga> SagaService::unsettled() const {
  return recovery_ ? recovery_->open() : std::vector<flow::OpenSaga>{};
}

}  // namespace zerver::server
