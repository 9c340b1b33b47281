#include "pool.h"

#include <algorithm>
#include <utility>

namespace zerver::effects::postgres {

namespace {

constexpr Duration kMaintenance = Duration::from_seconds(5);
constexpr std::size_t kMaxConnecting = 2;  // at the same time

}  // namespace

Pool::Pool(const Libpq& pq, io::AsioLoop& loop, Random& random, const Options& options, const Part& part)
    : pq_(pq),
      loop_(loop),
      random_(random),
      options_(options),
      names_(loop),
      retry_(*this, &Pool::retry),
      refusal_(*this, &Pool::refuse_all),
      maintenance_(*this, &Pool::maintain),
      sweep_(*this, &Pool::sweep),
      part_(part) {
  if (part.password != nullptr) password_.emplace(*part.password);
  members_.reserve(options_.size);
  gone_.reserve(options_.size);
}

Pool::~Pool() {
  closing_ = true;
  loop_.stop(retry_);
  loop_.stop(refusal_);
  loop_.stop(maintenance_);
  loop_.stop(sweep_);
  members_.clear();
  note();
}

void Pool::start(Request& request) noexcept {
  waiting_.push_back(request);
  dispatch();
}

void Pool::forget(Request& request, Connection::Stop how) noexcept {
  if (waiting_.contains(request)) {
    request.again_ = false;
    waiting_.remove(request);
    // Whoever waited behind it may go on something that it could not.
    return dispatch();
  }
  if (request.connection_ != nullptr) request.connection_->forget(request, how);
}

void Pool::lease(LeaseRequest& request) noexcept {
  waiting_.push_back(request);
  dispatch();
}

void Pool::forget(LeaseRequest& request) noexcept {
  if (!waiting_.contains(request)) return;
  waiting_.remove(request);
  dispatch();
}

void Pool::give_back(Connection& connection) noexcept {
  Member& member = *find(connection);
  member.is_leased = false;
  // With something under way on it nobody can say whether its transaction has ended.
  const bool is_of_use = connection.state() == Connection::State::kReady &&
                         (connection.in_flight() > 0 || !connection.in_transaction());
  if (!is_of_use) retire(member);
  dispatch();
}

// --- Who is next ---

void Pool::dispatch() noexcept {
  if (std::exchange(dispatching_, true)) return;
  while (!waiting_.empty() && place(*waiting_.first())) {
  }
  dispatching_ = false;
  if (!waiting_.empty() && !closing_) {
    grow(waiting_.size());
    // In the next turn: whoever asks again at once leaves time for connecting.
    if (is_hopeless() && !refusal_.running()) loop_.start(refusal_, loop_.now());
  }
  note();
}

// False when it has to wait.
bool Pool::place(Waiting& first) noexcept {
  if (first.for_ == Waiting::For::kConnection) {
    Member* const member = idle_member();
    if (member == nullptr) return false;
    waiting_.remove(first);
    member->is_leased = true;
    static_cast<LeaseRequest&>(first).leased(*member->connection);
    return true;
  }
  auto& request = static_cast<Request&>(first);
  Member* const member = member_for(request);
  if (member == nullptr) return false;
  waiting_.remove(first);
  member->connection->send(request);
  return true;
}

// The one that was used last: the others grow old.
Pool::Member* Pool::idle_member() noexcept {
  Member* latest = nullptr;
  for (Member& member : members_) {
    if (member.is_leased || !member.connection->is_idle()) continue;
    if (latest == nullptr || member.connection->idle_since() > latest->connection->idle_since())
      latest = &member;
  }
  return latest;
}

Pool::Member* Pool::member_for(const Request& request) noexcept {
  if (Member* const idle = idle_member(); idle != nullptr) return idle;
  grow(1);
  if (request.form != Request::Form::kPrepared || !book_.is_quick(request.statement.text)) return nullptr;
  // The one that will be free first, as far as can be told.
  const auto is_sooner = [](const Connection& a, const Connection& b) {
    return a.in_flight() != b.in_flight() ? a.in_flight() < b.in_flight()
                                          : a.running_since() < b.running_since();
  };
  Member* best = nullptr;
  for (Member& member : members_) {
    if (member.is_leased || !member.connection->takes_behind()) continue;
    if (best == nullptr || is_sooner(*member.connection, *best->connection)) best = &member;
  }
  return best;
}

// Null of one that is retired; one that is leased never is.
Pool::Member* Pool::find(const Connection& connection) noexcept {
  const auto found =
      std::ranges::find(members_, &connection, [](const Member& member) { return member.connection.get(); });
  return found == members_.end() ? nullptr : &*found;
}

bool Pool::is_any(Connection::State state) const noexcept {
  return std::ranges::any_of(members_,
                             [=](const Member& member) { return member.connection->state() == state; });
}

// --- Connections come ---

// A few at a time; none while the last failure is too fresh.
void Pool::grow(std::size_t wanted) noexcept {
  if (closing_ || retry_.running()) return;
  const auto connecting = std::ranges::count_if(members_, [](const Member& member) {
    return member.connection->state() == Connection::State::kConnecting;
  });
  wanted = std::min(wanted, kMaxConnecting);
  if (password_) set_password(options_.parameters, password_->get());
  for (auto count = static_cast<std::size_t>(connecting); count < wanted && members_.size() < size();
       ++count) {
    Member& member = members_.emplace_back();
    ConnectionOwner& owner = *this;
    member.connection = std::make_unique<Connection>(pq_, loop_, options_, book_, names_, owner);
    member.connection->connect();
  }
}

void Pool::keep_one() noexcept {
  if (!maintenance_.running()) loop_.start(maintenance_, loop_.now() + kMaintenance);
  if (members_.empty()) grow(1);
}

void Pool::connected(Connection& connection) noexcept {
  backoff_.succeeded();
  loop_.stop(retry_);
  const Duration tenth{options_.max_lifetime.nanoseconds / 10};
  const Duration less{
      static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(tenth.nanoseconds) + 1))};
  find(connection)->goes_at = loop_.now() + (options_.max_lifetime - less);
  if (!maintenance_.running()) loop_.start(maintenance_, loop_.now() + kMaintenance);
  note_health();
  dispatch();
}

