// A service with several addresses: each has connections of its own, and calls are spread over them.
#include "client.h"
#include <zerver/io/net/resolver.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::size_t kMostPlaces = 16;
// The resolver keeps answers as long as they live: asking it again costs little.
constexpr Duration kAddressesFor = Duration::from_seconds(5);
constexpr Duration kNoAddressesFor = Duration::from_seconds(1);

std::string address_text(const Place& place) {
  const bool is_v6 = place.address.find(':') != std::string::npos;
  return (is_v6 ? "[" + place.address + "]:" : place.address + ":") + std::to_string(place.port);
}

}  // namespace

void Client::serve_group(Host& group) noexcept {
  if (group.first == nullptr) return;
  connect_places(group);
  while (group.first != nullptr) {
    Host* const place = place_for(group, *group.first);
    if (place == nullptr) return;
    go_to(*place, pop(group));
  }
}

// Whoever has no connection, and is not left alone, gets one.
void Client::connect_places(Host& group) {
  Balancer& balancer = *group.balancer;
  const bool is_time = group.ask_again <= loop().now() || balancer.empty();
  if (!group.is_asking && is_time) ask_for_addresses(group);
  const auto host_of = [&](Balancer::Id id) { return *std::ranges::find(group.places, id, &Host::place); };
  balancer.note_lost([&](Balancer::Id id) { return host_of(id)->is_http2 && !has_session(*host_of(id)); });
  // All of them are connecting before the first one can fail.
  std::array<Host*, kMostPlaces> places{};
  std::size_t count = 0;
  while (may_connect(group)) {
    const auto id = balancer.try_next(loop().now());
    if (!id) break;
    places[count] = host_of(*id);
    ++places[count++]->connecting;
  }
  for (Host* const place : std::span(places).first(count)) {
    --place->connecting;
    open_connection(*place);
  }
}

// The next one; null: all that could take it are at their limits.
Host* Client::place_for(Host& group, Transfer& transfer) noexcept {
  std::uint64_t* const call = transfer.operation->call_data();
  const std::uint64_t tried = call == nullptr ? 0 : *call;
  Host* found = nullptr;
  const auto find = [&](auto can_take) {
    const auto id = group.balancer->next(loop().now(), tried, [&](Balancer::Id each) {
      return can_take(**std::ranges::find(group.places, each, &Host::place));
    });
    if (id) found = *std::ranges::find(group.places, *id, &Host::place);
  };
  find([this](Host& place) { return has_room(place); });
  // Sessions of HTTP/2 that are full: one of their places gets another.
  const bool may_open =
      found == nullptr && may_connect(group) &&
      std::ranges::none_of(group.places, [](Host* place) { return place->connecting != 0; });
  if (may_open) find([](Host&) { return true; });
  if (found != nullptr && call != nullptr) *call |= Balancer::bit_of(found->place);
  return found;
}

bool Client::has_room(Host& place) noexcept {
  if (place.is_http2) return session_with_room(place) != nullptr;
  return place.idle.size() != 0 || may_connect(place);
}

// One that takes requests, if not at this moment.
bool Client::has_session(Host& place) noexcept {
  return std::ranges::any_of(place.sessions, [&](const auto& session) {
    if (loop().now() - session->made() >= settings_.lifetime) session->retire();
    return !session->is_retired();
  });
}

void Client::go_to(Host& place, Transfer& transfer) noexcept {
  transfer.host = &place;
  place.group->balancer->began(place.place);
  ++place.under_way;
  place.counts->in_flight.fetch_add(1, std::memory_order_relaxed);
  place.counts->calls.fetch_add(1, std::memory_order_relaxed);
  push(place, transfer);
  serve_waiting(place);
}

// Its address has nothing more to do with it, if it has one.
void Client::leave(Transfer& transfer) noexcept {
  Host* const place = transfer.host;
  if (place == nullptr || place->group == nullptr) return;
  transfer.host = place->group;
  place->group->balancer->ended(place->place);
  place->counts->in_flight.fetch_sub(1, std::memory_order_relaxed);
  --place->under_way;
}

void Client::judge(const Transfer& transfer, Balancer::Verdict verdict) noexcept {
  const Host* const place = transfer.host;
  if (place == nullptr || place->group == nullptr) return;
  AddressCounts& counts = *place->counts;
  if (verdict == Balancer::Verdict::kBad) counts.failures.fetch_add(1, std::memory_order_relaxed);
  if (place->group->balancer->judge(place->place, verdict, loop().now())) {
    counts.is_left_out.store(true, std::memory_order_relaxed);
  } else if (verdict == Balancer::Verdict::kGood && counts.is_left_out.load(std::memory_order_relaxed)) {
    counts.is_left_out.store(false, std::memory_order_relaxed);
  }
}

