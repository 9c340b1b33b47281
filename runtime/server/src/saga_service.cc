#include "saga_service.h"

#include <zerver/effects/redact.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

namespace zerver::server {

namespace {

std::string name_of_journal(std::string_view place) {
  return "the saga journal `" + effects::without_secrets(place) + "`";
}

}  // namespace

std::string journal_place(const Settings& settings, std::string_view program) {
  return settings.saga_journal.empty() ? std::string(program) + ".sagas.db" : settings.saga_journal;
}

std::string print_sagas(std::string_view place, bool as_json) {
  std::vector<flow::SagaHistory> histories;
  std::string error = effects::SagaJournal::list(place, histories);
  if (!error.empty()) return name_of_journal(place) + " cannot be read: " + std::move(error);
  std::vector<flow::OpenSaga> sagas;
  for (flow::SagaHistory& history : histories) {
    sagas.push_back({std::move(history), {}, 0, 0});
    sagas.back().why = sagas.back().history.blocked;
  }
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

std::string resolve_saga(std::string_view place, std::string_view verdict) {
  struct Word {
    std::string_view word;
    flow::SagaVerdict verdict;
  };
  constexpr std::array kWords = {Word{"happened", flow::SagaVerdict::kHappened},
                                 Word{"not-happened", flow::SagaVerdict::kNotHappened},
                                 Word{"undone", flow::SagaVerdict::kUndone}};
  const std::string_view id = verdict.substr(0, verdict.find(':'));
  const std::optional<Uuid> saga = Uuid::parse(id);
  std::uint32_t run = 0;
  const Word* word = kWords.data();
  bool is_known = saga.has_value();
  if (is_known && id.size() != verdict.size()) {
    const std::string_view rest = verdict.substr(id.size() + 1);
    const std::string_view number = rest.substr(0, rest.find(':'));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), run);
    word = std::ranges::find(kWords, rest.substr(std::min(rest.size(), number.size() + 1)), &Word::word);
    is_known =
        error == std::errc() && end == number.data() + number.size() && run != 0 && word != kWords.end();
  }
  if (!is_known)
    return "`" + std::string(verdict) +
           "` is neither ID nor ID:RUN:happened, ID:RUN:not-happened or ID:RUN:undone";
  const std::string error = effects::SagaJournal::resolve(place, *saga, run, word->verdict);
  return error.empty() ? std::string() : name_of_journal(place) + ": " + error;
}

std::string SagaService::open(std::span<const flow::PackageInfo* const> packages, const Settings& settings,
                              std::string_view program) {
  const bool has_sagas = std::ranges::any_of(
      packages, [](const flow::PackageInfo* package) { return !package->saga_steps.empty(); });
  if (!has_sagas) return {};
  const std::string place = journal_place(settings, program);
  journal_.emplace(*log_);
  std::string error = journal_->open(place);
  if (error.empty()) return {};
  return name_of_journal(place) + " cannot be used: " + std::move(error);
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
