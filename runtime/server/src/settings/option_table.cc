// The settings that an operator can give, and what their values may be.
#include "settings/option_table.h"

#include "settings/setting_values.h"

#include <algorithm>
#include <array>
#include <optional>

namespace zerver::server {
namespace {

template <auto kLeast, auto kMost> std::string apply_count(std::size_t& target, std::string_view value) {
  const std::optional<std::uint64_t> count = parse_count(value);
  if (!count || *count < kLeast || *count > kMost) {
    return "a number from " + std::to_string(kLeast) + " to " + std::to_string(kMost);
  }
  target = static_cast<std::size_t>(*count);
  return {};
}

std::string apply_size(std::size_t& target, std::string_view value, std::size_t least, std::size_t most) {
  const std::optional<std::uint64_t> size = parse_size(value);
  if (!size || *size < least || *size > most) {
    return "a size from " + std::to_string(least) + " to " + std::to_string(most) + " bytes, such as 64KiB";
  }
  target = static_cast<std::size_t>(*size);
  return {};
}

std::string apply_duration(Duration& target, std::string_view value) {
  const std::optional<Duration> duration = parse_duration(value);
  if (!duration) return "a time such as 250ms, 30s or 5m";
  target = *duration;
  return {};
}

std::string apply_listen(Settings& settings, std::string_view value) {
  std::vector<std::string> addresses;
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view address = value.substr(0, comma);
    if (!parse_listen_address(address)) return "HOST:PORT, with a port from 0 to 65535";
    addresses.emplace_back(address);
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  settings.listen = std::move(addresses);
  return {};
}

std::string apply_server_field(Settings& settings, std::string_view value) {
  const bool printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!printable) return "printable text";
  settings.server_field = value;
  return {};
}

bool is_postgres_url(std::string_view value) noexcept {
  return value.starts_with("postgres://") || value.starts_with("postgresql://");
}

bool is_queue_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

std::string apply_executor(Settings& settings, std::string_view value) {
  for (const Executor executor : {Executor::kProactor, Executor::kInline}) {
    if (value != name_of(executor)) continue;
    settings.executor = executor;
    return {};
  }
  return "proactor or inline";
}

std::string apply_quanta(Settings& settings, std::string_view value) {
  if (value != "interactive" && value != "batch") return "interactive or batch";
  settings.scheduling.quanta = value == "batch" ? async::kBatchQuanta : async::kInteractiveQuanta;
  return {};
}

std::string apply_order(Settings& settings, std::string_view value) {
  if (value != "oldest" && value != "deadline") return "oldest or deadline";
  settings.scheduling.queue.earliest_deadline_first = value == "deadline";
  return {};
}

std::string apply_stealing(Settings& settings, std::string_view value) {
  if (value != "on" && value != "off") return "on or off";
  settings.scheduling.steal = value == "on";
  return {};
}

std::string apply_flow_rates(Settings& settings, std::string_view value) {
  std::vector<FlowRate> rates;
  while (true) {
    const std::size_t comma = value.find(',');
    const std::optional<NamedRate> rate = parse_named_rate(value.substr(0, comma));
    if (!rate) return "FLOW=N/TIME, such as shop.buy=100/1s or shop.buy=100/1s:20 with bursts of 20";
    rates.push_back({rate->name, rate->limit});
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  settings.scheduling.flow_rates = std::move(rates);
  return {};
}

std::string apply_tenant_rate(Settings& settings, std::string_view value) {
  const std::optional<NamedRate> rate = parse_named_rate(value);
  if (!rate) return "FIELD=N/TIME, such as X-Tenant=100/1s";
  settings.scheduling.tenant_rates = {{rate->name, rate->limit}};
  return {};
}

constexpr std::size_t kLargest = std::size_t{1} << 30;

constexpr std::array kOptions = std::to_array<Option>({
    {"listen", "HOST:PORT", "address to serve on, may be repeated; port 0 takes a free one (127.0.0.1:8080)",
     apply_listen},
    {"metrics", "HOST:PORT", "address on which Prometheus reads GET /metrics (none)",
     [](Settings& settings, std::string_view value) {
       if (!parse_listen_address(value)) return std::string("HOST:PORT, with a port from 0 to 65535");
       settings.metrics = value;
       return std::string();
     }},
    {"workers", "N", "threads, each with its own connections (one for each processor)",
     [](Settings& settings, std::string_view value) {
       std::size_t count = 0;
       std::string expected = apply_count<1, 1024>(count, value);
       if (expected.empty()) settings.workers = static_cast<unsigned>(count);
       return expected;
     }},
    {"executor", "NAME",
     "proactor, or inline: workers perform effects themselves, one at a time, which is for debugging "
     "(proactor)",
     apply_executor},
    {"batch-workers", "N",
     "threads for batch flows, which give way to all others (as workers, if there are such)",
     [](Settings& settings, std::string_view value) {
       std::size_t count = 0;
       std::string expected = apply_count<0, 1024>(count, value);
       if (expected.empty()) settings.batch_workers = static_cast<unsigned>(count);
       return expected;
     }},
    {"quanta", "PROFILE", "how long a class may run at a stretch: interactive or batch (interactive)",
     apply_quanta},
    {"order", "ORDER", "which request of a class goes first: oldest or deadline (oldest)", apply_order},
    {"stealing", "ON", "idle workers take requests that wait elsewhere: on or off (on)", apply_stealing},
    {"max-waiting", "N",
     "requests of a class that wait on a worker; from three quarters on clients are not read, more are "
     "answered with 503 (10000)",
     [](Settings& settings, std::string_view value) {
       std::size_t count = 0;
       std::string expected = apply_count<1, 10'000'000>(count, value);
       if (expected.empty()) settings.scheduling.queue.capacity.fill(count);
       return expected;
     }},
    {"flow-rates", "FLOW=N/TIME",
     "requests for a flow, more are answered with 429; several with commas (none)", apply_flow_rates},
    {"tenant-rate", "FIELD=N/TIME", "the same for each value of a header field (none)", apply_tenant_rate},
    {"max-connections", "N", "open connections; more wait for a moment, then they get 503 (10000)",
     [](Settings& settings, std::string_view value) {
       return apply_count<1, 10'000'000>(settings.connections, value);
     }},
    {"max-memory", "SIZE", "of the program; above it clients wait (as much as there is)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.memory, value, std::size_t{1} << 20, std::size_t{1} << 50);
     }},
    {"max-request-line", "SIZE", "request line; longer is answered with 414 (8KiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.http.request_line, value, 64, kLargest);
     }},
    {"max-headers", "SIZE", "header section; larger is answered with 431 (16KiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.http.header_bytes, value, 64, kLargest);
     }},
    {"max-header-count", "N", "header fields; more are answered with 431 (100)",
     [](Settings& settings, std::string_view value) {
       return apply_count<1, 10'000>(settings.http.header_count, value);
     }},
    {"max-body", "SIZE", "request body; larger is answered with 413 (1MiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.http.body, value, 0, http::Limits::kMaxBody);
     }},
    {"max-pipelined-output", "SIZE", "answers of one connection that wait to be sent (256KiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.pipelined_output, value, 1, kLargest);
     }},
    {"max-request-memory", "SIZE", "memory of one request; more is answered with 503 (1MiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.request_memory, value, 4096, kLargest);
     }},
    {"max-json-depth", "N", "nesting of JSON in requests; deeper is answered with 400 (32)",
     [](Settings& settings, std::string_view value) {
       return apply_count<1, 1024>(settings.json_depth, value);
     }},
    {"idle-timeout", "TIME", "between two requests of a connection (60s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.idle, value);
     }},
    {"header-timeout", "TIME", "from a request's first byte to the end of its headers (10s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.head, value);
     }},
    {"body-timeout", "TIME", "from the end of the headers to the end of the body (30s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.body, value);
     }},
    {"write-timeout", "TIME", "for a client to take some of an answer (30s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.write, value);
     }},
    {"drain-timeout", "TIME", "for what is under way when a signal asks to stop (10s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.drain, value);
     }},
    {"watchdog", "TIME", "report workers that are busy with one thing for longer (never)",
     [](Settings& settings, std::string_view value) { return apply_duration(settings.watchdog, value); }},
    {"saga-journal", "PLACE", "the journal of sagas: a path or postgres://... (PROGRAM.sagas.db)",
     [](Settings& settings, std::string_view value) {
       const bool is_url = value.find("://") != std::string_view::npos;
       if (value.empty() || value == "sqlite:" || (is_url && !is_postgres_url(value)))
         return std::string("the path of a file, or postgres://host/database");
       settings.saga_journal = value;
       return std::string();
     }},
    {"job-store", "URL", "where jobs wait: memory:, sqlite:PATH, postgres:, redis: or nats://... (memory:)",
     [](Settings& settings, std::string_view value) {
       if (value.find(':') == std::string_view::npos) return std::string("a URL such as sqlite:jobs.db");
       settings.job_store = value;
       return std::string();
     }},
    {"job-queue", "NAME", "the queue in it; programs that share a store have one each (jobs)",
     [](Settings& settings, std::string_view value) {
       if (!is_queue_name(value)) return std::string("letters, digits, `.`, `-` and `_`");
       settings.job_queue = value;
       return std::string();
     }},
    {"journal", "URL", "what durable jobs have done: memory:, sqlite:PATH, postgres://... (memory:)",
     [](Settings& settings, std::string_view value) {
       const bool is_known =
           value == "memory:" || (value.starts_with("sqlite:") && value.size() > 7) || is_postgres_url(value);
       if (!is_known)
         return std::string("memory:, a path such as sqlite:journal.db, or postgres://host/database");
       settings.journal = value;
       return std::string();
     }},
    {"journal-keep", "TIME", "remove the journal of a job that nothing was written to for longer (720h)",
     [](Settings& settings, std::string_view value) { return apply_duration(settings.journal_keep, value); }},
    {"audit", "FOLDER", "record what happens to each request in files there (no records)",
     [](Settings& settings, std::string_view value) {
       if (value.empty()) return std::string("the path of a folder");
       settings.audit.folder = value;
       return std::string();
     }},
    {"audit-keep", "TIME", "remove files of the audit whose last record is older (never)",
     [](Settings& settings, std::string_view value) { return apply_duration(settings.audit.keep, value); }},
    {"audit-segment", "SIZE", "of a file of the audit; then another one begins (64MiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.audit.segment, value, std::size_t{4} << 10, kLargest);
     }},
    {"server-field", "TEXT", "the Server field of answers (none)", apply_server_field},
});

}  // namespace

std::span<const Option> all_options() noexcept { return kOptions; }

const Option* find_option(std::string_view name) noexcept {
  const auto* found =
      std::find_if(kOptions.begin(), kOptions.end(), [name](const Option& o) { return o.name == name; });
  return found == kOptions.end() ? nullptr : found;
}

}  // namespace zerver::server
