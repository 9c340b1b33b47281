#include <zerver/flow/saga/recovery.h>
#include <zerver/flow/saga/saga.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace zerver::flow {

namespace {

// Behind such an answer it is certain that nothing has happened.
bool is_refusal(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::kInvalid:
    case FaultKind::kMissing:
    case FaultKind::kConflict:
    case FaultKind::kRejected:
      return true;
    default:
      return false;
  }
}

}  // namespace

struct SagaRecovery::Item {
  explicit Item(SagaHistory the_history) : history(std::move(the_history)) {}

  SagaHistory history;
  const SagaPackage* package = nullptr;
  std::set<std::uint32_t> tried;  // runs that have failed in this round
  unsigned rounds = 0;
  TimePoint due;
  std::string why;
  std::size_t blocked = 0;
  bool over = false;
  bool running = false;
  Arena arena{kFrames};
  std::optional<async::Task<void>> task;

  static constexpr std::size_t kFrames = std::size_t{64} << 10;
};

SagaRecovery::SagaRecovery(Worker& worker, SagaLog& log, std::vector<SagaPackage> packages,
                           const SagaRecoverySettings& settings)
    : worker_(&worker),
      log_(&log),
      packages_(std::move(packages)),
      settings_(settings),
      look_again_(std::min(settings.first_wait, settings.claim_every)) {}

SagaRecovery::~SagaRecovery() {
  log_->listen(nullptr, nullptr);
  if (claiming_) log_->abandon(claim_);
  worker_->loop().stop(timer_);
}

void SagaRecovery::start() {
  log_->listen(this, &worker_->loop());
  on_released();
}

bool SagaRecovery::settled() const noexcept {
  return !claiming_ && next_claim_ > worker_->loop().now() &&
         std::ranges::all_of(items_, [](const Item& item) { return !item.task && !item.why.empty(); });
}

std::vector<OpenSaga> SagaRecovery::open() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

// --- Turns ---

void SagaRecovery::on_released() noexcept {
  next_claim_ = worker_->loop().now();
  wake_at(next_claim_);
}

void SagaRecovery::wake_at(TimePoint when) noexcept {
  if (timer_.running() && timer_.when() <= when) return;
  worker_->loop().start(timer_, when);
}

void SagaRecovery::on_timer() noexcept {
  try {
    reap();
    if (!claiming_ && worker_->loop().now() >= next_claim_) {
      next_claim_ = worker_->loop().now() + look_again_;
      look_again_ = std::min(Duration{2 * look_again_.nanoseconds}, settings_.claim_every);
      claiming_ = true;
      if (log_->claim(claim_)) return on_claimed();
    }
    begin_due();
    publish();
  } catch (const std::bad_alloc&) {
    worker_->log().write(LogLevel::kError, "no memory to recover sagas with: it is tried again");
  }
  plan_wakeup();
}

void SagaRecovery::on_claimed() noexcept {
  claiming_ = false;
  try {
    if (!claim_.why.empty()) worker_->log().write(LogLevel::kError, claim_.why);
    for (SagaHistory& history : claim_.sagas) {
      const auto known =
          std::ranges::find(items_, history.id, [](const Item& each) { return each.history.id; });
      if (known != items_.end()) {
        // An operator has said something about it, in the journal. What runs knows better.
        if (known->running || known->task) continue;
        known->history = std::move(history);
        known->why.clear();
        known->due = worker_->loop().now();
        continue;
      }
      Item& item = items_.emplace_back(std::move(history));
      item.package = package_of(item.history.flow);
      item.due = worker_->loop().now();
    }
    claim_.sagas.clear();
    for (const Uuid& saga : claim_.lost) {
      const auto item = std::ranges::find(items_, saga, [](const Item& each) { return each.history.id; });
      // What runs finds out by itself.
      if (item == items_.end() || item->running || item->task) continue;
      give_away(*item);
      items_.erase(item);
    }
    claim_.lost.clear();
    begin_due();
    publish();
  } catch (const std::bad_alloc&) {
    worker_->log().write(LogLevel::kError, "no memory to recover sagas with: it is tried again");
  }
  plan_wakeup();
}

