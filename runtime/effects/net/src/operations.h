// Operations of an adapter that are performed by coroutines.
#pragma once

#include <zerver/async/spawn.h>
#include <zerver/async/stop.h>
#include <zerver/async/task_group.h>
#include <zerver/core/result.h>
#include <zerver/flow/call/operation.h>

#include <list>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace zerver::effects::net {

// An operation while it is performed: somebody may not want it any more.
class Ongoing {
 public:
  // False: neither its arguments nor its reply are there any more.
  bool is_wanted() const noexcept { return operation_ != nullptr; }

 private:
  friend class Operations;

  flow::Operation* operation_ = nullptr;
  std::optional<async::StopSource> stop_;
  std::list<Ongoing>::iterator place_;
};

// Of one worker. Nothing is allocated once as many have been under way as ever are.
class Operations {
 public:
  explicit Operations(async::Loop& loop) noexcept : loop_(loop), tasks_(loop, {}, async::OnFailure::kGoOn) {}

  // `body(const Ongoing&)` is a coroutine: Task<Result<std::string>> for what answers with text or bytes,
  // else Task<Result<void>>. It begins later in this turn of the loop, and stops when the operation is
  // cancelled; its last state is what the operation ends with.
  template <class Reply, class Body> void start(Reply reply, Body body) {
    if (free_.empty()) free_.emplace_front();
    ongoing_.splice(ongoing_.begin(), free_, free_.begin());
    Ongoing& ongoing = ongoing_.front();
    ongoing.place_ = ongoing_.begin();
    ongoing.operation_ = &reply.operation();
    ongoing.stop_.emplace();
    ongoing.operation_->adapter_data = &ongoing;
    tasks_.spawn(perform<Reply, Body>, this, &ongoing, reply, std::move(body));
  }
  static void cancel(flow::Operation& operation) noexcept {
    auto& ongoing = *static_cast<Ongoing*>(operation.adapter_data);
    ongoing.operation_ = nullptr;
    ongoing.stop_->request_stop();
  }
  // For what is no operation, such as a probe.
  template <class Body> void run(Body body) { tasks_.spawn(std::move(body)); }
  // When the loop does not run any more.
  void finish() { tasks_.finish(); }
  async::Loop& loop() noexcept { return loop_; }

 private:
  // Ends the operation, which has to be forgotten directly before: whoever waits may go on and destroy it.
  static void answer(Ongoing& ongoing, const flow::Reply<void>& reply, const Result<void>&) {
    ongoing.operation_ = nullptr;
    reply.succeed();
  }
  static void answer(Ongoing& ongoing, const flow::Reply<Bytes>& reply, const Result<std::string>& bytes) {
    const Bytes value = Bytes::borrowed(ongoing.operation_->arena().text(*bytes));
    ongoing.operation_ = nullptr;
    reply.succeed(value);
  }
  static void answer(Ongoing& ongoing, const flow::Reply<String>& reply, const Result<std::string>& text) {
    const String value = ongoing.operation_->arena().text(*text);
    ongoing.operation_ = nullptr;
    reply.succeed(value);
  }
  static void answer(Ongoing& ongoing, const flow::JsonReply& reply, const Result<std::string>& text) {
    ongoing.operation_ = nullptr;
    reply.json(*text);
  }

  template <class Reply, class Body>
  static async::Task<> perform(Operations* self, Ongoing* ongoing, Reply reply, Body body) {
    const async::Context& context = co_await async::this_context();
    ongoing->stop_->follow(context.stop);
    Fault fault;
    try {
      auto result = co_await async::with_stop(ongoing->stop_->token(), body(std::as_const(*ongoing)));
      if (!result) {
        fault = result.error();
      } else if (ongoing->is_wanted()) {
        answer(*ongoing, reply, result);
      }
    } catch (const std::bad_alloc&) {  // of the heap, or of the request's arena
      fault = {FaultKind::kUnavailable, "there is no memory for the answer", {}};
    }
    if (std::exchange(ongoing->operation_, nullptr) != nullptr) reply.fail(fault);
    ongoing->stop_.reset();
    self->free_.splice(self->free_.begin(), self->ongoing_, ongoing->place_);
  }

  async::Loop& loop_;
  std::list<Ongoing> ongoing_;
  std::list<Ongoing> free_;
  async::TaskGroup tasks_;
};

}  // namespace zerver::effects::net
