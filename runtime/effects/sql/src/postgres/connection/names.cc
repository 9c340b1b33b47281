#include "names.h"

#include "connection.h"
#include <zerver/io/net/address.h>
#include <zerver/io/net/network.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> items;
  if (list.empty()) return items;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    items.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

// A path of a socket, or an address, is none.
bool is_name(std::string_view host) {
  return !host.empty() && host.front() != '/' && host.front() != '@' && !io::net::Address::parse(host);
}

// Parallel lists, as libpq takes them.
struct Lists {
  void add(const std::string& host, const std::string& address, const std::string& port) {
    const char* const comma = is_empty ? "" : ",";
    hosts += comma + host;
    addresses += comma + address;
    ports += comma + port;
    is_empty = false;
  }
  bool is_empty = true;
  std::string hosts, addresses, ports;
};

}  // namespace

bool Names::has_names(const ConnectParameters& parameters) {
  return value_of(parameters, "hostaddr").empty() &&
         std::ranges::any_of(split(value_of(parameters, "host")), is_name);
}

void Names::look_up(std::shared_ptr<Question> question, const ConnectParameters& parameters) {
  tasks_.spawn([this](std::shared_ptr<Question> whose,
                      ConnectParameters its) { return answer(std::move(whose), std::move(its)); },
               std::move(question), parameters);
}

// Each host with all its addresses, each of which libpq tries in turn.
async::Task<Result<ConnectParameters>> Names::addresses(ConnectParameters parameters) {
  const std::vector<std::string> hosts = split(value_of(parameters, "host"));
  const std::vector<std::string> ports = split(value_of(parameters, "port"));
  io::net::Resolver& resolver = io::net::network_of(loop_)->resolver();
  Lists lists;
  Fault fault;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string port = ports.empty() ? "" : ports[std::min(i, ports.size() - 1)];
    if (!is_name(hosts[i])) {
      lists.add(hosts[i], "", port);
      continue;
    }
    const Result<io::net::Addresses> found = co_await resolver.resolve(hosts[i]);
    if (!found) {
      fault = found.error();
      continue;
    }
    for (const io::net::Address& address : *found)
      lists.add(hosts[i], address.text(), port);
  }
  if (lists.is_empty) co_return fault;
  set(parameters, "host", lists.hosts);
  set(parameters, "hostaddr", lists.addresses);
  if (!ports.empty()) set(parameters, "port", lists.ports);
  co_return parameters;
}

async::Task<void> Names::answer(std::shared_ptr<Question> question, ConnectParameters parameters) {
  const Result<ConnectParameters> found = co_await addresses(std::move(parameters));
  if (question->connection == nullptr) co_return;
  if (found) {
    question->connection->resolved(*found);
  } else {
    question->connection->unresolved(std::string(found.error().why));
  }
}

}  // namespace zerver::effects::postgres
