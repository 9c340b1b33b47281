#include "saga_service.h"

#include <algorithm>
#include <utility>

namespace zerver::server {

std::string SagaService::open(std::span<const flow::PackageInfo* const> packages, const Settings& settings,
                              std::string_view program) {
  const bool has_sagas = std::ranges::any_of(
      packages, [](const flow::PackageInfo* package) { return !package->saga_steps.empty(); });
  if (!has_sagas) return {};
  const std::string path =
      settings.saga_journal.empty() ? std::string(program) + ".sagas.db" : settings.saga_journal;
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

}  // namespace zerver::server
