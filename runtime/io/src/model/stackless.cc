// Tasks on one event loop.
#include "stackless.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <utility>

namespace zerver::io {

// --- Sockets ---

StacklessModel::State::Watched& StacklessModel::State::watch(int socket) {
  auto& found = watched.try_emplace(socket, loop.context(), socket).first->second;
  ++found.waits;
  return found;
}

void StacklessModel::State::unwatch(int socket) {
  const auto found = watched.find(socket);
  if (--found->second.waits > 0) return;
  found->second.descriptor.release();  // it is not ours
  watched.erase(found);
}

// Lives until Asio has called it for the last time; the wait may be over before.
struct StacklessModel::State::SocketOperation final : async::Timer {
  SocketOperation(State& the_state, SocketWait& the_wait)
      : Timer([](Timer& timer) noexcept {
          auto& self = static_cast<SocketOperation&>(timer);
          SocketWait& expired = self.give_up();
          expired.expire();
          expired.io().model().complete(expired);
        }),
        state(the_state),
        wait(&the_wait),
        socket(the_wait.socket()),
        watched(the_state.watch(socket)) {}

  void arm() {
    using Descriptor = boost::asio::posix::stream_descriptor;
    watched.descriptor.async_wait(
        wait->reads() ? Descriptor::wait_read : Descriptor::wait_write,
        boost::asio::bind_cancellation_slot(cancel.slot(),
                                            [this](const boost::system::error_code&) { on_ready(); }));
  }
  void on_ready() {
    const AsioLoop::Turn turn(state.loop);
    // Whether it is ready or broken, the attempt will tell.
    if (wait != nullptr && !wait->attempt()) return arm();
    if (wait != nullptr) {
      state.loop.stop(*this);
      wait->io().model().complete(*wait);
    }
    state.unwatch(socket);
    delete this;
  }
  // Asio calls once more.
  SocketWait& give_up() noexcept {
    state.loop.stop(*this);
    cancel.emit(boost::asio::cancellation_type::terminal);
    return *std::exchange(wait, nullptr);
  }

  State& state;
  SocketWait* wait;
  int socket;
  Watched& watched;
  boost::asio::cancellation_signal cancel;
};

bool StacklessModel::begin_socket(SocketWait& wait, std::unique_lock<std::mutex>&) {
  if (wait.attempt()) return true;
  try {
    auto* const operation = new State::SocketOperation(*state_, wait);
    wait.model_data = operation;
    if (wait.deadline() != TimePoint::never()) state_->loop.start(*operation, wait.deadline());
    operation->arm();
    return false;
  } catch (const std::exception&) {  // the loop cannot watch it: no socket, or no memory
    fail(wait, FaultKind::kInvalid, "the socket cannot be waited for");
    return true;
  }
}

bool StacklessModel::end_socket(SocketWait& wait) noexcept {
  static_cast<State::SocketOperation*>(wait.model_data)->give_up();
  return true;
}

// --- Files ---

struct StacklessModel::State::Call final : execution::PoolJob {
  Call(async::Loop& home, FileTransfer& the_wait)
      : PoolJob([](PoolJob& job) noexcept { static_cast<Call&>(job).wait.perform(); }, home,
                [](async::Job& job) noexcept {
                  const std::unique_ptr<Call> self(&static_cast<Call&>(job));
                  self->wait.io().model().complete(self->wait);
                }),
        wait(the_wait) {}
  FileTransfer& wait;
};

bool StacklessModel::begin_call(FileTransfer& wait, std::unique_lock<std::mutex>&) {
  auto call = std::make_unique<State::Call>(state_->loop, wait);
  if (state_->pool.submit(*call) != execution::Submit::kAccepted) {
    fail(wait, FaultKind::kUnavailable, "too many files are being read and written");
    return true;
  }
  static_cast<void>(call.release());  // until it comes back
  return false;
}

// --- Time ---

bool StacklessModel::begin_sleep(SleepWait& wait, std::unique_lock<std::mutex>&) {
  state_->loop.start(wait, wait.until());
  return false;
}

bool StacklessModel::end_sleep(SleepWait& wait) noexcept {
  state_->loop.stop(wait);
  return true;
}

// --- Tasks ---

StacklessModel::StacklessModel() : state_(std::make_unique<State>()) {}
StacklessModel::~StacklessModel() = default;

std::unique_ptr<StacklessModel::Task> StacklessModel::make_task(Io& io) {
  return std::make_unique<Task>(*this, io);
}

void StacklessModel::schedule(Io& io) noexcept {
  if (io.model_data == nullptr) io.model_data = make_task(io).release();
  state_->loop.post(*static_cast<Task*>(io.model_data));
}

void StacklessModel::enter(Task& task) noexcept {
  step(*task.io);
  if (task.io == nullptr) delete &task;
}

void StacklessModel::forget(Io& io) noexcept {
  static_cast<Task*>(io.model_data)->io = nullptr;
  state_->loop.stop();  // drive() looks whether there is more to do
}

void StacklessModel::drive(Io& root) {
  while (!has_ended(root))
    state_->loop.run();
  cancel_all();
  while (living() > 0)
    state_->loop.run();
}

}  // namespace zerver::io