void SagaRecovery::plan_wakeup() noexcept {
  TimePoint next = claiming_ ? TimePoint::never() : next_claim_;
  for (const Item& item : items_) {
    if (!item.running) next = std::min(next, item.task ? worker_->loop().now() : item.due);
  }
  if (next != TimePoint::never()) wake_at(next);
}

// Ends the rounds that are over, from outside their coroutines.
void SagaRecovery::reap() {
  for (auto item = items_.begin(); item != items_.end();) {
    if (item->running || !item->task) {
      ++item;
      continue;
    }
    item->task.reset();
    item->arena.reset();
    if (item->over) {
      item = items_.erase(item);
      continue;
    }
    item->due = TimePoint::never();
    if (item->why.empty()) {
      // "Full jitter", from half on: somebody waits for it.
      std::int64_t longest = settings_.first_wait.nanoseconds;
      for (unsigned round = 0; round < item->rounds && longest < settings_.longest_wait.nanoseconds; ++round)
        longest *= 2;
      longest = std::min(longest, settings_.longest_wait.nanoseconds);
      const auto half = static_cast<std::uint64_t>(longest / 2);
      const auto wait = static_cast<std::int64_t>(half + worker_->random().below(half + 1));
      item->due = worker_->loop().now() + Duration{wait};
      ++item->rounds;
    }
    ++item;
  }
}

void SagaRecovery::begin_due() {
  auto running = static_cast<std::size_t>(std::ranges::count_if(items_, &Item::running));
  for (Item& item : items_) {
    if (running == settings_.at_once) return;
    if (item.running || item.task || item.due > worker_->loop().now()) continue;
    item.tried.clear();
    item.why.clear();
    item.running = true;
    item.task.emplace(settle(item.arena, *this, item));
    item.task->start();
    if (item.running) ++running;
  }
}

void SagaRecovery::publish() {
  std::vector<OpenSaga> sagas;
  sagas.reserve(items_.size());
  for (const Item& item : items_) {
    if (!item.over) sagas.push_back({item.history, item.why, item.rounds, item.blocked});
  }
  const std::lock_guard lock(mutex_);
  published_ = std::move(sagas);
}

// --- What is done ---

const SagaPackage* SagaRecovery::package_of(std::string_view flow) const noexcept {
  const std::string_view name = flow.substr(0, flow.rfind('.'));
  const auto found =
      std::ranges::find(packages_, name, [](const SagaPackage& each) { return each.package->name; });
  return found == packages_.end() ? nullptr : &*found;
}

const SagaStepInfo* SagaRecovery::find(const SagaPackage* package, std::string_view step) const noexcept {
  if (package == nullptr) return nullptr;
  const auto steps = package->package->saga_steps;
  const auto found = std::ranges::find(steps, step, &SagaStepInfo::step);
  return found == steps.end() ? nullptr : &*found;
}

SagaAction SagaRecovery::plan(const Item& item) const {
  if (item.history.dismissed) return {.kind = SagaAction::Kind::kEnd};
  return next_action(
      item.history, [&](std::string_view step) { return find(item.package, step); },
      [&](const SagaRun& run) { return item.tried.contains(run.number); });
}

void SagaRecovery::record(Item& item, SagaRecordKind kind, std::uint32_t run, std::string_view data) {
  const SagaRecord record{.saga = item.history.id,
                          .kind = kind,
                          .run = run,
                          .name = {},
                          .data = data,
                          .at = worker_->clock().wall()};
  log_->append(record);
  apply(item.history, record);
}

