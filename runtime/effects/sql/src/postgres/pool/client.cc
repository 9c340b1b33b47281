#include "backoff.h"
#include "pool.h"
#include "postgres/connection/names.h"
#include "postgres/connection/schema.h"
#include <zerver/effects/sql/postgres/client.h>
#include <zerver/io/asio_loop.h>

#include <stdexcept>
#include <utility>

namespace zerver::effects::postgres {

namespace {

io::AsioLoop& with_sockets(async::Loop& loop) {
  io::AsioLoop* const found = io::AsioLoop::of(loop);
  if (found == nullptr) throw std::invalid_argument("PostgreSQL needs a loop with sockets");
  return *found;
}

Options sized(const Options& options, std::size_t connections) {
  Options own = options;
  own.size = connections;
  return own;
}

}  // namespace

Server::Server() noexcept = default;
Server::~Server() = default;

std::string Server::open(const std::string& url, const std::string& schema) {
  libpq_ = std::make_unique<Libpq>();
  options_ = std::make_unique<Options>();
  if (std::string error = libpq_->load(); !error.empty()) return error;
  if (std::string error = parse_url(*libpq_, url, *options_); !error.empty()) return error;
  return apply_or_check_schema(*libpq_, *options_, schema);
}

std::string Server::execute(const std::string& script) const {
  return postgres::execute(*libpq_, *options_, script);
}

std::string Server::describe() const { return postgres::describe(options_->parameters); }

Client::Client(const Server& server, async::Loop& loop, Random& random, std::size_t connections)
    : pool_(std::make_unique<Pool>(server.libpq(), with_sockets(loop), random,
                                   sized(server.options(), connections))) {
  pool_->warm_up();
}
Client::~Client() = default;

void Client::start(Request& request) noexcept { pool_->start(request); }
void Client::cancel(Request& request) noexcept { pool_->forget(request, Connection::Stop::kCancel); }
void Client::let_go(Request& request) noexcept { pool_->forget(request, Connection::Stop::kLetGo); }

// --- Listening ---

class ListenerConnection final : private ConnectionOwner {
 public:
  ListenerConnection(const Server& server, io::AsioLoop& loop, Random& random, std::string channel,
                     Listener::Heard& heard)
      : server_(server),
        loop_(loop),
        random_(random),
        heard_(heard),
        names_(loop),
        retry_(*this),
        listen_(*this) {
    command_ = "listen \"";
    for (const char c : channel)
      command_ += c == '"' ? std::string("\"\"") : std::string(1, c);
    command_ += '"';
    connect();
  }
  ~ListenerConnection() { loop_.stop(retry_); }
  ListenerConnection(const ListenerConnection&) = delete;
  ListenerConnection& operator=(const ListenerConnection&) = delete;

 private:
  class Retry final : public async::Timer {
   public:
    explicit Retry(ListenerConnection& owner) noexcept : Timer(fire), owner_(owner) {}

   private:
    static void fire(Timer& timer) noexcept { static_cast<Retry&>(timer).owner_.on_timer(); }
    ListenerConnection& owner_;
  };
  class Listen final : public Request {
   public:
    explicit Listen(ListenerConnection& owner) noexcept : owner_(owner) { form = Form::kCommand; }

   private:
    void answered(const Answer&) noexcept override { owner_.heard_.listening(); }
    // A connection on which nobody listens is of no use.
    void failed(const Failure&) noexcept override { owner_.connect_later(); }
    ListenerConnection& owner_;
  };

  void connect() noexcept {
    ConnectionOwner& owner = *this;
    connection_ =
        std::make_unique<Connection>(server_.libpq(), loop_, server_.options(), book_, names_, owner);
    connection_->connect();
  }
  void connect_later() noexcept {
    must_connect_ = true;
    loop_.start(retry_, loop_.now() + backoff_.failed(server_.options(), random_));
  }
  void on_timer() noexcept {
    if (std::exchange(must_connect_, false)) return connect();
    // A server that is gone without a word is found out.
    if (connection_->is_idle()) connection_->probe();
    loop_.start(retry_, loop_.now() + server_.options().probe_after);
  }

  void connected(Connection& connection) noexcept override {
    backoff_.succeeded();
    loop_.start(retry_, loop_.now() + server_.options().probe_after);
    listen_.statement = {command_, {}};
    connection.send(listen_);
  }
  void has_room(Connection&) noexcept override {}
  void lost(Connection&, std::string_view) noexcept override { connect_later(); }
  void come_back(Request& request) noexcept override { connection_->send(request); }
  void notified(std::string_view channel, std::string_view payload) noexcept override {
    heard_.notified(channel, payload);
  }

  const Server& server_;
  io::AsioLoop& loop_;
  Random& random_;
  Listener::Heard& heard_;
  std::string command_;
  StatementBook book_;
  Names names_;
  Backoff backoff_;
  Retry retry_;  // or the next probe
  Listen listen_;
  bool must_connect_ = false;
  std::unique_ptr<Connection> connection_;
};

Listener::Listener(const Server& server, async::Loop& loop, Random& random, std::string channel, Heard& heard)
    : connection_(std::make_unique<ListenerConnection>(server, with_sockets(loop), random, std::move(channel),
                                                       heard)) {}
Listener::~Listener() = default;

}  // namespace zerver::effects::postgres