void Client::place_failed(Host& place, const Fault& fault) noexcept {
  Host& group = *place.group;
  Balancer& balancer = *group.balancer;
  balancer.failed(place.place, loop().now());
  place.counts->failures.fetch_add(1, std::memory_order_relaxed);
  place.counts->is_left_out.store(true, std::memory_order_relaxed);
  // It may have moved.
  group.ask_again = std::min(group.ask_again, loop().now() + kNoAddressesFor);
  return_waiting(place);
  if (!balancer.is_hopeless()) return serve_group(group);
  shared_.note_failure(fault.why, loop().now());
  fail_waiting(group, {FaultKind::kUnavailable, fault.why, {}});
}

// To whatever address is next.
void Client::return_waiting(Host& place) noexcept {
  while (place.first != nullptr) {
    Transfer& transfer = pop(place);
    leave(transfer);
    push(*place.group, transfer);
  }
}

// Those who wait now: whoever is told may call again.
void Client::fail_waiting(Host& host, const Fault& fault) noexcept {
  for (std::size_t left = host.waiting; left != 0 && host.first != nullptr; --left)
    finish(pop(host), fault);
}

void Client::ask_for_addresses(Host& group) {
  group.is_asking = true;
  async::spawn(loop(), stop_.token(), find_addresses, self_, &network_.resolver(), &group, &settings_.origins)
      .detach();
}

async::Task<void> Client::find_addresses(std::shared_ptr<Client*> client, io::net::Resolver* resolver,
                                         Host* host, const std::vector<Origin>* origins) {
  std::vector<Place> places;
  Fault fault;
  for (const Origin& origin : *origins) {
    const Result<io::net::Addresses> addresses = co_await resolver->resolve(origin.host);
    if (*client == nullptr) co_return;
    if (!addresses) fault = addresses.error();
    if (!addresses) continue;
    for (const io::net::Address& address : *addresses)
      if (places.size() < kMostPlaces)
        places.push_back({.address = address.text(), .port = origin.port, .name = origin.host});
  }
  (*client)->answered(*host, places, fault);
}

// Those that stay keep their connections.
void Client::answered(Host& group, const std::vector<Place>& places, const Fault& fault) noexcept {
  Balancer& balancer = *group.balancer;
  group.is_asking = false;
  group.ask_again = loop().now() + (places.empty() ? kNoAddressesFor : kAddressesFor);
  // What is old is better than nothing.
  if (!places.empty()) balancer.update(places);
  if (balancer.empty()) {
    shared_.note_failure(fault.why, loop().now());
    return fail_waiting(group, {FaultKind::kUnavailable, fault.why, {}});
  }
  balancer.for_each([&](Balancer::Id id, const Place& place) {
    if (std::ranges::find(group.places, id, &Host::place) == group.places.end()) add_place(group, id, place);
  });
  for (Host* const place : group.places)
    if (place->place != 0 && !balancer.has(place->place)) remove_place(*place);
  serve(group);
}

void Client::add_place(Host& group, Balancer::Id id, const Place& place) {
  const Origin origin{settings_.base.origin.tls, place.name, place.port};
  Route route = make_route(origin, settings_);
  route.endpoint.host = place.address;
  route.endpoint.server_name = place.name;
  const auto free = std::ranges::find(group.places, Balancer::Id{0}, &Host::place);
  Host* const host = free != group.places.end() ? *free : &hosts_.emplace_back(origin, pool_options_);
  if (free == group.places.end()) group.places.push_back(host);
  host->origin = origin;
  host->route = std::make_shared<const Route>(std::move(route));
  host->group = &group;
  host->place = id;
  host->is_known = host->is_http2 = false;
  host->counts = shared_.addresses.counts_of(address_text(place));
}

// It gets nothing more; what is under way there goes on.
void Client::remove_place(Host& place) noexcept {
  return_waiting(place);
  Connection idle;
  while (take_idle(place, idle))
    give_back(place, std::exchange(idle, {}), false);
  for (const auto& session : place.sessions)
    session->retire();
  reap(place);
  const bool is_free =
      place.under_way == 0 && place.open == 0 && place.connecting == 0 && place.sessions.empty();
  if (!is_free) return;
  place.place = 0;
  place.counts.reset();
}

}  // namespace zerver::effects::http_client
