#include "zerver.flow.h"
#include "zerver/idempotency.flow.h"
#include <zerver/core/output_buffer.h>
#include <zerver/core/sip_hash.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/idempotency_key.h>
#include <zerver/flow/request/problem.h>
#include <zerver/std/idempotency.h>

#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace zerver::idempotency {

namespace {

using flow::CallSite;
using flow::Exchange;
using flow::Exit;

constexpr std::string_view kReplayed = "Idempotency-Replayed";
constexpr Duration kTimeout = Duration::from_milliseconds(250);  // of one operation of the store
constexpr std::uint32_t kRetryAfter = 1;                         // seconds
// So often a request looks for a record that others change meanwhile.
constexpr int kMostRounds = 64;

CallSite site_of(std::uint16_t target, std::uint16_t operation, FaultKinds fails) noexcept {
  CallSite site{.step = "idempotency", .target = target, .operation = operation, .fails = fails};
  site.policy.timeout = kTimeout;
  return site;
}

constexpr FaultKinds kStoreFails =
    FaultKinds::of(FaultKind::kMissing, FaultKind::kConflict, FaultKind::kUnavailable, FaultKind::kTimeout);

// 128 bits in hexadecimal, of texts that are told apart by where they end. Not a secret: it only has to be
// unlikely that two requests of one client are alike.
String digest(Exchange& exchange, std::initializer_list<std::string_view> texts) {
  OutputBuffer& whole = exchange.worker().scratch();
  whole.clear();
  for (const std::string_view text : texts) {
    std::array<char, 24> size;
    whole.append({size.data(), std::to_chars(size.data(), size.data() + size.size(), text.size()).ptr});
    whole.append(":");
    whole.append(text);
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::span<char> hex = exchange.arena().make_array<char>(32);
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t hash = sip_hash(whole.view(), {half, 0x7a65727665720000});
    for (std::size_t i = 0; i < 16; ++i, hash >>= 4)
      hex[half * 16 + i] = kDigits[hash & 15];
  }
  return String::borrowed({hex.data(), hex.size()});
}

// Who asks, as far as the request itself tells: the flow has found that it is true.
std::string_view credentials(const Exchange& exchange) noexcept {
  const std::string_view authorization = exchange.request.header("authorization");
  return authorization.empty() ? exchange.request.header("cookie") : authorization;
}

// Not written where bodies are: the answer may be there already, and growing would move it.
Json record_text(Exchange& exchange, const Record& record) {
  OutputBuffer& text = exchange.worker().scratch();
  text.clear();
  flow::JsonWriter writer(text);
  write_json(writer, record);
  return Json::borrowed(exchange.arena().text(text.view()).view());
}

String store_key(Exchange& exchange, const Site& site, std::string_view key) {
  const String who = digest(exchange, {credentials(exchange)});
  OutputBuffer& text = exchange.worker().scratch();
  text.clear();
  for (const std::string_view part : {std::string_view("idempotency:"), site.flow, std::string_view(":"),
                                      who.view(), std::string_view(":"), key})
    text.append(part);
  return String::borrowed(exchange.arena().text(text.view()));
}

Duration left_of(const Exchange& exchange, Timestamp until) noexcept {
  return until - exchange.worker().clock().wall();
}

// Answers that are final for the client. Behind the others it may try again, and then the flow runs again.
bool is_kept(std::uint16_t status) noexcept {
  return status < 500 && status != 408 && status != 425 && status != 429;
}

class Settling;

// A request that has its key: it writes the answer down at its end.
class Claim final : public flow::Finisher {
 public:
  Claim(Exchange& exchange, const Site& site, std::string_view key)
      : site_(site),
        key_(store_key(exchange, site, key)),
        fingerprint_(
            digest(exchange, {exchange.request.method_name, exchange.request.target, exchange.request.body})),
        owner_(draw_owner(exchange)) {}

  const Site& site() const noexcept { return site_; }
  String key() const noexcept { return key_; }
  String fingerprint() const noexcept { return fingerprint_; }
  String owner() const noexcept { return owner_; }
  // The record of a request that is under way, from now on.
  Json under_way(Exchange& exchange) {
    written_ = under_way_until(exchange, exchange.worker().clock().wall() + site_.lease);
    return written_;
  }
  Json written() const noexcept { return written_; }
  void set_written(Json text) noexcept { written_ = text; }
  // One that has been given up: nobody knows what it has done.
  Json interrupted(Exchange& exchange) const {
    return under_way_until(exchange, exchange.worker().clock().wall());
  }
  Json answered(Exchange& exchange) const;

  void finish(Exchange& exchange) noexcept override;
  void discard() noexcept override;

