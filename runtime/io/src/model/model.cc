// What all execution models have in common.
#include <zerver/io/model/model.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace zerver::io {

namespace {

String text_of(int error) noexcept {
  const char* const text = strerrordesc_np(error);
  return text == nullptr ? String("unknown error") : String::borrowed(text);
}

FaultKind kind_of(int error) noexcept {
  return error == EBADF || error == EINVAL || error == ENOTSOCK ? FaultKind::kInvalid
                                                                : FaultKind::kUnavailable;
}

}  // namespace

// --- Waits ---

bool Wait::await_suspend(std::coroutine_handle<> task) { return io_->model().wait(*this, task); }

SleepWait::SleepWait(Io& io, TimePoint until) noexcept
    : Wait(io),
      Timer([](async::Timer& timer) noexcept {
        auto& wait = static_cast<SleepWait&>(timer);
        wait.io().model().complete(wait);
      }),
      until_(until) {}

bool SleepWait::begin(std::unique_lock<std::mutex>& lock) {
  return until_ <= io().now() || io().model().begin_sleep(*this, lock);
}

bool SleepWait::withdraw() noexcept { return io().model().end_sleep(*this); }

bool SocketWait::begin(std::unique_lock<std::mutex>& lock) { return io().model().begin_socket(*this, lock); }

bool SocketWait::withdraw() noexcept { return io().model().end_socket(*this); }

bool SocketWait::attempt() noexcept {
  do {
    switch (operation_) {
      case Operation::kReceive:
        value_ = recv(socket_, bytes_, size_, MSG_DONTWAIT);
        break;
      case Operation::kSend:
        value_ = ::send(socket_, bytes_, size_, MSG_DONTWAIT | MSG_NOSIGNAL);
        break;
      case Operation::kAccept:
        // Only so does it not wait when the connection is gone again.
        static_cast<void>(fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK));
        value_ = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        break;
    }
  } while (value_ < 0 && errno == EINTR);
  if (value_ >= 0) return true;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
  fail(kind_of(errno), text_of(errno));
  return true;
}

void SocketWait::expire() noexcept { fail(FaultKind::kTimeout, "the socket was not ready in time"); }

bool FileTransfer::begin(std::unique_lock<std::mutex>& lock) { return io().model().begin_call(*this, lock); }

void FileTransfer::perform() noexcept {
  ssize_t done = 0;
  do
    done = writes_ ? pwrite(file_, bytes_, size_, static_cast<off_t>(offset_))
                   : pread(file_, bytes_, size_, static_cast<off_t>(offset_));
  while (done < 0 && errno == EINTR);
  if (done < 0) {
    fail(kind_of(errno), text_of(errno));
  } else {
    value_ = static_cast<std::size_t>(done);
  }
}

// --- Tasks ---

TimePoint Io::now() const noexcept { return model_->now(); }

bool Io::cancelled() const noexcept {
  const std::unique_lock<std::mutex> lock = model_->lock();
  return cancelled_;
}

namespace detail {

std::unique_lock<std::mutex> lock_of(Model& model) { return model.lock(); }
void begin_task(Model& model, Io& io) { model.begin(io); }
void cancel_task(Model& model, Io& io) noexcept { model.cancel(io); }
void end_task(Model& model, Io& io) noexcept { model.ended(io); }
void complete_wait(Model& model, Wait& wait) noexcept { model.complete(wait); }

}  // namespace detail

void Model::begin(Io& io) {
  const std::unique_lock<std::mutex> held = lock();
  tasks_.push_back(&io);
  schedule(io);
}

void Model::step(Io& io) {
  if (!io.started_) {
    io.started_ = true;
    io.start();
  } else {
    io.task_.resume();
  }
}

void Model::ended(Io& io) noexcept {
  const std::unique_lock<std::mutex> held = lock();
  io.ended_ = true;
  std::erase(tasks_, &io);
  io.finished();
  look_for_deadlock();
  forget(io);
}

// --- Waiting ---

bool Model::wait(Wait& wait, std::coroutine_handle<> task) {
  std::unique_lock<std::mutex> held = lock();
  Io& io = wait.io();
  if (fail_if_cancelled(wait)) return false;
  if (wait.begin(held)) return false;
  io.wait_ = &wait;
  io.task_ = task;
  if (wait.for_peer_) {
    ++waiting_for_peers_;
    look_for_deadlock();
  }
  return park(io, held);
}

bool Model::park(Io&, std::unique_lock<std::mutex>&) { return true; }

void Model::complete(Wait& wait) noexcept {
  Io& io = wait.io();
  io.wait_ = nullptr;
  if (wait.for_peer_) --waiting_for_peers_;
  schedule(io);
}

bool Model::fail_if_cancelled(Wait& wait) noexcept {
  if (!wait.io().cancelled_) return false;
  wait.fail(FaultKind::kCancelled, "the task was cancelled");
  return true;
}

void Model::cancel(Io& io) noexcept {
  const std::unique_lock<std::mutex> held = lock();
  cancel_locked(io);
}

void Model::cancel_locked(Io& io) noexcept {
  if (io.ended_) return;
  io.cancelled_ = true;
  if (io.wait_ == nullptr || !io.wait_->withdraw()) return;
  static_cast<void>(fail_if_cancelled(*io.wait_));
  complete(*io.wait_);
}

void Model::cancel_all() noexcept {
  for (Io* const io : tasks_)
    cancel_locked(*io);
}

// Nobody is left who could end one of these waits.
void Model::look_for_deadlock() noexcept {
  if (!tasks_.empty() && waiting_for_peers_ == tasks_.size()) cancel_all();
}

}  // namespace zerver::io