async::Task<void> SagaRecovery::settle(Arena&, SagaRecovery& recovery, Item& item) {
  Worker& worker = *recovery.worker_;
  try {
    bool goes_on = true;
    while (goes_on) {
      const SagaAction action = recovery.plan(item);
      switch (action.kind) {
        case SagaAction::Kind::kEnd:
          recovery.record(item, SagaRecordKind::kEnded);
          worker.counters().sagas_recovered.add();
          item.over = true;
          goes_on = false;
          break;
        case SagaAction::Kind::kWait:
          item.why = action.why;
          item.blocked = action.run;
          goes_on = false;
          if (!item.why.empty()) recovery.tell(item, LogLevel::kError, item.why);
          if (item.history.blocked != item.why && !item.why.empty())
            recovery.record(item, SagaRecordKind::kBlocked, 0, item.why);
          break;
        case SagaAction::Kind::kUnwind: {
          recovery.record(item, SagaRecordKind::kUnwinding);
          LogSync written(*recovery.log_, worker.loop(), item.history.id);
          const Result<void> durable = co_await written;
          if (written.is_refused()) recovery.give_away(item);
          goes_on = durable.has_value();
          break;
        }
        case SagaAction::Kind::kUndo:
        case SagaAction::Kind::kRedo: {
          // Memory of its own, which goes before the next one: a saga may have any number of runs.
          UndoExchange exchange(worker, item.package->targets, item.package->rates,
                                recovery.settings_.attempt);
          goes_on = co_await perform(exchange.arena(), exchange, recovery, item, action);
          break;
        }
      }
    }
  } catch (const std::exception& error) {
    recovery.tell(item, LogLevel::kError, error.what());
  }
  item.running = false;
  recovery.wake_at(worker.loop().now());
}

// False when the journal cannot be written, without which the undo must not begin.
async::Task<bool> SagaRecovery::perform(Arena& arena, Exchange& exchange, SagaRecovery& recovery, Item& item,
                                        SagaAction action) {
  Worker& worker = *recovery.worker_;
  const SagaRun& run = item.history.runs[action.run];
  const SagaStepInfo& step = *recovery.find(item.package, run.step);
  const bool undoes = action.kind == SagaAction::Kind::kUndo;
  Result<void*> captured = static_cast<void*>(nullptr);
  Result<void> outcome;
  try {
    captured = step.read(worker.json_reader(), run.data, arena);
    if (!captured) outcome = captured.error();
    const bool only_once = undoes && !step.undo_repeatable;
    if (outcome && only_once) recovery.record(item, SagaRecordKind::kUndoing, run.number);
    if (outcome && (only_once || recovery.log_->can_be_taken_over())) {
      LogSync written(*recovery.log_, worker.loop(), item.history.id);
      const Result<void> durable = co_await written;
      if (written.is_refused()) {
        recovery.give_away(item);
      } else if (!durable && only_once) {
        // It has not begun, so that it may be tried again.
        recovery.record(item, SagaRecordKind::kStuck, run.number, std::string_view(durable.error().why));
      }
      if (!durable) co_return false;
    }
    if (outcome) outcome = co_await (undoes ? step.undo : step.redo)(arena, exchange, *captured);
  } catch (const std::bad_alloc&) {
    outcome = Fault{FaultKind::kUnavailable, "no memory", {}};
  } catch (const std::exception&) {
    outcome = Fault{FaultKind::kInternal, "the step threw an exception", {}};
  }
  recovery.note_outcome(item, step, action, outcome, captured ? *captured : nullptr);
  co_return true;
}

// Another process has it; this one's last word about it.
void SagaRecovery::give_away(Item& item) {
  item.why.clear();
  tell(item, LogLevel::kWarning, "another process has taken it over");
  record(item, SagaRecordKind::kReleased);
  item.over = true;
}

