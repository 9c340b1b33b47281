// Serves packages over HTTP/1.1 with a thread for each worker.
#include "listening_socket.h"
#include "setting_values.h"
#include "worker_thread.h"
#include <zerver/execution/watchdog.h>
#include <zerver/server/server.h>

#include <utility>

namespace zerver::server {

Server::Server(const Settings& settings, const Clock& clock, Log& log) : settings_(settings) {
  for (unsigned i = 0; i < settings_.workers; ++i) {
    workers_.push_back(std::make_unique<WorkerThread>(settings_, clock, log, open_connections_));
  }
  if (settings_.watchdog == Duration::max()) return;
  watchdog_ = std::make_unique<execution::Watchdog>(clock, log, settings_.watchdog);
  for (std::size_t i = 0; i < workers_.size(); ++i)
    workers_[i]->set_heartbeat(watchdog_->watch("worker " + std::to_string(i)));
}

Server::~Server() {
  drain();
  join();
}

flow::Worker& Server::worker(std::size_t index) noexcept { return workers_[index]->worker(); }

void Server::bind(std::size_t index, std::vector<BoundPackage> packages) {
  workers_[index]->bind(std::move(packages));
}

std::string Server::open() {
  for (const std::string& text : settings_.listen) {
    const std::optional<ListenAddress> address = parse_listen_address(text);
    if (!address) return "cannot listen on " + text + ": it is not HOST:PORT";
    ListeningSockets listening = listen_on(*address, workers_.size());
    if (!listening.error.empty()) return "cannot listen on " + text + ": " + listening.error;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->listen(listening.sockets[i].release(), listening.v6);
    }
    addresses_.push_back(std::move(listening.address));
  }
  return {};
}

void Server::start() {
  if (watchdog_ != nullptr) watchdog_->start();
  for (const std::unique_ptr<WorkerThread>& worker : workers_) {
    threads_.emplace_back([&worker = *worker] { worker.run(); });
  }
}

void Server::drain() noexcept {
  for (const std::unique_ptr<WorkerThread>& worker : workers_)
    worker->drain();
}

void Server::join() {
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

}  // namespace zerver::server
