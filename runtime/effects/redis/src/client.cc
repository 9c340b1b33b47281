#include "cluster.h"
#include "link.h"
#include <zerver/effects/redis/client.h>
#include <zerver/io/asio_loop.h>

#include <utility>

namespace zerver::effects::redis {

namespace {

// A command that is sent on more often than this goes in circles.
constexpr unsigned kMostRedirects = 5;

OwnedReply copy_of(const Reply& reply) {
  OwnedReply copy{reply.kind, std::string(reply.text), reply.integer, {}};
  copy.items.reserve(reply.count);
  for (const Reply& item : reply.list())
    copy.items.push_back(copy_of(item));
  return copy;
}

}  // namespace

Client::Client(io::net::Network& network, Random& random, const Options& options,
               const io::net::TlsClient* tls)
    : network_(network), loop_(network.loop()), random_(random), options_(options), tls_(tls) {
  if (options_.cluster) {
    cluster_ = std::make_unique<Cluster>(*this);
    return;
  }
  const Server server = options_.servers.empty() ? Server{} : options_.servers.front();
  for (std::uint32_t i = 0; i < options_.connections; ++i)
    links_.push_back(make_link(server));
}

Client::~Client() = default;

std::unique_ptr<Link> Client::make_link(const Server& server) {
  counts_.connections.add();
  return std::make_unique<Link>(*this, network_, random_, options_, server, tls_);
}

void Client::start(Command& command) noexcept {
  command.redirects_ = 0;
  if (cluster_ != nullptr) return cluster_->link_for(command)->start(command);
  // Past those that are not connected.
  for (std::size_t i = 0; i < links_.size(); ++i) {
    Link& link = *links_[next_link_++ % links_.size()];
    if (link.is_ready() || i + 1 == links_.size()) return link.start(command);
  }
}

void Client::abandon(Command& command) noexcept {
  if (command.link_ != nullptr) command.link_->abandon(command);
}

void Client::on_reply(Command& command, const Reply& reply) noexcept {
  if (!reply.is_error() || ++command.redirects_ > kMostRedirects) return command.on_reply(reply);
  try {
    if (command.script_ != nullptr && reply.is_error("NOSCRIPT")) {
      command.use_script_text();
      return cluster_ != nullptr ? cluster_->link_for(command)->start(command) : start(command);
    }
    if (cluster_ != nullptr && (reply.is_error("MOVED") || reply.is_error("ASK"))) {
      counts_.redirects.add();
      if (Link* const link = cluster_->follow(reply)) return link->start(command, reply.is_error("ASK"));
    }
  } catch (const std::bad_alloc&) {
    return command.on_failure({FaultKind::kUnavailable, "out of memory", {}});
  }
  if (cluster_ != nullptr && reply.is_error("CLUSTERDOWN")) cluster_->refresh();
  command.on_reply(reply);
}

void Client::on_failure(Command& command, const Fault& fault) noexcept {
  if (cluster_ != nullptr) cluster_->refresh();
  command.on_failure(fault);
}

// --- To await ---

class Client::Run::Awaited final : public Command {
 public:
  void on_reply(const Reply& reply) noexcept override {
    try {
      if (reply.is_error()) {
        const Fault found = fault_of(reply);
        why = found.why.view();
        outcome = Fault{found.kind, String::borrowed(why), {}};
      } else {
        outcome = copy_of(reply);
      }
    } catch (const std::bad_alloc&) {
      outcome = Fault{FaultKind::kUnavailable, "out of memory", {}};
    }
    waiter->complete();
  }
  void on_failure(const Fault& found) noexcept override {
    why = found.why.view();
    outcome = Fault{found.kind, String::borrowed(why), {}};
    waiter->complete();
  }

  async::Waiter* waiter = nullptr;
  std::string why;
  Result<OwnedReply> outcome = Fault{};
};

Client::Run::Run(Client& client) : client_(&client), awaited_(std::make_unique<Awaited>()) {}
Client::Run::Run(Run&& other) noexcept = default;
Client::Run::~Run() = default;

void Client::Run::enqueue(async::Waiter& waiter) {
  awaited_->waiter = &waiter;
  client_->start(*awaited_);
}

void Client::Run::cancel() noexcept { client_->abandon(*awaited_); }

Result<OwnedReply> Client::Run::result() { return std::move(awaited_->outcome); }

async::Awaiting<Client::Run> Client::run(std::initializer_list<std::string_view> words, std::size_t key) {
  return run(std::span(words.begin(), words.size()), key);
}
async::Awaiting<Client::Run> Client::run(std::span<const std::string_view> words, std::size_t key) {
  Run command(*this);
  command.awaited_->set(words, key);
  return async::Awaiting<Run>(std::move(command));
}
async::Awaiting<Client::Run> Client::run(const Script& script, std::string_view key,
                                         std::initializer_list<std::string_view> arguments) {
  Run command(*this);
  command.awaited_->set(script, key, arguments);
  return async::Awaiting<Run>(std::move(command));
}

}  // namespace zerver::effects::redis
