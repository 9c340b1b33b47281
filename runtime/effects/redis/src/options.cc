#include <zerver/effects/redis/options.h>

#include <charconv>
#include <optional>
#include <tuple>
#include <utility>

namespace zerver::effects::redis {

namespace {

constexpr std::uint32_t kMostConnections = 64;
constexpr std::uint32_t kMostDatabases = 1U << 20;

template <class Number> std::optional<Number> parse_number(std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > most) return std::nullopt;
  return static_cast<Number>(number);
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    if (text.size() - i < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

// What is before the separator; the text goes on behind it. Without one it is all of the text.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view before = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return before;
}

bool parse_server(std::string_view text, Server& server) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    server.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (text.empty()) return !server.host.empty();
    if (!text.starts_with(':')) return false;
    text.remove_prefix(1);
  } else {
    const bool has_port = text.find(':') != std::string_view::npos;
    server.host = cut(text, ':');
    if (!has_port) return !server.host.empty();
  }
  const auto port = parse_number<std::uint16_t>(text, 65'535);
  if (!port || *port == 0 || server.host.empty()) return false;
  server.port = *port;
  return true;
}

std::string parse_option(std::string_view option, Options& options) {
  const std::string_view name = cut(option, '=');
  if (name == "connections") {
    const auto count = parse_number<std::uint32_t>(option, kMostConnections);
    if (!count || *count == 0) return "`connections` is from 1 to 64";
    options.connections = *count;
  } else if (name == "ca" && !option.empty()) {
    options.ca_file = option;
  } else if (name == "db") {
    const auto database = parse_number<std::uint32_t>(option, kMostDatabases);
    if (!database) return "`db` is the number of a database";
    options.database = *database;
  } else {
    return "a URL of Redis takes the options `connections`, `ca` and `db`";
  }
  return {};
}

}  // namespace

std::string parse_url(std::string_view url, Options& options) {
  const std::size_t colon = url.find(':');
  const std::string_view scheme = url.substr(0, colon);
  std::string_view rest = colon == std::string_view::npos ? std::string_view() : url.substr(colon + 1);
  std::string_view query = rest;
  rest = cut(query, '?');
  while (!query.empty()) {
    if (std::string error = parse_option(cut(query, '&'), options); !error.empty()) return error;
  }
  if (scheme == "redis+unix") {
    if (rest.starts_with("//")) rest.remove_prefix(2);
    if (rest.empty()) return "a URL `redis+unix:PATH` needs the path of a socket";
    options.unix_path = rest;
    return {};
  }
  options.tls = scheme.starts_with("rediss");
  options.cluster = scheme == "redis+cluster" || scheme == "rediss+cluster";
  if (!options.cluster && scheme != "redis" && scheme != "rediss")
    return "a URL of Redis begins with redis, rediss, redis+unix, redis+cluster or rediss+cluster";
  if (!rest.starts_with("//")) return "a URL of Redis has `//` behind its scheme";
  rest.remove_prefix(2);
  std::string_view authority = cut(rest, '/');
  if (!rest.empty()) {
    const auto database = parse_number<std::uint32_t>(rest, kMostDatabases);
    if (!database) return "what is behind the `/` of a URL of Redis is the number of a database";
    options.database = *database;
  }
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    std::string_view password = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    std::optional<std::string> user = percent_decoded(cut(password, ':'));
    std::optional<std::string> decoded = percent_decoded(password);
    if (!user || !decoded) return "its user and password are percent-encoded wrongly";
    options.user = std::move(*user);
    options.password = std::move(*decoded);
  }
  do {
    if (!parse_server(cut(authority, ','), options.servers.emplace_back()))
      return "a server is written as `host`, `host:port` or `[address]:port`";
  } while (!authority.empty());
  if (!options.cluster && options.servers.size() > 1)
    return "several servers are those of a cluster: `redis+cluster://a,b,c`";
  if (options.cluster && options.database != 0) return "a cluster has the database 0 only";
  return {};
}

bool differ_in_password_only(const Options& one, const Options& other) {
  const auto rest = [](const Options& of) {
    return std::tie(of.servers, of.unix_path, of.user, of.database, of.tls, of.cluster, of.ca_file,
                    of.connections);
  };
  return rest(one) == rest(other);
}

std::string describe(const Options& options) {
  if (!options.unix_path.empty()) return "redis+unix:" + options.unix_path;
  std::string text = options.tls ? "rediss" : "redis";
  if (options.cluster) text += "+cluster";
  text += "://";
  for (const Server& server : options.servers) {
    if (&server != &options.servers.front()) text += ',';
    text += server.host.find(':') == std::string::npos ? server.host : "[" + server.host + "]";
    text += ':' + std::to_string(server.port);
  }
  if (!options.cluster) text += '/' + std::to_string(options.database);
  return text;
}

}  // namespace zerver::effects::redis
