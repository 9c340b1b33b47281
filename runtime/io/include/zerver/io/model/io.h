// What a task may do, whatever runs it: one interface, and execution models that stand behind it.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/arena.h>
#include <zerver/core/fault.h>
#include <zerver/core/result.h>
#include <zerver/core/time.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace zerver::io {

class Io;
class Model;

// Something that a task waits for, as an awaitable; pinned while it does. A task that has been cancelled
// waits for nothing any more: its waits end with the kind `cancelled`.
class Wait {
 public:
  explicit Wait(Io& io, bool for_peer = false) noexcept : io_(&io), for_peer_(for_peer) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool await_ready() const noexcept { return false; }
  // False when it need not wait: the task goes on without a detour.
  bool await_suspend(std::coroutine_handle<> task);
  // Who waits.
  Io& io() const noexcept { return *io_; }

 protected:
  ~Wait() = default;

  // It has been cancelled, or its deadline has passed.
  bool failed() const noexcept { return failed_; }
  Fault fault() const noexcept { return fault_; }
  void fail(FaultKind kind, String why) noexcept {
    failed_ = true;
    fault_ = {kind, why, {}};
  }

 private:
  friend class Io;
  friend class Model;

  // True when it is over already. Under the model's lock, like withdraw().
  virtual bool begin(std::unique_lock<std::mutex>& lock) = 0;
  // It is cancelled. True when it is over with that; false when its end comes by itself, soon.
  virtual bool withdraw() noexcept = 0;

  Io* io_;
  bool for_peer_;
  bool failed_ = false;
  Fault fault_;
};

// Waits for another task, which ends it with Model::complete().
class PeerWait : public Wait {
 public:
  explicit PeerWait(Io& io) noexcept : Wait(io, true) {}

 protected:
  ~PeerWait() = default;

 private:
  bool begin(std::unique_lock<std::mutex>&) final {
    if (try_complete()) return true;
    enqueue();
    return false;
  }
  virtual bool try_complete() noexcept = 0;
  virtual void enqueue() noexcept = 0;
};

class SleepWait final : public Wait, public async::Timer {
 public:
  SleepWait(Io& io, TimePoint until) noexcept;
  Result<void> await_resume() const noexcept {
    if (failed()) return fault();
    return {};
  }
  TimePoint until() const noexcept { return until_; }

 private:
  bool begin(std::unique_lock<std::mutex>& lock) override;
  bool withdraw() noexcept override;

  TimePoint until_;
};

// An operation on a socket, tried at once and again whenever the socket is ready.
class SocketWait : public Wait {
 public:
  enum class Operation : std::uint8_t { kReceive, kSend, kAccept };

  SocketWait(Io& io, Operation operation, int socket, void* bytes, std::size_t size,
             TimePoint deadline) noexcept
      : Wait(io), operation_(operation), socket_(socket), bytes_(bytes), size_(size), deadline_(deadline) {}

  // --- For models ---
  // False when the socket is not ready.
  bool attempt() noexcept;
  void expire() noexcept;
  int socket() const noexcept { return socket_; }
  bool reads() const noexcept { return operation_ != Operation::kSend; }
  TimePoint deadline() const noexcept { return deadline_; }
  void* model_data = nullptr;

 protected:
  std::int64_t value() const noexcept { return value_; }

 private:
  bool begin(std::unique_lock<std::mutex>& lock) override;
  bool withdraw() noexcept override;

  Operation operation_;
  int socket_;
  void* bytes_;
  std::size_t size_;
  TimePoint deadline_;
  std::int64_t value_ = 0;
};

// How many bytes; 0 at the end of the stream.
class SocketTransfer final : public SocketWait {
 public:
  using SocketWait::SocketWait;
  Result<std::size_t> await_resume() const noexcept {
    if (failed()) return fault();
    return static_cast<std::size_t>(value());
  }
};

// The descriptor of the new connection, which is the caller's.
class SocketAccept final : public SocketWait {
 public:
  using SocketWait::SocketWait;
  Result<int> await_resume() const noexcept {
    if (failed()) return fault();
    return static_cast<int>(value());
  }
};

// A call that may block the thread that makes it: never a loop's. It is not cut off once it has begun.
class FileTransfer final : public Wait {
 public:
  FileTransfer(Io& io, bool writes, int file, std::uint64_t offset, void* bytes, std::size_t size) noexcept
      : Wait(io), writes_(writes), file_(file), offset_(offset), bytes_(bytes), size_(size) {}
  Result<std::size_t> await_resume() const noexcept {
    if (failed()) return fault();
    return value_;
  }

  // For models: makes the call.
  void perform() noexcept;

 private:
  bool begin(std::unique_lock<std::mutex>& lock) override;
  bool withdraw() noexcept override { return false; }

  bool writes_;
  int file_;
  std::uint64_t offset_;
  void* bytes_;
  std::size_t size_;
  std::size_t value_ = 0;
};

// One task's access to the outside and to other tasks; it is passed down, like its arena, to whatever the
// task calls. Its functions are for the task's own use.
class Io {
 public:
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;

  Model& model() const noexcept { return *model_; }
  // For the model: its own record of the task.
  void* model_data = nullptr;
  // Of this task: for coroutine frames and whatever lives as long as it.
  Arena& arena() noexcept { return arena_; }
  TimePoint now() const noexcept;
  bool cancelled() const noexcept;

  [[nodiscard]] SleepWait sleep_until(TimePoint time) noexcept { return {*this, time}; }
  [[nodiscard]] SleepWait sleep_for(Duration span) noexcept { return {*this, now() + span}; }

  // Some bytes, at least one, or 0 at the end of the stream.
  [[nodiscard]] SocketTransfer receive(int socket, std::span<std::byte> bytes,
                                       TimePoint deadline = TimePoint::never()) noexcept {
    return {*this, SocketWait::Operation::kReceive, socket, bytes.data(), bytes.size(), deadline};
  }
  // Some of the bytes, at least one.
  [[nodiscard]] SocketTransfer send(int socket, std::span<const std::byte> bytes,
                                    TimePoint deadline = TimePoint::never()) noexcept {
    return {*this,   SocketWait::Operation::kSend, socket, const_cast<std::byte*>(bytes.data()), bytes.size(),
            deadline};
  }
  [[nodiscard]] SocketAccept accept(int socket, TimePoint deadline = TimePoint::never()) noexcept {
    return {*this, SocketWait::Operation::kAccept, socket, nullptr, 0, deadline};
  }
  // Some bytes of a regular file; 0 at its end.
  [[nodiscard]] FileTransfer read_at(int file, std::uint64_t offset, std::span<std::byte> bytes) noexcept {
    return {*this, false, file, offset, bytes.data(), bytes.size()};
  }
  [[nodiscard]] FileTransfer write_at(int file, std::uint64_t offset,
                                      std::span<const std::byte> bytes) noexcept {
    return {*this, true, file, offset, const_cast<std::byte*>(bytes.data()), bytes.size()};
  }

 protected:
  explicit Io(Model& model) noexcept : model_(&model) {}
  // The task's first step; what is left of it is resumed through task_.
  virtual void start() = 0;
  // It has ended and is not used any more.
  virtual void finished() noexcept = 0;
  virtual ~Io() = default;

  bool ended_ = false;  // under the model's lock, like all below

 private:
  friend class Model;
  friend class Wait;

  Model* model_;
  Arena arena_;
  Wait* wait_ = nullptr;
  std::coroutine_handle<> task_;
  bool cancelled_ = false;
  bool started_ = false;
};

}  // namespace zerver::io
