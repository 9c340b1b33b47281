#include "memory/memory_kv.h"

#include "faults.h"
#include "keys.h"
#include "zerver.flow.h"
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/json_writer.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace zerver::effects::kv {

namespace {

constexpr Duration kShortestLife = Duration::from_milliseconds(1);

// Every operation is answered before it returns, so there is nothing to cancel.
class MemoryKv final : public KvAdapter {
 public:
  MemoryKv(std::shared_ptr<MemoryStore> store, const std::string& prefix, flow::Worker& worker)
      : store_(std::move(store)), keys_(prefix), loop_(&worker.loop()), sweep_(*this) {}
  ~MemoryKv() override { loop_->stop(sweep_); }

  void get(const GetArguments& arguments, flow::JsonReply reply) override {
    value_.clear();
    if (!keys_.good(arguments.key) || !store_->get(keys_.full(arguments.key), loop_->now(), value_))
      return reply.fail({FaultKind::kMissing, "there is no value of that key", {}});
    reply.json(value_);
  }

  void get_many(const GetManyArguments& arguments, flow::JsonReply reply) override {
    if (arguments.keys.size() > kMostKeys) return reply.fail(too_many_keys());
    object_.clear();
    flow::JsonWriter json(object_);
    json.begin_object();
    for (std::size_t i = 0; i < arguments.keys.size(); ++i) {
      const String key = arguments.keys[i];
      value_.clear();
      if (!keys_.good(key) || repeats(arguments.keys, i) ||
          !store_->get(keys_.full(key), loop_->now(), value_))
        continue;
      json.escaped_key(key);
      json.literal(value_);
    }
    json.end_object();
    reply.json(object_.view());
  }

  void set(const SetArguments& arguments, flow::Reply<void> reply) override {
    write(arguments.key, std::nullopt, reply, [&](std::string_view key, TimePoint until, TimePoint now) {
      return store_->set(key, arguments.value.view(), until, now);
    });
  }
  void set_for(const SetForArguments& arguments, flow::Reply<void> reply) override {
    write(arguments.key, arguments.life, reply, [&](std::string_view key, TimePoint until, TimePoint now) {
      return store_->set(key, arguments.value.view(), until, now);
    });
  }
  void add(const AddArguments& arguments, flow::Reply<void> reply) override {
    write(arguments.key, std::nullopt, reply, [&](std::string_view key, TimePoint until, TimePoint now) {
      return store_->add(key, arguments.value.view(), until, now);
    });
  }
  void add_for(const AddForArguments& arguments, flow::Reply<void> reply) override {
    write(arguments.key, arguments.life, reply, [&](std::string_view key, TimePoint until, TimePoint now) {
      return store_->add(key, arguments.value.view(), until, now);
    });
  }
  void compare_and_set(const CompareAndSetArguments& arguments, flow::Reply<void> reply) override {
    write(arguments.key, std::nullopt, reply, [&](std::string_view key, TimePoint until, TimePoint now) {
      return store_->compare_and_set(key, arguments.expected.view(), arguments.value.view(), until, now);
    });
  }
  void compare_and_set_for(const CompareAndSetForArguments& arguments, flow::Reply<void> reply) override {
    write(arguments.key, arguments.life, reply, [&](std::string_view key, TimePoint until, TimePoint now) {
      return store_->compare_and_set(key, arguments.expected.view(), arguments.value.view(), until, now);
    });
  }
  void compare_and_remove(const CompareAndRemoveArguments& arguments, flow::Reply<void> reply) override {
    write(arguments.key, std::nullopt, reply, [&](std::string_view key, TimePoint until, TimePoint now) {
      return store_->compare_and_set(key, arguments.expected.view(), std::nullopt, until, now);
    });
  }

  void remove(const RemoveArguments& arguments, flow::Reply<void> reply) override {
    if (keys_.good(arguments.key)) store_->remove(keys_.full(arguments.key), loop_->now());
    reply.succeed();
  }

  void expire(const ExpireArguments& arguments, flow::Reply<void> reply) override {
    const TimePoint until = end_of(arguments.life);
    if (!keys_.good(arguments.key) ||
        store_->expire(keys_.full(arguments.key), until, loop_->now()) == Stored::kMissing) {
      return reply.fail({FaultKind::kMissing, "there is no value of that key", {}});
    }
    sweep_at(until);
    reply.succeed();
  }

  void increment(const IncrementArguments& arguments, flow::Reply<std::int64_t> reply) override {
    count(arguments.key, arguments.by, TimePoint::never(), reply);
  }
  void increment_for(const IncrementForArguments& arguments, flow::Reply<std::int64_t> reply) override {
    count(arguments.key, arguments.by, end_of(arguments.life), reply);
  }

  void take(const TakeArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    if (const std::optional<Fault> fault = fault_of_limit(arguments.count, arguments.per))
      return reply.fail(*fault);
    const TimePoint now = loop_->now();
    const Taken taken = store_->take(keys_.full(arguments.key), arguments.count, arguments.per, now);
    if (taken.granted) {
      sweep_at(now + arguments.per);
      return reply.succeed(taken.left);
    }
    if (taken.wait == Duration::max())
      return reply.fail({FaultKind::kInternal, "the store is too small for that limit", {}});
    reply.fail(used_up(taken.wait));
  }

  void cancel(flow::Operation&) noexcept override {}

 private:
  struct Sweep final : async::Timer {
    explicit Sweep(MemoryKv& the_owner) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Sweep&>(timer).owner.sweep(); }), owner(the_owner) {}
    MemoryKv& owner;
  };

  TimePoint end_of(Duration life) const noexcept { return loop_->now() + std::max(life, kShortestLife); }

  template <class Write>
  void write(std::string_view key, std::optional<Duration> life, flow::Reply<void> reply,
             const Write& write_it) {
    if (!keys_.good(key)) return reply.fail(bad_key());
    const TimePoint until = life ? end_of(*life) : TimePoint::never();
    switch (write_it(keys_.full(key), until, loop_->now())) {
      case Stored::kYes:
        if (life) sweep_at(until);
        return reply.succeed();
      case Stored::kPresent:
        return reply.fail({FaultKind::kConflict, "there is a value of that key", {}});
      case Stored::kMissing:
        return reply.fail({FaultKind::kMissing, "there is no value of that key", {}});
      case Stored::kDifferent:
        return reply.fail({FaultKind::kConflict, "the value is another one", {}});
      case Stored::kTooLarge:
        return reply.fail({FaultKind::kInternal, "the value is too large for the store", {}});
    }
  }

  void count(std::string_view key, std::int64_t by, TimePoint until, flow::Reply<std::int64_t> reply) {
    if (!keys_.good(key)) return reply.fail(bad_key());
    const Result<std::int64_t> number = store_->increment(keys_.full(key), by, until, loop_->now());
    if (!number) return reply.fail(number.error());
    if (until != TimePoint::never()) sweep_at(until);
    reply.succeed(*number);
  }

  void sweep_at(TimePoint when) noexcept {
    if (!sweep_.running() || when < sweep_.when()) loop_->start(sweep_, when);
  }
  void sweep() noexcept {
    const TimePoint next = store_->sweep(loop_->now());
    if (next != TimePoint::never()) sweep_at(next);
  }

  std::shared_ptr<MemoryStore> store_;
  Keys keys_;
  async::Loop* loop_;
  Sweep sweep_;
  std::string value_;
  OutputBuffer object_;
};

class MemorySystem final : public System {
 public:
  MemorySystem(std::shared_ptr<MemoryStore> store, std::string prefix) noexcept
      : store_(std::move(store)), prefix_(std::move(prefix)) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    store_->seed(worker.random());
    return std::make_unique<MemoryKv>(store_, prefix_, worker);
  }

 private:
  std::shared_ptr<MemoryStore> store_;
  std::string prefix_;
};

}  // namespace

std::unique_ptr<System> make_memory_kv(std::shared_ptr<MemoryStore> store, std::string prefix) {
  return std::make_unique<MemorySystem>(std::move(store), std::move(prefix));
}

}  // namespace zerver::effects::kv
