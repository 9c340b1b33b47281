// The loop that stackless and stackful tasks share.
#pragma once

#include <zerver/execution/blocking_pool.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/model/models.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <map>

namespace zerver::io {

struct StacklessModel::Task : async::Job {
  Task(StacklessModel& the_model, Io& the_io) noexcept
      : Job([](Job& job) noexcept {
          auto& task = static_cast<Task&>(job);
          task.model.enter(task);
        }),
        model(the_model),
        io(&the_io) {}
  virtual ~Task() = default;

  StacklessModel& model;
  Io* io;  // null: it has ended
};

struct StacklessModel::State {
  State() : loop(clock) {}

  struct Watched {
    explicit Watched(boost::asio::io_context& context, int socket) : descriptor(context, socket) {}
    boost::asio::posix::stream_descriptor descriptor;
    int waits = 0;
  };
  struct SocketOperation;
  struct Call;

  Watched& watch(int socket);
  void unwatch(int socket);

  SystemClock clock;
  AsioLoop loop;
  std::map<int, Watched> watched;  // sockets that are waited for, registered once
  execution::BlockingPool pool{{}};
};

}  // namespace zerver::io
