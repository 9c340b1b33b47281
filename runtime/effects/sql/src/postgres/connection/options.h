// What a URL of PostgreSQL says, and the bounds of the connections that are made by it.
#pragma once

#include "postgres/protocol/libpq.h"
#include <zerver/core/time.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

// Of libpq, by their names: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS
using ConnectParameters = std::vector<std::pair<std::string, std::string>>;

struct Options {
  ConnectParameters parameters;
  // Which database it is, of which server, and as whom it is used: of flow::Adapter::database(). As the URL
  // has it until the server has been asked.
  std::string database;
  std::size_t size = 8;                                  // connections at the same time
  Duration connect_timeout = Duration::from_seconds(5);  // of one attempt, with all its addresses
  Duration idle_timeout = Duration::from_seconds(60);    // all but one go when they were not used for so long
  Duration max_lifetime =
      Duration::from_seconds(1800);                   // less up to a tenth of it, so that not all go at once
  Duration probe_after = Duration::from_seconds(30);  // an idle one is asked whether it is still there
  Duration answer_timeout = Duration::from_seconds(2);  // to a probe, and to a cancel request
  Duration least_round_trip;  // to the server: what is taken for it where the kernel has seen less
  Duration least_backoff =
      Duration::from_milliseconds(50);                // after a failed attempt to connect; doubled with
  Duration most_backoff = Duration::from_seconds(1);  // each, up to this; drawn evenly from zero
};

// Asks a server for one text, that tells which database it is and as whom it is used, however the URL spells
// that. A standby has the name of its primary, but for the end. Who may not ask is known by the URL.
inline constexpr const char* kIdentity =
    "select concat_ws('/', system_identifier, current_database(), current_user, pg_is_in_recovery())"
    " from pg_control_system()";

// Empty, or what is wrong with it; never a part of it, because it may hold a password.
[[nodiscard]] std::string parse_url(const Libpq& pq, const std::string& url, Options& options);

// Adds a parameter, or gives it another value.
void set(ConnectParameters& parameters, std::string_view name, std::string value);

// The same with another password.
void set_password(ConnectParameters& parameters, const std::string& password);

// Where it goes, for people: `host:port/database`.
std::string describe(const ConnectParameters& parameters);

// The value, or empty.
std::string_view value_of(const ConnectParameters& parameters, std::string_view name) noexcept;

}  // namespace zerver::effects::postgres
