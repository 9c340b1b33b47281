// Names of hosts as addresses: libpq would wait for them.
#pragma once

#include "options.h"
#include <zerver/async/task.h>
#include <zerver/async/task_group.h>
#include <zerver/core/result.h>
#include <zerver/io/asio_loop.h>

#include <memory>
#include <string>
#include <string_view>

namespace zerver::effects::postgres {

class Connection;

// Of one loop. Goes when that does not run any more.
class Names {
 public:
  explicit Names(io::AsioLoop& loop) : loop_(loop), tasks_(loop) {}
  ~Names() { tasks_.finish(); }
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // Whom the answer is for.
  struct Question {
    Connection* connection;  // null: nobody any more
  };

  // False when there is no name in them.
  static bool has_names(const ConnectParameters& parameters);
  // Connection::resolved() or Connection::unresolved() follows.
  void look_up(std::shared_ptr<Question> question, const ConnectParameters& parameters);

 private:
  async::Task<Result<ConnectParameters>> addresses(ConnectParameters parameters);
  async::Task<void> answer(std::shared_ptr<Question> question, ConnectParameters parameters);

  io::AsioLoop& loop_;
  async::TaskGroup tasks_;
};

}  // namespace zerver::effects::postgres
