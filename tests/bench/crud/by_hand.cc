// The yardstick of the CRUD benchmark: what crud.flow does, written by hand with Asio and the databases' own
// libraries.
//
// One thread for the network. SQLite: one thread that writes, four that read, each with its connection and
// its prepared statement. PostgreSQL: five connections with prepared statements, non-blocking, on the thread
// of the network. Usage: crud_by_hand PORT URL. Prints a line when it listens.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <libpq-fe.h>
#include <sqlite3.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kConnections = 5;
constexpr const char* kRead = "select id, name, count from item where id = ?";
constexpr const char* kWrite = "update item set count = count + 1 where id = ?";

struct Item {
  std::int64_t id = 0;
  std::string name;
  std::int64_t count = 0;
};

// Calls back on the thread of the network.
class Database {
 public:
  virtual ~Database() = default;
  virtual void read(std::int64_t id, std::function<void(Item)> then) = 0;
  virtual void write(std::int64_t id, std::function<void()> then) = 0;
};

// --- SQLite ---

class Lane {
 public:
  using Work = std::function<void(sqlite3_stmt*)>;

  Lane(const std::string& path, const char* statement, std::size_t threads) {
    for (std::size_t index = 0; index < threads; ++index)
      threads_.emplace_back([this, path, statement] { serve(path, statement); });
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    ready_.notify_all();
    for (std::thread& thread : threads_)
      thread.join();
  }

  void push(Work work) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    ready_.notify_one();
  }

 private:
  void serve(const std::string& path, const char* text) {
    sqlite3* database = nullptr;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_open(path.c_str(), &database) != SQLITE_OK) std::abort();
    sqlite3_busy_timeout(database, 5000);
    sqlite3_exec(database, "pragma journal_mode = wal; pragma synchronous = normal", nullptr, nullptr,
                 nullptr);
    if (sqlite3_prepare_v2(database, text, -1, &statement, nullptr) != SQLITE_OK) std::abort();
    std::unique_lock lock(mutex_);
    while (true) {
      ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) break;
      const Work work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work(statement);
      sqlite3_reset(statement);
      lock.lock();
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Work> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

class Sqlite final : public Database {
 public:
  Sqlite(asio::io_context& context, const std::string& path)
      : context_(&context), writes_(path, kWrite, 1), reads_(path, kRead, kConnections - 1) {}

  void read(std::int64_t id, std::function<void(Item)> then) override {
    reads_.push([this, id, then = std::move(then)](sqlite3_stmt* statement) mutable {
      sqlite3_bind_int64(statement, 1, id);
      if (sqlite3_step(statement) != SQLITE_ROW) std::abort();
      Item item{sqlite3_column_int64(statement, 0),
                reinterpret_cast<const char*>(sqlite3_column_text(statement, 1)),
                sqlite3_column_int64(statement, 2)};
      asio::post(*context_,
                 [then = std::move(then), item = std::move(item)]() mutable { then(std::move(item)); });
    });
  }
  void write(std::int64_t id, std::function<void()> then) override {
    writes_.push([this, id, then = std::move(then)](sqlite3_stmt* statement) mutable {
      sqlite3_bind_int64(statement, 1, id);
      if (sqlite3_step(statement) != SQLITE_DONE) std::abort();
      asio::post(*context_, std::move(then));
    });
  }

 private:
  asio::io_context* context_;
  Lane writes_;
  Lane reads_;
};

// --- PostgreSQL ---

class Postgres final : public Database {
 public:
  Postgres(asio::io_context& context, const std::string& url) {
    for (std::size_t index = 0; index < kConnections; ++index) {
      Link& link = *links_.emplace_back(std::make_unique<Link>(context, PQconnectdb(url.c_str())));
      if (PQstatus(link.connection) != CONNECTION_OK)
        throw std::runtime_error(PQerrorMessage(link.connection));
      PQclear(PQprepare(link.connection, "r", "select id, name, count from item where id = $1", 0, nullptr));
      PQclear(PQprepare(link.connection, "w", "update item set count = count + 1 where id = $1", 0, nullptr));
      PQsetnonblocking(link.connection, 1);
      link.socket.assign(PQsocket(link.connection));
      free_.push_back(&link);
    }
  }

