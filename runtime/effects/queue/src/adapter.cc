// The adapter `queue`: messages by topic, over any store.
#include "zerver.flow.h"
#include <zerver/core/output_buffer.h>
#include <zerver/effects/queue/open_queue.h>
#include <zerver/flow/data/json_writer.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

namespace {

constexpr std::int64_t kMostClaimed = 1'000;
constexpr Fault kNoTopic = {FaultKind::kRejected, "a topic is letters, digits, `.`, `-` and `_`", {}};

bool is_topic(std::string_view topic) noexcept {
  return !topic.empty() && topic.size() <= 128 && std::ranges::all_of(topic, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

std::optional<async::Priority> priority_of(std::string_view word) noexcept {
  for (const auto each : {async::Priority::kInteractive, async::Priority::kNormal, async::Priority::kBatch})
    if (word == async::name_of(each)) return each;
  return std::nullopt;
}

// `topic:key:token`: which claim of which message is meant.
struct Receipt {
  std::string queue;
  jobs::QueueLease lease;
};
std::string text_of(const std::string& topic, const jobs::ClaimedJob& job) {
  return topic + ":" + std::to_string(job.key) + ":" + std::to_string(job.token);
}
std::optional<Receipt> receipt_of(std::string_view text) {
  const std::size_t second = text.rfind(':');
  if (second == std::string_view::npos || second == 0) return std::nullopt;
  const std::size_t first = text.rfind(':', second - 1);
  if (first == std::string_view::npos || !is_topic(text.substr(0, first))) return std::nullopt;
  const auto number = [](std::string_view digits, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  Receipt receipt{std::string(text.substr(0, first)), {}};
  if (!number(text.substr(first + 1, second - first - 1), receipt.lease.key) ||
      !number(text.substr(second + 1), receipt.lease.token))
    return std::nullopt;
  return receipt;
}

// `redis://user:password@host:6379/0?x=y` as `redis://host:6379/0`.
std::string without_user(std::string_view url) {
  const std::string_view shown = url.substr(0, url.find('?'));
  const std::size_t scheme = shown.find("://");
  const std::size_t user = shown.rfind('@');
  if (scheme == std::string_view::npos || user == std::string_view::npos) return std::string(shown);
  return std::string(shown.substr(0, scheme + 3)).append(shown.substr(user + 1));
}

// --- One worker ---

class StoreQueue final : public QueueAdapter {
 public:
  StoreQueue(jobs::QueueStore& store, flow::Worker& worker)
      : worker_(worker), session_(store.session(worker.loop(), worker.clock(), nullptr)) {}

  void push(const PushArguments& arguments, flow::Reply<bool> reply) override {
    const std::optional<async::Priority> priority = priority_of(arguments.priority.view());
    if (!is_topic(arguments.topic.view())) return reply.fail(kNoTopic);
    if (!priority)
      return reply.fail({FaultKind::kRejected, "a priority is interactive, normal or batch", {}});
    if (arguments.after < Duration{}) return reply.fail({FaultKind::kRejected, "`after` is negative", {}});
    jobs::NewJob job;
    job.id = Uuid::generate(worker_.random());
    job.queue = arguments.topic.view();
    job.arguments = arguments.message.view();
    job.after = arguments.after;
    job.priority = *priority;
    job.unique = arguments.unique.view();
    auto& call = take(puts_, reply.operation());
    if (session_->put(job, call)) call.end();
  }

  void claim(const ClaimArguments& arguments, flow::JsonReply reply) override {
    if (!is_topic(arguments.topic.view())) return reply.fail(kNoTopic);
    if (arguments.most < 1 || arguments.most > kMostClaimed)
      return reply.fail({FaultKind::kRejected, "`most` is from 1 to 1000", {}});
    if (arguments.lease <= Duration{}) return reply.fail({FaultKind::kRejected, "`lease` is no time", {}});
    auto& call = take(claims_, reply.operation());
    call.queue = arguments.topic.view();
    call.limit = static_cast<std::size_t>(arguments.most);
    call.lease = arguments.lease;
    if (session_->claim(call)) call.end();
  }

  void extend(const ExtendArguments& arguments, flow::Reply<void> reply) override {
    const std::optional<Receipt> receipt = receipt_of(arguments.receipt.view());
    if (!receipt) return fail_lost(reply.operation());
    auto& call = take(extends_, reply.operation());
    call.queue = receipt->queue;
    call.entries.assign(1, {receipt->lease, arguments.lease});
    if (session_->extend(call)) call.end();
  }

  void ack(const AckArguments& arguments, flow::Reply<void> reply) override {
    settle(arguments.receipt.view(), jobs::SettleCall::Kind::kAck, {}, {}, reply.operation());
  }
  void nack(const NackArguments& arguments, flow::Reply<void> reply) override {
    settle(arguments.receipt.view(), jobs::SettleCall::Kind::kNack, std::max(Duration{}, arguments.after), {},
           reply.operation());
  }
  void bury(const BuryArguments& arguments, flow::Reply<void> reply) override {
    settle(arguments.receipt.view(), jobs::SettleCall::Kind::kBury, {}, arguments.why.view(),
           reply.operation());
  }

  void depth(const DepthArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (!is_topic(arguments.topic.view())) return reply.fail(kNoTopic);
    auto& call = take(lists_, reply.operation());
    call.queue = arguments.topic.view();
    call.limit = 0;
    if (session_->list(call)) call.end();
  }

  // What it has asked goes on; what comes of it is dropped, and messages that were claimed are given back.
  void cancel(flow::Operation& operation) noexcept override {
    if (operation.adapter_data == nullptr) return;
    *static_cast<flow::Operation**>(operation.adapter_data) = nullptr;
    operation.adapter_data = nullptr;
  }

 private:
  // A call, used again and again.
  template <class Base> struct Call final : Base {
    explicit Call(StoreQueue& the_adapter)
        : Base([](async::Job& job) noexcept { static_cast<Call&>(job).end(); }), adapter(the_adapter) {}
    void end() noexcept {
      is_used = false;
      flow::Operation* const whose = std::exchange(operation, nullptr);
      if (whose != nullptr) whose->adapter_data = nullptr;
      if (this->failed()) {
        if (whose != nullptr) whose->fail({FaultKind::kUnavailable, String::borrowed(this->why), {}});
      } else {
        adapter.answer(*this, whose);
      }
    }
    StoreQueue& adapter;
    flow::Operation* operation = nullptr;  // null: nobody waits
    bool is_used = false;
  };
  template <class Base> using Calls = std::vector<std::unique_ptr<Call<Base>>>;

  template <class Base> Call<Base>& take(Calls<Base>& calls, flow::Operation& operation) {
    Call<Base>& call = take(calls);
    call.operation = &operation;
    operation.adapter_data = &call.operation;
    return call;
  }
  template <class Base> Call<Base>& take(Calls<Base>& calls) {
    auto free = std::ranges::find(calls, false, [](const auto& each) { return each->is_used; });
    if (free == calls.end()) free = calls.insert(free, std::make_unique<Call<Base>>(*this));
    (*free)->is_used = true;
    return **free;
  }

  void settle(std::string_view text, jobs::SettleCall::Kind kind, Duration delay, std::string_view why,
              flow::Operation& operation) {
    const std::optional<Receipt> receipt = receipt_of(text);
    if (!receipt) return fail_lost(operation);
    auto& call = take(settles_, operation);
    settle(call, *receipt, kind, delay, why);
  }
  void settle(Call<jobs::SettleCall>& call, const Receipt& receipt, jobs::SettleCall::Kind kind,
              Duration delay, std::string_view why) {
    call.queue = receipt.queue;
    call.lease = receipt.lease;
    call.kind = kind;
    call.delay = delay;
    call.reason = why;
    if (session_->settle(call)) call.end();
  }

  static void fail_lost(flow::Operation& operation) {
    operation.fail({FaultKind::kMissing, "the lease of that receipt is over", {}});
  }

  void answer(Call<jobs::PutCall>& call, flow::Operation* operation) noexcept {
    if (operation == nullptr) return;
    if (call.result == jobs::Put::kFull)
      return operation->fail({FaultKind::kUnavailable, "the queue is full", {}});
    const bool is_new = call.result == jobs::Put::kAccepted;
    operation->complete(&is_new);
  }
  void answer(Call<jobs::ClaimCall>& call, flow::Operation* operation) noexcept {
    if (operation == nullptr) {
      for (const jobs::ClaimedJob& job : call.jobs)
        settle(take(settles_), {call.queue, {job.key, job.token}}, jobs::SettleCall::Kind::kRelease, {}, {});
      return;
    }
    text_.clear();
    flow::JsonWriter json(text_);
    json.begin_array();
    for (const jobs::ClaimedJob& job : call.jobs) {
      json.element();
      json.begin_object();
      json.key("receipt");
      json.quoted(text_of(call.queue, job));
      json.key("attempts");
      json.integer(std::uint64_t{job.attempts});
      json.key("message");
      json.literal(job.arguments);
      json.end_object();
    }
    json.end_array();
    const std::string_view text = text_.view();
    operation->complete(&text);
  }
  void answer(Call<jobs::SettleCall>& call, flow::Operation* operation) noexcept {
    if (operation == nullptr) return;
    if (call.lost) return fail_lost(*operation);
    operation->complete(nullptr);
  }
  void answer(Call<jobs::ExtendCall>& call, flow::Operation* operation) noexcept {
    if (operation == nullptr) return;
    if (call.entries[0].lost) return fail_lost(*operation);
    operation->complete(nullptr);
  }
  void answer(Call<jobs::ListCall>& call, flow::Operation* operation) noexcept {
    if (operation == nullptr) return;
    const auto depth = static_cast<std::int64_t>(call.waiting);
    operation->complete(&depth);
  }

  flow::Worker& worker_;
  OutputBuffer text_;
  Calls<jobs::PutCall> puts_;
  Calls<jobs::ClaimCall> claims_;
  Calls<jobs::SettleCall> settles_;
  Calls<jobs::ExtendCall> extends_;
  Calls<jobs::ListCall> lists_;
  std::unique_ptr<jobs::QueueSession> session_;  // goes first: it knows calls of the others
};

class QueueSystem final : public System {
 public:
  // Empty, or what is wrong.
  [[nodiscard]] std::string open(const std::string& url) {
    OpenedQueue opened = open_queue(url, clock_);
    store_ = std::move(opened.store);
    where_ = without_user(url);
    return std::move(opened.error);
  }
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<StoreQueue>(*store_, worker);
  }
  std::string describe() const override { return where_; }

 private:
  SystemClock clock_;
  std::unique_ptr<jobs::QueueStore> store_;
  std::string where_;
};

}  // namespace

Registry::Open open_queue_adapter() {
  return Registry::typed<QueueConfig>([](const flow::TargetInfo&, const QueueConfig& config) -> Opened {
    auto system = std::make_unique<QueueSystem>();
    if (std::string error = system->open(config.url); !error.empty()) return {nullptr, std::move(error)};
    return {std::move(system), {}};
  });
}

}  // namespace zerver::effects
