// Waits for the signals that ask a program to stop.
#include <zerver/io/stop_signals.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>

namespace zerver::io {

struct StopSignals::State {
  boost::asio::io_context context{1};
  boost::asio::signal_set signals{context, SIGTERM, SIGINT};
};

StopSignals::StopSignals(std::initializer_list<int> others) : state_(std::make_unique<State>()) {
  for (const int number : others)
    state_->signals.add(number);
}

StopSignals::~StopSignals() = default;

int StopSignals::wait() {
  int caught = 0;
  state_->signals.async_wait([&caught](const boost::system::error_code& error, int number) {
    if (!error) caught = number;
  });
  state_->context.restart();
  state_->context.run();
  return caught;
}

void StopSignals::let_go(int number) { state_->signals.remove(number); }

}  // namespace zerver::io
