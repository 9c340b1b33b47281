#include "redis_kv.h"

#include "faults.h"
#include "keys.h"
#include "redis_many.h"
#include "redis_scripts.h"
#include "zerver.flow.h"
#include <zerver/effects/redis/client.h>
#include <zerver/effects/renewable.h>
#include <zerver/io/net/network.h>
#include <zerver/io/net/tls.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects::kv {

namespace {

using redis::Reply;

// The keys of limits are apart from those of values, which are texts and not lists.
constexpr std::string_view kLimits = "zerver:limit:";

// Decimal digits, for a word of a command.
class Digits {
 public:
  explicit Digits(std::int64_t number) noexcept
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), number).ptr) {}
  Digits(const Digits&) = delete;
  Digits& operator=(const Digits&) = delete;
  std::string_view view() const noexcept { return {text_.data(), end_}; }

 private:
  std::array<char, 24> text_;
  const char* end_;
};

// At least one, as Redis wants it.
std::int64_t milliseconds(Duration life) noexcept {
  return std::max<std::int64_t>(1, life.nanoseconds / 1'000'000 + (life.nanoseconds % 1'000'000 > 0 ? 1 : 0));
}

// --- What answers mean ---

using Decode = void (*)(flow::Operation& operation, const Reply& reply) noexcept;

void fail_missing(flow::Operation& operation) noexcept {
  operation.fail({FaultKind::kMissing, "there is no value of that key", {}});
}

void decode_value(flow::Operation& operation, const Reply& reply) noexcept {
  if (reply.kind == Reply::Kind::kNull) return fail_missing(operation);
  operation.complete(&reply.text);
}

void decode_done(flow::Operation& operation, const Reply&) noexcept { operation.complete(nullptr); }

void decode_added(flow::Operation& operation, const Reply& reply) noexcept {
  if (reply.kind == Reply::Kind::kNull)
    return operation.fail({FaultKind::kConflict, "there is a value of that key", {}});
  operation.complete(nullptr);
}

void decode_found(flow::Operation& operation, const Reply& reply) noexcept {
  if (reply.integer == 0) return fail_missing(operation);
  operation.complete(nullptr);
}

void decode_number(flow::Operation& operation, const Reply& reply) noexcept {
  operation.complete(&reply.integer);
}

void decode_compared(flow::Operation& operation, const Reply& reply) noexcept {
  if (reply.integer == 0) return fail_missing(operation);
  if (reply.integer == 1) return operation.fail({FaultKind::kConflict, "the value is another one", {}});
  operation.complete(nullptr);
}

void decode_taken(flow::Operation& operation, const Reply& reply) noexcept {
  if (reply.integer >= 0) return operation.complete(&reply.integer);
  operation.fail(used_up(Duration::from_microseconds(-reply.integer)));
}

Fault fault_of_operation(const Reply& error) noexcept {
  if (error.text.find("not an integer") != std::string_view::npos || error.is_error("WRONGTYPE"))
    return {FaultKind::kRejected, "the value is not a whole number", {}};
  if (error.text.find("overflow") != std::string_view::npos)
    return {FaultKind::kRejected, "the number would be too large", {}};
  return redis::fault_of(error);
}

// --- The adapter ---

// What the workers of a target share.
struct Shared {
  redis::Options options;
  Renewable<std::string> password;  // of connections that are made from now on
  std::string prefix;
  std::unique_ptr<io::net::TlsClient> tls;
  HealthRecord health;
  const redis::Script increment_for{kIncrementFor};
  const redis::Script compare_and_set{kCompareAndSet};
  const redis::Script compare_and_remove{kCompareAndRemove};
  const redis::Script take{kTake};
};

class RedisKv final : public KvAdapter {
 public:
  RedisKv(Shared& shared, flow::Worker& worker)
      : shared_(shared), keys_(shared.prefix), loop_(&worker.loop()) {
    if (io::net::Network* const network = io::net::network_of(worker.loop()))
      client_ = std::make_unique<redis::Client>(*network, worker.random(), shared.options, shared.tls.get());
  }

  // Null in a simulation.
  const redis::Client* client() const noexcept { return client_.get(); }

  void get(const GetArguments& arguments, flow::JsonReply reply) override {
    if (!keys_.good(arguments.key)) return fail_missing(reply.operation());
    submit(reply, decode_value, {"GET", keys_.full(arguments.key)});
  }

  void get_many(const GetManyArguments& arguments, flow::JsonReply reply) override {
    if (arguments.keys.size() > kMostKeys) return reply.fail(too_many_keys());
    if (client_ == nullptr) return fail_simulated(reply.operation());
    if (free_many_.empty()) {
      all_many_.push_back(std::make_unique<Many>(*this));
      free_many_.reserve(all_many_.size());
      free_many_.push_back(all_many_.back().get());
    }
    Many& many = *free_many_.back();
    free_many_.pop_back();
    many.operation = &reply.operation();
    reply.operation().adapter_data = static_cast<Pending*>(&many);
    many.read.start(*client_, arguments.keys, keys_);
  }