  void read(std::int64_t id, std::function<void(Item)> then) override {
    run({"r", id, [then = std::move(then)](const PGresult* result) {
           if (PQntuples(result) != 1) std::abort();
           then({std::atoll(PQgetvalue(result, 0, 0)), PQgetvalue(result, 0, 1),
                 std::atoll(PQgetvalue(result, 0, 2))});
         }});
  }
  void write(std::int64_t id, std::function<void()> then) override {
    run({"w", id, [then = std::move(then)](const PGresult* result) {
           if (PQresultStatus(result) != PGRES_COMMAND_OK) std::abort();
           then();
         }});
  }

 private:
  struct Job {
    const char* statement;
    std::int64_t id;
    std::function<void(const PGresult*)> then;
  };
  struct Link {
    Link(asio::io_context& context, PGconn* the_connection) : connection(the_connection), socket(context) {}
    ~Link() {
      socket.release();
      PQfinish(connection);
    }
    PGconn* connection;
    asio::posix::stream_descriptor socket;
    std::function<void(const PGresult*)> then;
  };

  void run(Job job) {
    if (free_.empty()) {
      waiting_.push_back(std::move(job));
      return;
    }
    Link& link = *free_.back();
    free_.pop_back();
    send(link, std::move(job));
  }

  void send(Link& link, Job job) {
    const std::string id = std::to_string(job.id);
    const char* const values[] = {id.c_str()};
    link.then = std::move(job.then);
    if (PQsendQueryPrepared(link.connection, job.statement, 1, values, nullptr, nullptr, 0) != 1)
      std::abort();
    if (PQflush(link.connection) < 0) std::abort();
    wait(link);
  }

  void wait(Link& link) {
    link.socket.async_wait(asio::posix::descriptor_base::wait_read,
                           [this, &link](boost::system::error_code error) {
                             if (error || PQconsumeInput(link.connection) != 1) std::abort();
                             if (PQisBusy(link.connection) != 0) return wait(link);
                             PGresult* const result = PQgetResult(link.connection);
                             while (PGresult* const more = PQgetResult(link.connection))
                               PQclear(more);
                             const auto then = std::move(link.then);
                             if (waiting_.empty()) {
                               free_.push_back(&link);
                             } else {
                               Job next = std::move(waiting_.front());
                               waiting_.pop_front();
                               send(link, std::move(next));
                             }
                             then(result);
                             PQclear(result);
                           });
  }

  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Link*> free_;
  std::deque<Job> waiting_;
};

// --- HTTP ---

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Database& database) : socket_(std::move(socket)), database_(&database) {}

  void receive() {
    socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](auto error, std::size_t size) {
      if (error) return;
      self->input_.append(self->buffer_.data(), size);
      if (self->input_.find("\r\n\r\n") == std::string::npos) return self->receive();
      self->handle();
    });
  }

 private:
  void handle() {
    constexpr std::string_view kPath = "POST /items/";
    std::int64_t id = 0;
    const char* const begin = input_.data() + std::min(kPath.size(), input_.size());
    std::from_chars(begin, input_.data() + input_.size(), id);
    input_.clear();
    database_->read(id, [self = shared_from_this(), id](Item item) {
      self->item_ = std::move(item);
      self->database_->write(id, [self] { self->answer(); });
    });
  }

  void answer() {
    const std::string body = "{\"id\":" + std::to_string(item_.id) + ",\"name\":\"" + item_.name +
                             "\",\"count\":" + std::to_string(item_.count) + "}";
    output_ = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body;
    asio::async_write(socket_, asio::buffer(output_), [self = shared_from_this()](auto error, std::size_t) {
      if (!error) self->receive();
    });
  }

  tcp::socket socket_;
  Database* database_;
  std::array<char, 4096> buffer_{};
  std::string input_, output_;
  Item item_;
};

void accept(tcp::acceptor& acceptor, Database& database) {
  acceptor.async_accept([&](auto error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket), database)->receive();
    }
    accept(acceptor, database);
  });
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: crud_by_hand PORT URL\n");
    return 2;
  }
  const std::string url = argv[2];
  constexpr std::string_view kSqlite = "sqlite:";
  asio::io_context context(1);
  std::unique_ptr<Database> database;
  if (url.starts_with(kSqlite)) {
    database = std::make_unique<Sqlite>(context, url.substr(kSqlite.size()));
  } else {
    database = std::make_unique<Postgres>(context, url);
  }
  tcp::acceptor acceptor(context,
                         {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::atoi(argv[1]))});
  accept(acceptor, *database);
  std::printf("crud_by_hand: listening on http://127.0.0.1:%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  context.run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "crud_by_hand: %s\n", error.what());
  return 1;
}