 private:
  static String draw_owner(Exchange& exchange) {
    std::array<char, 24> text;
    const std::uint64_t number = exchange.worker().random().u64();
    const char* const end = std::to_chars(text.data(), text.data() + text.size(), number, 36).ptr;
    return String::borrowed(
        exchange.arena().text(std::string_view(text.data(), static_cast<std::size_t>(end - text.data()))));
  }
  Json under_way_until(Exchange& exchange, Timestamp until) const {
    Record record;
    record.fingerprint = fingerprint_;
    record.owner = owner_;
    record.until = until;
    return record_text(exchange, record);
  }

  const Site& site_;
  String key_;
  String fingerprint_;
  String owner_;
  Json written_;
  Settling* settling_ = nullptr;  // in the arena, once it has begun
};

Json Claim::answered(Exchange& exchange) const {
  const Response& response = exchange.response;
  Record record;
  record.fingerprint = fingerprint_;
  record.status = response.status;
  record.content_type = String::borrowed(response.content_type);
  const std::span<Field> fields = exchange.arena().make_array<Field>(response.headers().size());
  for (std::size_t i = 0; i < fields.size(); ++i)
    fields[i] = {String::borrowed(response.headers()[i].name), String::borrowed(response.headers()[i].value)};
  record.fields = List<Field>::borrowed(fields);
  if (response.body.size() <= kLargestBody) record.body = Bytes::borrowed(response.body);
  return record_text(exchange, record);
}

// --- At the end ---

// Nobody waits for it but the client, so it goes on when the request is given up.
flow::Branch settle(Exchange& exchange, Claim& claim) {
  const bool is_unknown = exchange.cancelled() || exchange.given_up();
  CallSite site = site_of(claim.site().target, 0, kStoreFails);
  site.policy.retries = 2;
  site.policy.backoff_first = site.policy.backoff_cap = Duration::from_milliseconds(50);
  site.policy.retry_on = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout);
  Result<void> written;
  if (is_unknown || is_kept(exchange.response.status)) {
    site.operation = KvAdapter::kCompareAndSetFor;
    const Json record = is_unknown ? claim.interrupted(exchange) : claim.answered(exchange);
    const KvAdapter::CompareAndSetForArguments arguments{claim.key(), claim.written(), record,
                                                         claim.site().life};
    flow::ValueCall<void> call(exchange, site, &arguments, flow::Shield::kCleanup);
    co_await call;
    written = call.result();
  } else {
    site.operation = KvAdapter::kCompareAndRemove;
    const KvAdapter::CompareAndRemoveArguments arguments{claim.key(), claim.written()};
    flow::ValueCall<void> call(exchange, site, &arguments, flow::Shield::kCleanup);
    co_await call;
    written = call.result();
  }
  // The client gets its answer all the same; who asks again is told that nobody knows how this ended.
  if (!written) {
    exchange.worker().log().write(LogLevel::kWarning, "idempotency: an answer could not be kept");
  }
  co_return Exit{};
}

class Settling final : public flow::BranchOwner {
 public:
  Settling(Exchange& exchange, Claim& claim) : exchange_(exchange), branch_(settle(exchange, claim)) {}
  void start() noexcept { branch_.start(*this); }
  void ended(flow::Branch&) noexcept override { flow::FlowTask::end(exchange_); }

 private:
  Exchange& exchange_;
  flow::Branch branch_;
};

void Claim::finish(Exchange& exchange) noexcept {
  try {
    settling_ =
        ::new (exchange.arena().allocate(sizeof(Settling), alignof(Settling))) Settling(exchange, *this);
  } catch (const std::bad_alloc&) {
    return flow::FlowTask::end(exchange);  // the record is there until its lease is over
  }
  settling_->start();
}

void Claim::discard() noexcept { std::destroy_at(settling_); }

// --- Answers to those who are not the first ---

void refuse(Exchange& exchange, std::uint16_t status, std::string_view why, bool is_for_now = false) {
  flow::ProblemWriter problem(exchange, status, "about:blank",
                              status == 400   ? "Bad Request"
                              : status == 409 ? "Conflict"
                              : status == 422 ? "Unprocessable Content"
                                              : "Service Unavailable");
  problem.fault({FaultKind::kConflict, String::borrowed(why), {}});
  if (is_for_now) problem.retry_after(kRetryAfter);
  problem.finish();
}

void replay(Exchange& exchange, const Record& record) {
  flow::answer(exchange, static_cast<std::uint16_t>(*record.status),
               record.content_type ? record.content_type->view() : std::string_view(), record.body->view());
  if (record.fields) {
    for (const Field& field : *record.fields)
      flow::answer_header(exchange, field.name, field.value);
  }
  // Left out when there is no room for it.
  static_cast<void>(exchange.response.add_header(kReplayed, "true"));
}

