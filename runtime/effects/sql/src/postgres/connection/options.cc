#include "options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace zerver::effects::postgres {

namespace {

struct Parameter {
  const char* name;
  const char* value;
};

// What a URL may say otherwise.
constexpr std::array kDefaults{
    Parameter{"application_name", "zerver"},
    // A server whose machine is gone says nothing: without these nobody would notice for hours.
    Parameter{"keepalives_idle", "30"},
    Parameter{"keepalives_interval", "5"},
    Parameter{"keepalives_count", "3"},
    Parameter{"tcp_user_timeout", "10000"},
};

// How texts of values are read: as ISO has them, in UTC.
constexpr const char* kSession =
    "-c datestyle=ISO -c intervalstyle=iso_8601 -c timezone=UTC -c extra_float_digits=1"
    " -c standard_conforming_strings=on -c bytea_output=hex";

}  // namespace

void set(ConnectParameters& parameters, std::string_view name, std::string value) {
  const auto known = std::ranges::find(parameters, name, &ConnectParameters::value_type::first);
  if (known == parameters.end()) {
    parameters.emplace_back(std::string(name), std::move(value));
  } else {
    known->second = std::move(value);
  }
}

std::string_view value_of(const ConnectParameters& parameters, std::string_view name) noexcept {
  const auto known = std::ranges::find(parameters, name, &ConnectParameters::value_type::first);
  return known == parameters.end() ? std::string_view() : std::string_view(known->second);
}

std::string parse_url(const Libpq& pq, const std::string& url, Options& options) {
  char* message = nullptr;
  const auto free_list = [&pq](PQconninfoOption* list) { pq.free_conninfo(list); };
  const std::unique_ptr<PQconninfoOption, decltype(free_list)> list(pq.parse_conninfo(url.c_str(), &message),
                                                                    free_list);
  pq.free_memory(message);
  if (list == nullptr)
    return "its URL is none of PostgreSQL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE`";

  ConnectParameters parameters;
  for (const Parameter& each : kDefaults)
    parameters.emplace_back(each.name, each.value);
  for (const PQconninfoOption* each = list.get(); each->keyword != nullptr; ++each) {
    if (each->val != nullptr) set(parameters, each->keyword, each->val);
  }
  set(parameters, "client_encoding", "UTF8");
  const std::string own(value_of(parameters, "options"));
  set(parameters, "options", own + (own.empty() ? "" : " ") + kSession);

  if (const std::string_view seconds = value_of(parameters, "connect_timeout"); !seconds.empty()) {
    int count = 0;
    const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), count);
    if (error != std::errc() || end != seconds.data() + seconds.size() || count < 0)
      return "`connect_timeout` of its URL is no number of seconds";
    if (count > 0) options.connect_timeout = Duration::from_seconds(count);
  }
  options.database = "postgres";
  for (const std::string_view name : {"host", "hostaddr", "port", "dbname", "user"})
    options.database.append(1, '\0').append(value_of(parameters, name));
  options.parameters = std::move(parameters);
  return {};
}

void set_password(ConnectParameters& parameters, const std::string& password) {
  set(parameters, "password", password);
}

std::string describe(const ConnectParameters& parameters) {
  std::string text(value_of(parameters, "host"));
  if (text.empty()) text = value_of(parameters, "hostaddr");
  if (text.empty()) text = "local socket";
  if (const std::string_view port = value_of(parameters, "port"); !port.empty())
    text += ':' + std::string(port);
  std::string_view database = value_of(parameters, "dbname");
  if (database.empty()) database = value_of(parameters, "user");
  return text + '/' + std::string(database);
}

}  // namespace zerver::effects::postgres
