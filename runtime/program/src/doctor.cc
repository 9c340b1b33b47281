// What a program finds on its machine, and what it would do with it.
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/program/doctor.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace zerver {
namespace {

std::string_view name_of(Machine::Cgroup version) noexcept {
  switch (version) {
    case Machine::Cgroup::kV1:
      return "v1";
    case Machine::Cgroup::kV2:
      return "v2";
    case Machine::Cgroup::kNone:
      break;
  }
  return "none";
}

std::string milliseconds(Duration span) {
  if (span == Duration::max()) return "never";
  return std::to_string(span.nanoseconds / 1'000'000) + " ms";
}

std::string mebibytes(std::uint64_t bytes) {
  return bytes == 0 ? std::string("unlimited") : std::to_string(bytes >> 20) + " MiB";
}

std::string known(const std::string& text) { return text.empty() ? "unknown" : text; }

class Lines {
 public:
  void section(std::string_view title) {
    if (!text_.empty()) text_ += '\n';
    text_.append(title).append("\n");
  }
  void line(std::string_view name, const std::string& value) {
    constexpr std::size_t kColumn = 22;
    std::string line = "  " + std::string(name);
    line.resize(std::max(kColumn, line.size() + 1), ' ');
    text_ += line + value + "\n";
  }
  void plain(const std::string& text) { text_ += "  " + text + "\n"; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string quanta_text(const async::Quanta& quanta) {
  using async::Priority;
  return milliseconds(quanta[Priority::kInteractive]) + ", " + milliseconds(quanta[Priority::kNormal]) +
         ", " + milliseconds(quanta[Priority::kBatch]);
}

// Durations that mean "never" are left out.
void write_duration(flow::JsonWriter& json, std::string_view key, Duration span) {
  if (span == Duration::max()) return;
  json.key(key);
  json.integer(span.nanoseconds / 1'000'000);
}

void write_config(flow::JsonWriter& json, const Config& config) {
  const auto count = [&json](std::string_view key, std::uint64_t number) {
    json.key(key);
    json.integer(number);
  };
  json.begin_object();
  json.key("executor");
  json.quoted(name_of(config.executor));
  count("workers", config.workers);
  count("compute_threads", config.compute_threads);
  count("blocking_threads", config.blocking_threads);
  count("compute_queue", config.compute_queue);
  count("blocking_queue", config.blocking_queue);
  write_duration(json, "interactive_quantum_ms", config.quanta[async::Priority::kInteractive]);
  write_duration(json, "normal_quantum_ms", config.quanta[async::Priority::kNormal]);
  write_duration(json, "batch_quantum_ms", config.quanta[async::Priority::kBatch]);
  write_duration(json, "drain_ms", config.drain);
  write_duration(json, "idle_timeout_ms", config.idle_timeout);
  write_duration(json, "watchdog_ms", config.watchdog);
  count("connections", config.connections);
  count("request_memory", config.request_memory);
  json.end_object();
}

void write_machine(flow::JsonWriter& json, const Machine& machine) {
  const auto text = [&json](std::string_view key, std::string_view value) {
    json.key(key);
    json.string(value);
  };
  const auto count = [&json](std::string_view key, std::uint64_t number) {
    json.key(key);
    json.integer(number);
  };
  const auto flag = [&json](std::string_view key, bool value) {
    json.key(key);
    json.boolean(value);
  };
  json.begin_object();
  text("os", machine.os);
  text("architecture", machine.architecture);
  text("kernel", machine.kernel);
  text("distribution", machine.distribution);
  text("package_manager", machine.package_manager);
  count("processors", machine.processors());
  count("processors_online", machine.processors_online);
  count("processors_affinity", machine.processors_affinity);
  count("processors_cpuset", machine.processors_cpuset);
  json.key("processor_quota");
  json.real(machine.processor_quota);
  text("cgroup", name_of(machine.cgroup));
  count("memory", machine.memory);
  count("memory_limit", machine.memory_limit);
  count("open_files", machine.open_files);
  json.key("backends");
  json.begin_object();
  flag("epoll", machine.os == "Linux");
  flag("io_uring", machine.io_uring);
  flag("sendfile", machine.sendfile);
  flag("splice", machine.splice);
  json.end_object();
  json.end_object();
}

}  // namespace

Diagnosis diagnose(const Machine& machine, const Config& config) {
  return {machine, config, Config::optimal(machine), config.validate(machine)};
}

Diagnosis diagnose() {
  const Machine machine = detect_machine();
  return diagnose(machine, Config::optimal(machine));
}

std::string to_text(const Diagnosis& diagnosis) {
  const Machine& machine = diagnosis.machine;
  const Config& config = diagnosis.config;
  const Config& best = diagnosis.recommended;
  Lines lines;
  lines.section("machine");
  lines.line("system", known(machine.os) + " " + machine.architecture + ", kernel " + known(machine.kernel));
  lines.line("distribution", known(machine.distribution));
  lines.line("package manager", known(machine.package_manager));
  std::string processors = std::to_string(machine.processors()) +
                           " usable: " + std::to_string(machine.processors_online) + " online, " +
                           std::to_string(machine.processors_affinity) + " by affinity";
  if (machine.processors_cpuset != 0)
    processors += ", " + std::to_string(machine.processors_cpuset) + " by cpuset";
  if (machine.processor_quota > 0) {
    std::array<char, 32> quota{};
    std::snprintf(quota.data(), quota.size(), ", quota %.2f", machine.processor_quota);
    processors += quota.data();
  }
  lines.line("processors", processors);
  lines.line("cgroup", std::string(name_of(machine.cgroup)));
  lines.line("memory", mebibytes(machine.memory) + ", limit " + mebibytes(machine.memory_limit));
  lines.line("open files", std::to_string(machine.open_files));
  std::string backends = machine.os == "Linux" ? "epoll" : "";
  for (const auto& [there, name] :
       {std::pair{machine.io_uring, " io_uring"}, std::pair{machine.sendfile, " sendfile"},
        std::pair{machine.splice, " splice"}}) {
    if (there) backends += name;
  }
  lines.line("backends", known(backends));

  lines.section("configuration (recommended here)");
  const auto both = [&lines](std::string_view name, const std::string& used, const std::string& recommended) {
    lines.line(name, used == recommended ? used : used + " (" + recommended + ")");
  };
  both("executor", std::string(name_of(config.executor)), std::string(name_of(best.executor)));
  both("workers", std::to_string(config.workers), std::to_string(best.workers));
  both("compute threads", std::to_string(config.compute_threads), std::to_string(best.compute_threads));
  both("blocking threads", std::to_string(config.blocking_threads), std::to_string(best.blocking_threads));
  both("compute queue", std::to_string(config.compute_queue), std::to_string(best.compute_queue));
  both("blocking queue", std::to_string(config.blocking_queue), std::to_string(best.blocking_queue));
  both("quanta", quanta_text(config.quanta), quanta_text(best.quanta));
  both("drain", milliseconds(config.drain), milliseconds(best.drain));
  both("watchdog", milliseconds(config.watchdog), milliseconds(best.watchdog));
  both("connections", std::to_string(config.connections), std::to_string(best.connections));
  both("request memory", mebibytes(config.request_memory), mebibytes(best.request_memory));

  lines.section("findings");
  for (const Finding& finding : diagnosis.findings) {
    const bool error = finding.severity == Finding::Severity::kError;
    lines.plain(std::string(error ? "error" : "warning") + " [" + std::string(name_of(finding.kind)) +
                "]: " + finding.message);
  }
  if (diagnosis.findings.empty()) lines.plain("none");
  return lines.take();
}

std::string to_json(const Diagnosis& diagnosis) {
  OutputBuffer out;
  flow::JsonWriter json(out);
  json.begin_object();
  json.key("zerver");
  json.quoted(ZERVER_VERSION);
  json.key("machine");
  write_machine(json, diagnosis.machine);
  json.key("config");
  write_config(json, diagnosis.config);
  json.key("recommended");
  write_config(json, diagnosis.recommended);
  json.key("findings");
  json.begin_array();
  for (const Finding& finding : diagnosis.findings) {
    json.element();
    json.begin_object();
    json.key("severity");
    json.quoted(finding.severity == Finding::Severity::kError ? "error" : "warning");
    json.key("kind");
    json.quoted(name_of(finding.kind));
    json.key("setting");
    json.quoted(finding.setting);
    json.key("message");
    json.string(finding.message);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::string(out.view()) + "\n";
}

}  // namespace zerver