  void set(const SetArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_done, {"SET", keys_.full(arguments.key), arguments.value.view()});
  }
  void set_for(const SetForArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_done,
           {"SET", keys_.full(arguments.key), arguments.value.view(), "PX",
            Digits(milliseconds(arguments.life)).view()});
  }
  void add(const AddArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_added, {"SET", keys_.full(arguments.key), arguments.value.view(), "NX"});
  }
  void add_for(const AddForArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_added,
           {"SET", keys_.full(arguments.key), arguments.value.view(), "NX", "PX",
            Digits(milliseconds(arguments.life)).view()});
  }
  void remove(const RemoveArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.succeed();
    submit(reply, decode_done, {"DEL", keys_.full(arguments.key)});
  }
  void expire(const ExpireArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return fail_missing(reply.operation());
    submit(reply, decode_found,
           {"PEXPIRE", keys_.full(arguments.key), Digits(milliseconds(arguments.life)).view()});
  }
  void increment(const IncrementArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_number, {"INCRBY", keys_.full(arguments.key), Digits(arguments.by).view()});
  }
  void increment_for(const IncrementForArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_number, shared_.increment_for, keys_.full(arguments.key),
           {Digits(arguments.by).view(), Digits(milliseconds(arguments.life)).view()});
  }
  void compare_and_set(const CompareAndSetArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_compared, shared_.compare_and_set, keys_.full(arguments.key),
           {arguments.expected.view(), arguments.value.view(), "0"});
  }
  void compare_and_set_for(const CompareAndSetForArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_compared, shared_.compare_and_set, keys_.full(arguments.key),
           {arguments.expected.view(), arguments.value.view(), Digits(milliseconds(arguments.life)).view()});
  }
  void compare_and_remove(const CompareAndRemoveArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    submit(reply, decode_compared, shared_.compare_and_remove, keys_.full(arguments.key),
           {arguments.expected.view()});
  }
  void take(const TakeArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    if (const std::optional<Fault> fault = fault_of_limit(arguments.count, arguments.per))
      return reply.fail(*fault);
    limit_.assign(kLimits);
    limit_.append(keys_.full(arguments.key));
    submit(reply, decode_taken, shared_.take, limit_,
           {Digits(arguments.count).view(), Digits(arguments.per.nanoseconds / 1000).view()});
  }

  void cancel(flow::Operation& operation) noexcept override {
    if (operation.adapter_data != nullptr) static_cast<Pending*>(operation.adapter_data)->give_up();
  }

  // Asks the server whether it is there.
  void probe(ProbeDone done) {
    if (client_ == nullptr) return done({Health::State::kDown, "a simulation has no network", {}});
    probe_.done = std::move(done);
    client_->abandon(probe_);
    probe_.set({"PING"}, 0);
    client_->start(probe_);
  }

 private:
  // An operation that waits for its answer.
  struct Pending {
    flow::Operation* operation = nullptr;
    virtual void give_up() noexcept = 0;

   protected:
    ~Pending() = default;
  };

  struct One final : redis::Command, Pending {
    explicit One(RedisKv& the_owner) noexcept : owner(the_owner) {}
    void on_reply(const Reply& reply) noexcept override { owner.answer(*this, reply); }
    void on_failure(const Fault& fault) noexcept override {
      owner.note_down(fault);
      flow::Operation& waiting = *std::exchange(operation, nullptr);
      owner.free_.push_back(this);
      waiting.fail(fault);
    }
    void give_up() noexcept override {
      operation = nullptr;
      owner.client_->abandon(*this);
      owner.free_.push_back(this);
    }

    RedisKv& owner;
    Decode decode = nullptr;
  };

  struct Many final : Pending, ManyRead::Done {
    explicit Many(RedisKv& the_owner) : owner(the_owner), read(*this) {}
    void on_values(std::string_view object) noexcept override {
      flow::Operation& waiting = *std::exchange(operation, nullptr);
      owner.note_up();
      waiting.complete(&object);
      owner.free_many_.push_back(this);  // behind its use: the text is its own
    }
    void on_fault(const Fault& fault) noexcept override {
      flow::Operation& waiting = *std::exchange(operation, nullptr);
      if (fault.kind == FaultKind::kUnavailable) owner.note_down(fault);
      waiting.fail(fault);
      owner.free_many_.push_back(this);
    }
    void give_up() noexcept override {
      operation = nullptr;
      read.abandon(*owner.client_);
      owner.free_many_.push_back(this);
    }

    RedisKv& owner;
    ManyRead read;
  };

  struct Probe final : redis::Command {
    explicit Probe(RedisKv& the_owner) noexcept : owner(the_owner) {}
    void on_reply(const Reply& reply) noexcept override {
      if (!reply.is_error()) return std::exchange(done, nullptr)({Health::State::kUp, {}, {}});
      std::exchange(done, nullptr)({Health::State::kDegraded, std::string(reply.text), {}});
    }
    void on_failure(const Fault& fault) noexcept override {
      std::exchange(done, nullptr)({Health::State::kDown, std::string(fault.why), {}});
    }
    RedisKv& owner;
    ProbeDone done;
  };

  template <class... Words>
  void submit(const flow::ReplyBase& reply, Decode decode, std::initializer_list<std::string_view> words) {
    if (One* const one = prepare(reply.operation(), decode)) {
      one->set(words);
      client_->start(*one);
    }
  }
  void submit(const flow::ReplyBase& reply, Decode decode, const redis::Script& script, std::string_view key,
              std::initializer_list<std::string_view> arguments) {
    if (One* const one = prepare(reply.operation(), decode)) {
      one->set(script, key, arguments);
      client_->start(*one);
    }
  }

  // Null in a simulation, which has no network: the operation has failed then.
  One* prepare(flow::Operation& operation, Decode decode) {
    if (client_ == nullptr) {
      fail_simulated(operation);
      return nullptr;
    }
    if (free_.empty()) {
      all_.push_back(std::make_unique<One>(*this));
      free_.reserve(all_.size());  // so that giving one back never fails
      free_.push_back(all_.back().get());
    }
    One& one = *free_.back();
    free_.pop_back();
    one.operation = &operation;
    one.decode = decode;
    operation.adapter_data = static_cast<Pending*>(&one);
    return &one;
  }

  void answer(One& one, const Reply& reply) noexcept {
    flow::Operation& operation = *std::exchange(one.operation, nullptr);
    const Decode decode = one.decode;
    free_.push_back(&one);
    note_up();
    if (reply.is_error()) return operation.fail(fault_of_operation(reply));
    decode(operation, reply);
  }

  static void fail_simulated(flow::Operation& operation) noexcept {
    operation.fail({FaultKind::kUnavailable, "a simulation has no network: use the URL `memory:`", {}});
  }
  void note_up() noexcept {
    if (std::exchange(health_, Health::State::kUp) != Health::State::kUp)
      shared_.health.note(Health::State::kUp, {}, loop_->now());
  }
  void note_down(const Fault& fault) noexcept {
    if (std::exchange(health_, Health::State::kDown) != Health::State::kDown)
      shared_.health.note(Health::State::kDown, fault.why, loop_->now());
  }

  Shared& shared_;
  Keys keys_;
  std::string limit_;
  async::Loop* loop_;
  Health::State health_ = Health::State::kStarting;
  std::vector<std::unique_ptr<One>> all_;
  std::vector<One*> free_;
  std::vector<std::unique_ptr<Many>> all_many_;
  std::vector<Many*> free_many_;
  Probe probe_{*this};
  std::unique_ptr<redis::Client> client_;  // goes first
};