enum class Next : std::uint8_t { kAnswered, kWait, kTakeOver, kMine };

Next answer_from(Exchange& exchange, const Claim& claim, const Record& record) {
  if (record.fingerprint != claim.fingerprint()) {
    refuse(exchange, 422, "the `Idempotency-Key` was used for another request");
    return Next::kAnswered;
  }
  if (record.status) {
    if (record.body) {
      replay(exchange, record);
    } else {
      refuse(exchange, 409, "the request was carried out; its answer was too large to be kept");
    }
    return Next::kAnswered;
  }
  // Its own attempt, of which the store's answer was lost.
  if (record.owner && *record.owner == claim.owner()) return Next::kMine;
  if (record.until && left_of(exchange, *record.until) <= Duration{}) {
    if (claim.site().retries_interrupted) return Next::kTakeOver;
    refuse(exchange, 409, "a request with that `Idempotency-Key` was interrupted: how it ended is not known");
    return Next::kAnswered;
  }
  if (claim.site().waits) return Next::kWait;
  refuse(exchange, 409, "a request with that `Idempotency-Key` is under way", true);
  return Next::kAnswered;
}

Exit answer_store_fault(Exchange& exchange, const Fault& fault) {
  if (fault.kind == FaultKind::kCancelled) return flow::exit_cancelled();
  refuse(exchange, 503, "the store of idempotency keys cannot be reached", true);
  return flow::exit_answered();
}

}  // namespace

flow::Branch claim(Exchange& exchange, const Site& site) {
  const Result<std::optional<std::string_view>> key = flow::read_idempotency_key(exchange);
  if (!key || (!*key && site.required)) {
    refuse(exchange, 400,
           key ? std::string_view("the request needs an `Idempotency-Key`") : key.error().why.view());
    co_return flow::exit_answered();
  }
  if (!*key) co_return Exit{};
  Claim& own = *::new (exchange.arena().allocate(sizeof(Claim), alignof(Claim))) Claim(exchange, site, **key);

  CallSite add = site_of(site.target, KvAdapter::kAddFor, kStoreFails);
  add.policy.retries = 1;
  add.policy.retry_on = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout);
  const CallSite get = site_of(site.target, KvAdapter::kGet, kStoreFails);
  const CallSite take_over = site_of(site.target, KvAdapter::kCompareAndSetFor, kStoreFails);
  for (int round = 0; round < kMostRounds; ++round) {
    {
      const KvAdapter::AddForArguments arguments{own.key(), own.under_way(exchange), site.life};
      flow::ValueCall<void> call(exchange, add, &arguments);
      co_await call;
      if (call.result()) {
        exchange.set_finisher(own);
        co_return Exit{};
      }
      if (call.result().error().kind != FaultKind::kConflict)
        co_return answer_store_fault(exchange, call.result().error());
    }
    const KvAdapter::GetArguments arguments{own.key()};
    flow::JsonCall<Record> call(exchange, get, &arguments);
    co_await call;
    if (!call.result()) {
      if (call.result().error().kind == FaultKind::kMissing) continue;  // let go in this moment
      co_return answer_store_fault(exchange, call.result().error());
    }
    const Record& record = *call.result();
    const Next next = answer_from(exchange, own, record);
    if (next == Next::kAnswered) co_return flow::exit_answered();
    if (next == Next::kMine) {
      own.set_written(record_text(exchange, record));
      exchange.set_finisher(own);
      co_return Exit{};
    }
    if (next == Next::kWait) {
      // The next attempt is repeated with growing pauses, as long as the other one is there.
      add.policy.retries = 8;
      add.policy.backoff_first = Duration::from_milliseconds(20);
      add.policy.backoff_cap = Duration::from_milliseconds(200);
      add.policy.retry_on = FaultKinds::of(FaultKind::kConflict);
      continue;
    }
    const KvAdapter::CompareAndSetForArguments swap{own.key(), record_text(exchange, record),
                                                    own.under_way(exchange), site.life};
    flow::ValueCall<void> taken(exchange, take_over, &swap);
    co_await taken;
    if (taken.result()) {
      exchange.set_finisher(own);
      co_return Exit{};
    }
    const FaultKind kind = taken.result().error().kind;
    if (kind != FaultKind::kMissing && kind != FaultKind::kConflict)
      co_return answer_store_fault(exchange, taken.result().error());
  }
  refuse(exchange, 409, "a request with that `Idempotency-Key` is under way", true);
  co_return flow::exit_answered();
}

}  // namespace zerver::idempotency
