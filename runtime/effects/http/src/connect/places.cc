// A service with several addresses: each has a connection, and they are called in turn.
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

}  // namespace

void Client::serve_places(Host& host) noexcept {
  if (host.first == nullptr) return;
  connect_places(host);
  while (host.first != nullptr) {
    Http2Session* const session = session_in_turn(host);
    if (session == nullptr) break;
    session->submit(pop(host));
  }
  // All are full: the next in turn gets another connection.
  const bool may_connect = host.first != nullptr && host.connecting == 0 && host.open < connection_limit();
  if (!may_connect) return;
  if (const auto place = host.balancer->next([](Balancer::Id) { return true; })) connect_to(host, *place);
}

// Whoever has no connection, and is not left alone, gets one.
void Client::connect_places(Host& host) {
  Balancer& balancer = *host.balancer;
  if (!host.is_asking && host.ask_again <= loop().now()) ask_for_addresses(host);
  balancer.note_lost([&](Balancer::Id place) { return session_of(host, place) == nullptr; });
  // All of them are connecting before the first one can fail.
  std::array<Balancer::Id, kMostPlaces> places{};
  std::size_t count = 0;
  while (const auto place = balancer.try_next(loop().now()))
    places[count++] = *place;
  for (const Balancer::Id place : std::span(places).first(count))
    connect_to(host, place);
}

void Client::connect_to(Host& host, Balancer::Id id) {
  if (!host.balancer->has(id)) return;
  const Place& place = host.balancer->place(id);
  Route route = make_route({settings_.base.origin.tls, place.name, place.port}, settings_);
  route.endpoint.host = place.address;
  route.endpoint.server_name = place.name;
  open_connection(host, std::make_shared<const Route>(std::move(route)), id);
}

// One that takes requests, if not at this moment.
Http2Session* Client::session_of(Host& host, Balancer::Id place) noexcept {
  const auto session = std::ranges::find_if(host.sessions, [&](const auto& each) {
    if (each->place() != place) return false;
    if (loop().now() - each->made() >= settings_.lifetime) each->retire();
    return !each->is_retired();
  });
  return session == host.sessions.end() ? nullptr : session->get();
}

Http2Session* Client::session_in_turn(Host& host) noexcept {
  Http2Session* found = nullptr;
  static_cast<void>(host.balancer->next([&](Balancer::Id place) {
    const auto session = std::ranges::find_if(
        host.sessions, [&](const auto& each) { return each->place() == place && each->has_room(); });
    found = session == host.sessions.end() ? nullptr : session->get();
    return found != nullptr;
  }));
  return found;
}

void Client::place_failed(Host& host, Balancer::Id place, const Fault& fault) noexcept {
  Balancer& balancer = *host.balancer;
  balancer.failed(place, loop().now());
  // It may have moved.
  host.ask_again = std::min(host.ask_again, loop().now() + kNoAddressesFor);
  const bool is_hopeless = !balancer.is_connecting() && !balancer.is_connected();
  if (is_hopeless) fail_waiting(host, {FaultKind::kUnavailable, fault.why, {}});
}

// Those who wait now: whoever is told may call again.
void Client::fail_waiting(Host& host, const Fault& fault) noexcept {
  for (std::size_t left = host.waiting; left != 0 && host.first != nullptr; --left)
    finish(pop(host), fault);
}

void Client::ask_for_addresses(Host& host) {
  host.is_asking = true;
  async::spawn(loop(), stop_.token(), find_addresses, self_, &network_.resolver(), &host, &settings_.balanced)
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

void Client::answered(Host& host, const std::vector<Place>& places, const Fault& fault) noexcept {
  host.is_asking = false;
  host.ask_again = loop().now() + (places.empty() ? kNoAddressesFor : kAddressesFor);
  // What is old is better than nothing.
  if (!places.empty()) host.balancer->update(places);
  if (host.balancer->empty()) {
    shared_.note_failure(fault.why, loop().now());
    return fail_waiting(host, {FaultKind::kUnavailable, fault.why, {}});
  }
  for (const auto& session : host.sessions)
    if (!host.balancer->has(session->place())) session->retire();
  serve(host);
}

}  // namespace zerver::effects::http_client
