// What a connection needs of the worker that it belongs to.
#pragma once

#include "request_context.h"
#include <zerver/core/time.h>
#include <zerver/flow/worker.h>
#include <zerver/io/asio_loop.h>
#include <zerver/server/settings.h>

#include <string_view>

namespace zerver::server {

class AnswerMetrics;
class Connection;

class ConnectionHost {
 public:
  ConnectionHost(const Settings& settings, io::AsioLoop& loop, flow::Worker& worker) noexcept
      : settings_(settings), loop_(loop), worker_(worker) {}
  virtual ~ConnectionHost() = default;
  ConnectionHost(const ConnectionHost&) = delete;
  ConnectionHost& operator=(const ConnectionHost&) = delete;

  const Settings& settings() const noexcept { return settings_; }
  io::AsioLoop& loop() const noexcept { return loop_; }
  flow::Worker& worker() const noexcept { return worker_; }
  // The time of the last tick: precise enough for timeouts, and free.
  TimePoint coarse_now() const noexcept { return coarse_now_; }
  // Field lines that every response has.
  std::string_view common_fields() const noexcept { return common_fields_; }
  // Where answers are counted; null: nowhere.
  AnswerMetrics* answers() const noexcept { return answers_; }
  // No request is begun any more.
  bool draining() const noexcept { return draining_; }
  // Requests are begun; else connections stall: they are not read, and what has been read is not looked at.
  bool takes_requests() const noexcept { return takes_requests_; }

  virtual Scheduler& scheduler() noexcept = 0;
  virtual ContextPool& contexts() noexcept = 0;
  // Connection::resume() follows, unless it goes before.
  virtual void stall(Connection& connection) noexcept = 0;
  virtual void leave_stalled(Connection& connection) noexcept = 0;
  // The connection is quiet, and the host's to reuse or destroy.
  virtual void on_closed(Connection& connection) noexcept = 0;

 protected:
  TimePoint coarse_now_;
  std::string_view common_fields_;
  AnswerMetrics* answers_ = nullptr;
  bool draining_ = false;
  bool takes_requests_ = true;

 private:
  const Settings& settings_;
  io::AsioLoop& loop_;
  flow::Worker& worker_;
};

}  // namespace zerver::server
