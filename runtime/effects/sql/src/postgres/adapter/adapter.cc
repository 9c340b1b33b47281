#include "adapter.h"

#include "postgres/connection/schema.h"
#include "postgres/pool/observed.h"
#include "worker_sql.h"
#include "zerver.flow.h"
#include <zerver/flow/call/operation.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects::postgres {

namespace {

// Where there is no loop with sockets, as in a simulation.
class NoSql final : public SqlAdapter {
 public:
  void one(const OneArguments&, flow::RowsReply reply) override { refuse(reply); }
  void maybe(const MaybeArguments&, flow::RowsReply reply) override { refuse(reply); }
  void many(const ManyArguments&, flow::RowsReply reply) override { refuse(reply); }
  void exec(const ExecArguments&, flow::Reply<std::int64_t> reply) override { refuse(reply); }
  void commit(const CommitArguments&, flow::Reply<void> reply) override { refuse(reply); }
  void cancel(flow::Operation&) noexcept override {}

 private:
  static void refuse(const flow::ReplyBase& reply) {
    reply.fail({FaultKind::kInternal, "PostgreSQL needs a loop with sockets, and a simulation has none", {}});
  }
};

// Takes `schema=FILE` out of the options of the URL.
std::string take_schema(std::string& url) {
  constexpr std::string_view kName = "schema=";
  const std::size_t question = url.find('?');
  for (std::size_t begin = question; begin != std::string::npos; begin = url.find('&', begin + 1)) {
    if (url.compare(begin + 1, kName.size(), kName) != 0) continue;
    const std::size_t end = std::min(url.find('&', begin + 1), url.size());
    const std::string file = url.substr(begin + 1 + kName.size(), end - begin - 1 - kName.size());
    // What is left begins with the `?`.
    url.erase(begin + 1, std::min(end + 1, url.size()) - begin - 1);
    if (url.ends_with('?') || url.ends_with('&')) url.pop_back();
    return file;
  }
  return {};
}

class SqlSystem final : public System {
 public:
  SqlSystem(const Libpq& pq, Options options) : pq_(pq), options_(std::move(options)) {
    observed_.health.note(Health::State::kUp, {}, {});  // it has answered when its schema was looked at
    if (const std::string_view password = value_of(options_.parameters, "password"); !password.empty())
      password_.emplace(std::string(password));
  }

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    io::AsioLoop* const loop = io::AsioLoop::of(worker.loop());
    if (loop == nullptr) return std::make_unique<NoSql>();
    // How many share the connections is known when all have come; none of them runs before.
    const Part part{&workers_, workers_.count++, &observed_, password_ ? &*password_ : nullptr};
    auto adapter = std::make_unique<WorkerSql>(pq_, *loop, worker.random(), options_, part);
    adapters_[&worker] = adapter.get();
    return adapter;
  }

  std::string describe() const override { return "postgres://" + postgres::describe(options_.parameters); }
  Health health() const override { return observed_.health.health(); }
  std::optional<effects::PoolState> pool() const override {
    return effects::PoolState{.open = observed_.open.load(std::memory_order_relaxed),
                              .idle = observed_.idle.load(std::memory_order_relaxed),
                              .waiting = observed_.waiting.load(std::memory_order_relaxed),
                              .most = static_cast<std::uint32_t>(options_.size)};
  }
  // Of a URL its password can change, which connections need only when they are made.
  std::string renew(std::string_view argument, std::string_view value) override {
    std::string url(value);
    take_schema(url);
    Options renewed;
    if (argument != "url" || !password_ || !parse_url(pq_, url, renewed).empty())
      return System::renew(argument, value);
    std::string password(value_of(renewed.parameters, "password"));
    set_password(renewed.parameters, std::string(value_of(options_.parameters, "password")));
    if (password.empty() || renewed.parameters != options_.parameters)
      return "its URL has changed in more than the password, which is taken at the next start only";
    password_->set(std::move(password));
    return {};
  }
  void probe(flow::Worker& worker, ProbeDone done) override {
    const auto adapter = adapters_.find(&worker);
    if (adapter == adapters_.end()) return done(health());
    adapter->second->probe(std::move(done));
  }

 private:
  Libpq pq_;
  Options options_;
  Observed observed_;
  std::optional<Renewable<std::string>> password_;  // none: its URL has none
  Workers workers_;
  std::map<const flow::Worker*, WorkerSql*> adapters_;
};

bool read_file(const std::string& name, std::string& text) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) return false;
  text = std::move(content).str();
  return true;
}

}  // namespace

Opened OpenSql::operator()(const flow::TargetInfo& target, std::string url) const {
  std::string schema(target.schema);
  if (const std::string file = take_schema(url); !file.empty() && !read_file(file, schema))
    return {nullptr, "the schema `" + file + "` cannot be read"};
  Libpq pq;
  if (std::string error = pq.load(); !error.empty()) return {nullptr, std::move(error)};
  Options options;
  if (std::string error = parse_url(pq, url, options); !error.empty()) return {nullptr, std::move(error)};
  if (target.pool != 0) options.size = target.pool;
  if (const std::string error = apply_or_check_schema(pq, options, schema); !error.empty())
    return {nullptr, "database `" + describe(options.parameters) + "`: " + error};
  return {std::make_unique<SqlSystem>(pq, std::move(options)), {}};
}

}  // namespace zerver::effects::postgres