void Pool::has_room(Connection& connection) noexcept {
  // One that was given back with its transaction open, or that is too old.
  Member& member = *find(connection);
  if (!member.is_leased && connection.in_flight() == 0 &&
      (connection.in_transaction() || loop_.now() >= member.goes_at))
    retire(member);
  dispatch();
}

void Pool::come_back(Request& request) noexcept {
  waiting_.push_front(request);
  if (!dispatching_) dispatch();
}

// --- Connections go ---

void Pool::lost(Connection& connection, std::string_view why) noexcept {
  const bool never_was_open = connection.connected_at() == TimePoint{};
  why_ = why;
  // Whoever had leased it may have given it back when its statement failed.
  if (Member* const member = find(connection); member != nullptr) retire(*member);
  if (never_was_open) {
    const Duration pause = backoff_.failed(options_, random_);
    if (!retry_.running()) loop_.start(retry_, loop_.now() + pause);
    note_health();
    refuse_all();
    return note();
  }
  keep_one();
  dispatch();
}

void Pool::retry() noexcept {
  keep_one();
  dispatch();
}

// Nothing is open, and nothing was to be had.
bool Pool::is_hopeless() const noexcept {
  return !is_any(Connection::State::kReady) && !is_any(Connection::State::kConnecting);
}

void Pool::refuse_all() noexcept {
  if (!is_hopeless()) return;
  const std::string why = "the database cannot be reached: " + why_;
  for (std::size_t left = waiting_.size(); left > 0 && !waiting_.empty(); --left) {
    Waiting& first = *waiting_.first();
    waiting_.remove(first);
    first.refused({FaultKind::kUnavailable, why, {}});
  }
}

// It is destroyed later: it may be what tells.
void Pool::retire(Member& member) noexcept {
  // Whoever has it finds it lost, and gives it back.
  member.connection->close();
  if (member.is_leased) return;
  gone_.push_back(std::move(member.connection));
  if (&member != &members_.back()) member = std::move(members_.back());
  members_.pop_back();
  if (!sweep_.running()) loop_.start(sweep_, loop_.now());
}

void Pool::sweep() noexcept { gone_.clear(); }

void Pool::maintain() noexcept {
  const TimePoint now = loop_.now();
  loop_.start(maintenance_, now + kMaintenance);
  for (std::size_t index = members_.size(); index-- > 0;) {
    Member& member = members_[index];
    Connection& connection = *member.connection;
    connection.measure();
    if (member.is_leased || !connection.is_idle()) continue;
    const Duration idle = now - connection.idle_since();
    if (now >= member.goes_at || (idle > options_.idle_timeout && members_.size() > 1)) {
      retire(member);
    } else if (now - connection.heard_at() > options_.probe_after) {
      connection.probe();
    }
  }
  keep_one();
}

// --- What is shown ---

std::size_t Pool::size() const noexcept {
  return part_.workers == nullptr ? options_.size : part_.workers->share(options_.size, part_.worker);
}

void Pool::note() noexcept {
  if (part_.observed == nullptr) return;
  Counted now{.waiting = static_cast<std::uint32_t>(waiting_.size())};
  for (const Member& member : members_) {
    if (member.connection->state() != Connection::State::kReady) continue;
    ++now.open;
    if (!member.is_leased && member.connection->is_idle()) ++now.idle;
  }
  const auto add = [](std::atomic<std::uint32_t>& to, std::uint32_t before, std::uint32_t after) {
    if (before != after) to.fetch_add(after - before, std::memory_order_relaxed);
  };
  add(part_.observed->open, counted_.open, now.open);
  add(part_.observed->idle, counted_.idle, now.idle);
  add(part_.observed->waiting, counted_.waiting, now.waiting);
  counted_ = now;
}

void Pool::note_health() noexcept {
  if (part_.observed == nullptr) return;
  const bool is_up = is_any(Connection::State::kReady);
  if (!is_up && backoff_.failures() == 0) return;  // not known yet
  part_.observed->health.note(is_up ? Health::State::kUp : Health::State::kDown, is_up ? "" : why_,
                              loop_.now());
}

}  // namespace zerver::effects::postgres
