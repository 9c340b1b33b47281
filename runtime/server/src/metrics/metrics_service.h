// Serves the metrics of a service, on an address and a thread of their own.
#pragma once

#include "metrics/exposition.h"
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/output_buffer.h>
#include <zerver/flow/call/in_flight.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/target.h>
#include <zerver/server/server.h>

#include <functional>
#include <optional>
#include <string>

namespace zerver::server {

// `GET /metrics`. In this order: open(), start(), stop(). What is written is made for each scrape, on the
// thread of this service: nothing is asked of the workers that it is about.
class MetricsService {
 public:
  // Appends the metrics as they are now.
  using Write = std::function<void(OutputBuffer& out, ExpositionFormat format)>;

  MetricsService(const Clock& clock, Log& log, Write write);
  ~MetricsService();
  MetricsService(const MetricsService&) = delete;
  MetricsService& operator=(const MetricsService&) = delete;

  // `HOST:PORT`. Empty, or what is wrong.
  [[nodiscard]] std::string open(const std::string& address);
  // With the port that was taken where 0 was asked for.
  const std::string& address() const noexcept { return server_->addresses().front(); }
  void start() { server_->start(); }
  // Finishes the scrapes that have begun.
  void stop();

 private:
  class Page;

  const Clock& clock_;
  Log& log_;
  std::unique_ptr<Page> page_;
  flow::InFlight in_flight_{1};
  flow::Target target_;
  std::optional<Server> server_;
};

}  // namespace zerver::server
