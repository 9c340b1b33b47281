// The sagas of a service: their journal, and the recovery of those that a flow has left behind.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/log.h>
#include <zerver/effects/saga_journal.h>
#include <zerver/flow/saga/recovery.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/server/settings.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// The journal of a program, with these settings.
std::string journal_place(const Settings& settings, std::string_view program);
// Prints what is in it. Empty, or what is wrong.
[[nodiscard]] std::string print_sagas(std::string_view place, bool as_json);
// Writes an operator's verdict into it: `ID`, the saga as a whole is done with, or `ID:RUN:happened`,
// `:not-happened`, `:undone`. Empty, or what is wrong.
[[nodiscard]] std::string resolve_saga(std::string_view place, std::string_view verdict);

// In this order: open(), use() for each worker, recover() for one of them, all before any of them runs; end()
// when none runs any more, before the systems that they reach are closed. Destroyed before their loops.
class SagaService {
 public:
  explicit SagaService(Log& log) : log_(&log) {}
  SagaService(const SagaService&) = delete;
  SagaService& operator=(const SagaService&) = delete;

  // Opens the journal when one of the packages has a saga. Empty, or why the service must not start.
  [[nodiscard]] std::string open(std::span<const flow::PackageInfo* const> packages, const Settings& settings,
                                 std::string_view program);
  void use(flow::Worker& worker);
  // Settles on that worker what is left behind, as soon as it runs and from then on.
  void recover(flow::Worker& worker, std::vector<flow::SagaPackage> packages);
  // Whatever the recovery is at is left to the next start.
  void end() noexcept { recovery_.reset(); }
  // What is left behind and has not been settled yet. Any thread, until end().
  std::vector<flow::OpenSaga> unsettled() const;

 private:
  struct Start final : async::Job {
    explicit Start(SagaService& service) noexcept
        : Job([](Job& job) noexcept { static_cast<Start&>(job).owner.recovery_->start(); }), owner(service) {}
    SagaService& owner;
  };

  Log* log_;
  std::optional<effects::SagaJournal> journal_;
  std::optional<flow::SagaRecovery> recovery_;
  Start start_{*this};
};

}  // namespace zerver::server