void SagaRecovery::note_outcome(Item& item, const SagaStepInfo& step, SagaAction action,
                                const Result<void>& outcome, const void* captured) {
  const SagaRun& run = item.history.runs[action.run];
  const std::uint32_t number = run.number;
  if (action.kind == SagaAction::Kind::kUndo) {
    if (outcome) return record(item, SagaRecordKind::kUndone, number);
    worker_->counters().undos_failed.add();
    item.tried.insert(number);
    const std::string why = outcome.error().why.empty() ? std::string(name_of(outcome.error().kind))
                                                        : std::string(outcome.error().why);
    // The journal keeps the first failure, and others when they are different.
    if (run.status == SagaRun::Status::kStuck && run.why == why) return;
    tell(item, LogLevel::kError, "the undo of `" + run.step + "` has failed: " + why);
    return record(item, SagaRecordKind::kStuck, number, why);
  }
  if (outcome) {
    OutputBuffer& text = worker_->scratch();
    text.clear();
    JsonWriter json(text);
    step.write(json, captured);
    return record(item, SagaRecordKind::kCompleted, number, text.view());
  }
  if (is_refusal(outcome.error().kind)) return record(item, SagaRecordKind::kFailed, number);
  item.tried.insert(number);
}

void SagaRecovery::tell(const Item& item, LogLevel level, std::string_view what) noexcept {
  char id[Uuid::kText];
  item.history.id.write(id);
  try {
    std::string line = "saga ";
    line.append(id, sizeof(id)).append(" of ").append(item.history.flow);
    if (!item.why.empty() && item.blocked < item.history.runs.size())
      line.append(", step `").append(item.history.runs[item.blocked].step).append("`");
    worker_->log().write(level, line.append(": ").append(what));
  } catch (const std::bad_alloc&) {
    worker_->log().write(level, what);
  }
}

// --- For people ---

bool SagaRecovery::resolve(const Uuid& saga, std::uint32_t run, SagaVerdict verdict) {
  const auto item = std::ranges::find(items_, saga, [](const Item& each) { return each.history.id; });
  if (item == items_.end() || item->running || item->task) return false;
  if (run == 0) {
    record(*item, SagaRecordKind::kEnded);
    items_.erase(item);
    publish();
    return true;
  }
  const SagaRun* const found = item->history.find(run);
  if (found == nullptr) return false;
  record(*item, record_of(verdict), run, std::string(found->data));
  item->why.clear();
  item->due = worker_->loop().now();
  wake_at(item->due);
  return true;
}

std::string to_text(std::span<const OpenSaga> sagas) {
  std::string text;
  for (const OpenSaga& saga : sagas) {
    char id[Uuid::kText];
    saga.history.id.write(id);
    char began[Timestamp::kMaxText];
    const std::size_t size = saga.history.began.write(began);
    text.append(id, sizeof(id)).append("  ").append(saga.history.flow).append("  begun ").append(began, size);
    if (!saga.why.empty()) text.append("  waits for an operator: ").append(saga.why);
    text += '\n';
    for (const SagaRun& run : saga.history.runs) {
      text.append("  ").append(std::to_string(run.number)).append(" ").append(run.step).append(": ");
      text.append(name_of(run.status));
      if (!run.why.empty()) text.append(", ").append(run.why);
      text += '\n';
    }
  }
  return text;
}

void write_json(JsonWriter& out, std::span<const OpenSaga> sagas) {
  out.begin_array();
  for (const OpenSaga& saga : sagas) {
    out.element();
    out.begin_object();
    out.key("id");
    write_json(out, saga.history.id);
    out.key("flow");
    out.string(saga.history.flow);
    out.key("began");
    write_json(out, saga.history.began);
    out.key("rounds");
    out.integer(std::uint64_t{saga.rounds});
    if (!saga.why.empty()) {
      out.key("why");
      out.string(saga.why);
    }
    out.key("runs");
    out.begin_array();
    for (const SagaRun& run : saga.history.runs) {
      out.element();
      out.begin_object();
      out.key("run");
      out.integer(std::uint64_t{run.number});
      out.key("step");
      out.string(run.step);
      out.key("status");
      out.string(name_of(run.status));
      if (!run.why.empty()) {
        out.key("why");
        out.string(run.why);
      }
      out.end_object();
    }
    out.end_array();
    out.end_object();
  }
  out.end_array();
}

}  // namespace zerver::flow