class RedisSystem final : public System {
 public:
  explicit RedisSystem(std::unique_ptr<Shared> shared) noexcept : shared_(std::move(shared)) {
    shared_->options.renewed_password = [password = &shared_->password] { return password->get(); };
  }

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    auto adapter = std::make_unique<RedisKv>(*shared_, worker);
    adapters_.emplace(&worker, adapter.get());
    return adapter;
  }
  std::string describe() const override { return redis::describe(shared_->options); }
  Health health() const override { return shared_->health.health(); }
  void probe(flow::Worker& worker, ProbeDone done) override { adapters_.at(&worker)->probe(std::move(done)); }
  std::optional<PoolState> pool() const override {
    PoolState pool;
    for (const auto& [worker, adapter] : adapters_) {
      if (adapter->client() == nullptr) continue;
      const redis::ClientCounts& counts = adapter->client()->counts();
      pool.open += static_cast<std::uint32_t>(counts.open.value());
      pool.most += static_cast<std::uint32_t>(counts.connections.value());
      pool.waiting += static_cast<std::uint32_t>(counts.in_flight.value());
    }
    return pool;
  }
  // Of a URL its password can change, which connections need only when they are made.
  std::string renew(std::string_view argument, std::string_view value) override {
    redis::Options renewed;
    if (argument != "url" || !redis::parse_url(value, renewed).empty()) return System::renew(argument, value);
    if (shared_->options.password.empty() || renewed.password.empty() ||
        !redis::differ_in_password_only(shared_->options, renewed))
      return "its URL has changed in more than the password, which is taken at the next start only";
    shared_->password.set(std::move(renewed.password));
    return {};
  }
  // The adapters are gone.
  void stop(Duration) noexcept override { adapters_.clear(); }

 private:
  std::unique_ptr<Shared> shared_;
  std::map<flow::Worker*, RedisKv*> adapters_;
};

}  // namespace

Opened make_redis_kv(const redis::Options& options, std::string prefix) {
  auto shared = std::make_unique<Shared>();
  shared->options = options;
  shared->password.set(options.password);
  shared->prefix = std::move(prefix);
  if (options.tls) {
    shared->tls = std::make_unique<io::net::TlsClient>();
    if (std::string error =
            shared->tls->open({.ca_file = options.ca_file, .certificate_file = {}, .key_file = {}});
        !error.empty())
      return {nullptr, std::move(error)};
  }
  return {std::make_unique<RedisSystem>(std::move(shared)), {}};
}

}  // namespace zerver::effects::kv
