#include "cluster.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace zerver::effects::redis {

namespace {

// A map that is old is asked for again, but not more often than this.
constexpr Duration kBetween = Duration::from_milliseconds(100);
constexpr std::size_t kMostNodes = 1000;

// `host:port`, the host without brackets also when it is an IPv6 address.
std::optional<Server> server_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Server server{std::string(text.substr(0, colon)), 0};
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), server.port);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  return server;
}

}  // namespace

Client::Cluster::Later::Later(Cluster& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Later&>(timer).cluster.ask(); }), cluster(owner) {}

Client::Cluster::Cluster(Client& client) : client_(client) {
  slots_.fill(kNone);
  for (const Server& server : client.options_.servers)
    node(server);
  ask();
}

Client::Cluster::~Cluster() {
  client_.loop_.stop(later_);
  client_.abandon(question_);
}

std::uint16_t Client::Cluster::node(const Server& server) {
  const auto known = std::ranges::find_if(
      links_, [&server](const std::unique_ptr<Link>& link) { return link->server() == server; });
  if (known != links_.end()) return static_cast<std::uint16_t>(known - links_.begin());
  if (links_.size() == kMostNodes) return kNone;
  links_.push_back(client_.make_link(server));
  return static_cast<std::uint16_t>(links_.size() - 1);
}

Link* Client::Cluster::link_for(const Command& command) noexcept {
  if (!command.key().empty()) {
    const std::uint16_t owner = slots_[key_slot(command.key())];
    if (owner != kNone) return links_[owner].get();
  }
  const auto ready = std::ranges::find_if(links_, [](const auto& link) { return link->is_ready(); });
  return ready == links_.end() ? links_.front().get() : ready->get();
}

Link* Client::Cluster::follow(const Reply& error) {
  const std::size_t first = error.text.find(' ');
  const std::size_t second = error.text.find(' ', first + 1);
  if (second == std::string_view::npos) return nullptr;
  const std::string_view slot_text = error.text.substr(first + 1, second - first - 1);
  std::optional<Server> server = server_of(error.text.substr(second + 1));
  std::uint16_t slot = 0;
  const auto [end, failed] = std::from_chars(slot_text.data(), slot_text.data() + slot_text.size(), slot);
  if (!server || failed != std::errc() || end != slot_text.data() + slot_text.size() || slot >= kSlots)
    return nullptr;
  // An endpoint that the node does not know is its own address (Redis 7).
  if (server->host.empty() || server->host == "?") return nullptr;
  const std::uint16_t owner = node(*server);
  if (owner == kNone) return nullptr;
  if (error.is_error("MOVED")) {
    slots_[slot] = owner;
    refresh();
  }
  return links_[owner].get();
}

void Client::Cluster::refresh() noexcept {
  async::Loop& loop = client_.loop_;
  if (asking_ || later_.running()) return;
  loop.start(later_, std::max(loop.now(), asked_at_ + kBetween));
}

void Client::Cluster::ask() noexcept {
  asking_ = true;
  asked_at_ = client_.loop_.now();
  question_.set({"CLUSTER", "SLOTS"}, 0);
  // Another one each time: one that cannot be reached says nothing about the others.
  for (std::size_t i = 0; i < links_.size(); ++i) {
    Link& link = *links_[next_asked_++ % links_.size()];
    if (link.is_ready() || i + 1 == links_.size()) return link.start(question_);
  }
}

void Client::Cluster::on_slots(const Reply& reply) noexcept {
  asking_ = false;
  if (reply.kind != Reply::Kind::kList || reply.count == 0) return refresh();
  std::array<std::uint16_t, kSlots> slots;
  slots.fill(kNone);
  try {
    for (const Reply& range : reply.list()) {
      if (range.count < 3 || range.items[2].count < 2) return refresh();
      const std::int64_t first = range.items[0].integer;
      const std::int64_t last = range.items[1].integer;
      const Reply& master = range.items[2];
      const std::int64_t port = master.items[1].integer;
      if (first < 0 || last < first || last >= static_cast<std::int64_t>(kSlots) || port < 1 || port > 65'535)
        return refresh();
      if (master.items[0].text.empty()) continue;
      const std::uint16_t owner = node({std::string(master.items[0].text), static_cast<std::uint16_t>(port)});
      std::fill(slots.begin() + first, slots.begin() + last + 1, owner);
    }
  } catch (const std::bad_alloc&) {
    return refresh();
  }
  slots_ = slots;
}

}  // namespace zerver::effects::redis
