// Which Redis, and how it is reached.
#pragma once

#include <zerver/core/time.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::redis {

struct Server {
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 6379;
  friend auto operator<=>(const Server&, const Server&) = default;
};

struct Options {
  std::vector<Server> servers;  // one, or some of a cluster
  std::string unix_path;        // in place of them
  std::string user;             // empty: the server's `default`
  std::string password;         // empty: none is sent
  // Asked for the password by each connection that is made, on its loop's thread; none: it stays.
  std::function<std::string()> renewed_password;
  std::uint32_t database = 0;
  bool tls = false;
  bool cluster = false;
  std::string ca_file;                           // for TLS; empty: what the system trusts
  std::uint32_t connections = 1;                 // of each worker to each server
  Duration connect = Duration::from_seconds(2);  // to connect and be let in, at most
  // A server that says nothing for so long, while commands wait for it, is taken for gone.
  Duration silence = Duration::from_seconds(3);
  Duration first_pause = Duration::from_milliseconds(50);  // before another attempt to connect; doubled
  Duration longest_pause = Duration::from_seconds(1);
};

// `redis://user:password@host:6379/0`, `rediss://...` with TLS, `redis+unix:/path?db=0`,
// `redis+cluster://a:7000,b,c`, `rediss+cluster://...`; user, password and `/0` may be left out. Behind a
// `?`: `connections=2`, `ca=FILE`, `db=0`. Empty, or one line that says what is wrong; it repeats nothing of
// the URL.
[[nodiscard]] std::string parse_url(std::string_view url, Options& options);

// Whether both go to the same database of the same servers, as the same user and in the same way.
bool differ_in_password_only(const Options& one, const Options& other);

// Where it goes, without user and password: `redis://host:6379/0`.
std::string describe(const Options& options);

}  // namespace zerver::effects::redis
