// The `main` of a generated service.
#include "audit/audit_log.h"
#include "audit/audit_trail.h"
#include "commands/job_commands.h"
#include "commands/target_report.h"
#include "job_service.h"
#include "metrics/metrics_service.h"
#include "metrics/metrics_text.h"
#include "saga_service.h"
#include "settings/environment.h"
#include "settings/options.h"
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/effects/registry.h>
#include <zerver/effects/systems.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/stop_signals.h>
#include <zerver/program/doctor.h>
#include <zerver/program/machine.h>
#include <zerver/server/main.h>
#include <zerver/server/server.h>
#include <zerver/server/snapshot.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace zerver::server {
namespace {

constexpr int kServed = 0;
constexpr int kNotUp = 1;
constexpr int kNotStarted = 2;

// One line with the program's name, whole even when several threads write.
void print_error(std::string_view program, std::string_view text) noexcept {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(program.size()), program.data(),
               static_cast<int>(text.size()), text.data());
}

// Several lines, as errors of several targets are.
void print_errors(std::string_view program, std::string_view text) noexcept {
  for (std::size_t end = 0; !text.empty(); text.remove_prefix(std::min(text.size(), end + 1))) {
    end = std::min(text.find('\n'), text.size());
    print_error(program, text.substr(0, end));
  }
}

class StandardErrorLog final : public Log {
 public:
  explicit StandardErrorLog(std::string_view program) : program_(program) {}
  void write(LogLevel level, std::string_view line) noexcept override {
    const char* const name = level == LogLevel::kError     ? "error"
                             : level == LogLevel::kWarning ? "warning"
                                                           : "info";
    std::fprintf(stderr, "%s: %s: %.*s\n", program_.c_str(), name, static_cast<int>(line.size()),
                 line.data());
  }
  void record(LogLevel, std::string_view json) noexcept override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(json.size()), json.data());
  }

 private:
  std::string program_;
};

std::vector<std::string_view> variable_names() {
  std::vector<std::string_view> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    names.push_back(text.substr(0, text.find('=')));
  }
  return names;
}

std::string_view program_name(int argc, char** argv) noexcept {
  if (argc == 0) return "zerver";
  const std::string_view path = argv[0];
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// What holds when the operator sets nothing. Requests are bounded before it is known which package they are
// for: so the most counts that one of the packages with flows allows.
Settings default_settings(std::span<const flow::PackageInfo* const> packages, const Machine& machine) {
  const Settings usual;
  const auto most = [packages](std::size_t fallback, auto limit_of) {
    std::size_t largest = 0;
    for (const flow::PackageInfo* const package : packages) {
      if (package->flows.empty()) continue;
      const std::size_t limit = limit_of(package->limits);
      largest = std::max(largest, limit == 0 ? fallback : limit);
    }
    return largest == 0 ? fallback : largest;
  };
  Settings settings;
  const Config config = Config::for_server(machine);
  settings.workers = config.workers;
  settings.connections = config.connections;
  const bool any_batch = std::ranges::any_of(packages, [](const flow::PackageInfo* package) {
    return std::ranges::any_of(
        package->flows, [](const flow::FlowInfo& flow) { return flow.priority == async::Priority::kBatch; });
  });
  if (any_batch) settings.batch_workers = settings.workers;
  settings.http.body =
      std::min(http::Limits::kMaxBody,
               most(usual.http.body, [](const flow::ServiceLimits& limits) { return limits.body; }));
  settings.http.header_bytes = std::min(
      http::Limits::kMaxBody,
      most(usual.http.header_bytes, [](const flow::ServiceLimits& limits) { return limits.headers; }));
  settings.json_depth = most(
      usual.json_depth, [](const flow::ServiceLimits& limits) { return std::size_t{limits.json_depth}; });
  return settings;
}

Config config_of(const Settings& settings, const Machine& machine) {
  Config config = Config::for_server(machine);
  config.executor = settings.executor;
  config.quanta = settings.scheduling.quanta;
  config.workers = settings.workers;
  config.drain = settings.timeouts.drain;
  config.watchdog = settings.watchdog;
  config.connections = settings.connections;
  config.request_memory = settings.request_memory;
  return config;
}

// How long `--targets` waits for the answers of all.
constexpr Duration kProbePatience = Duration::from_seconds(5);

// Lists the targets as they are, each asked whether it is there; those that cannot be opened included.
int list_targets(std::string_view program, std::span<const flow::PackageInfo* const> packages,
                 RegisterAdapters register_adapters, const Settings& settings, bool as_json) {
  const SystemClock clock;
  const ProcessEnvironment environment;
  StandardErrorLog plain_log(program);
  MaskingLog log(environment, plain_log);
  SystemRandom random;
  effects::Registry registry;
  effects::add_standard_adapters(registry);
  JobService background;
  background.open(packages, settings, clock);
  background.offer(registry);
  if (register_adapters != nullptr) register_adapters(registry);

  io::AsioLoop loop(clock);
  flow::Worker worker(flow::Seams{loop, clock, random, log});
  std::vector<std::optional<effects::Health>> answers;
  std::size_t left = 0;
  const std::function<void(std::size_t, effects::Health)> note = [&](std::size_t target,
                                                                     effects::Health health) {
    if (std::exchange(answers[target], std::move(health))) return;
    if (--left == 0) loop.stop();
  };
  effects::Systems systems;
  static_cast<void>(systems.open(packages, registry, environment));  // the report says what is wrong
  for (const std::string& problem : environment.problems())
    print_error(program, problem);
  for (const std::string& error : registry.errors())
    print_error(program, error);
  systems.bind(worker);
  background.only_forward();
  left = systems.states().size();
  answers.resize(left);

  // The probes begin within the loop, as everything else that adapters do.
  struct Begin final : async::Job {
    explicit Begin(const std::function<void()>& what)
        : Job([](Job& job) noexcept { static_cast<Begin&>(job).run_it(); }), run_it(what) {}
    const std::function<void()>& run_it;
  };
  struct Patience final : async::Timer {
    explicit Patience(io::AsioLoop& the_loop)
        : Timer([](Timer& timer) noexcept { static_cast<Patience&>(timer).loop.stop(); }), loop(the_loop) {}
    io::AsioLoop& loop;
  } patience(loop);
  const std::function<void()> probe = [&] {
    loop.start(patience, loop.now() + kProbePatience);
    systems.probe(worker, note);
  };
  Begin begin(probe);
  if (left != 0) {
    loop.post(begin);
    loop.run();
    loop.stop(patience);
  }
  for (std::optional<effects::Health>& answer : answers) {
    if (!answer) answer = effects::Health{effects::Health::State::kDown, "it does not answer", {}};
  }
  const std::vector<ReportedTarget> targets = report_targets(packages, systems, answers);
  std::fputs(environment.masked(as_json ? to_json(targets) + "\n" : to_text(targets)).c_str(), stdout);
  background.end(log);
  systems.close(kProbePatience);
  const bool all_up =
      std::ranges::all_of(targets, [](const ReportedTarget& target) { return target.is_up(); });
  return all_up && registry.errors().empty() ? kServed : kNotUp;
}

// What SIGHUP asks for.
void renew_secrets(ProcessEnvironment& environment, effects::Systems& systems, Log& log) {
  environment.renew();
  for (const std::string& problem : environment.problems())
    log.write(LogLevel::kError, problem);
  const std::vector<effects::Systems::Renewal> renewals = systems.renew(environment);
  for (const effects::Systems::Renewal& each : renewals) {
    const std::string what = "target `" + std::string(each.info->name) + "`: `" + each.argument + "` ";
    if (each.why.empty()) {
      log.write(LogLevel::kInfo, what + "is another one from now on");
    } else {
      log.write(LogLevel::kError, what + "stays as it was: " + each.why);
    }
  }
  if (renewals.empty()) log.write(LogLevel::kInfo, "no target has another secret");
}

// Empty, or why the service must not start.
std::string open_audit(AuditLog& audit, const Settings& settings, std::string_view program) {
  if (settings.audit.folder.empty()) return {};
  const std::string error = audit.open(settings.audit, program);
  return error.empty() ? std::string() : "the audit in `" + settings.audit.folder + "`: " + error;
}

int serve(std::string_view program, const Settings& settings,
          std::span<const flow::PackageInfo* const> packages, RegisterAdapters register_adapters) {
  const SystemClock clock;
  ProcessEnvironment environment;
  StandardErrorLog plain_log(program);
  MaskingLog log(environment, plain_log);
  effects::Registry registry;
  effects::add_standard_adapters(registry);
  JobService background;
  std::string error = background.open_journal(packages, settings, log);
  background.open(packages, settings, clock);
  background.offer(registry);
  if (register_adapters != nullptr) register_adapters(registry);

  Server server(settings, clock, log);
  effects::Systems systems;  // goes before the loops of the server
  if (!settings.metrics.empty()) systems.count_operations();
  SagaService sagas(log);  // goes before both
  AuditLog audit(clock, log);
  std::vector<std::unique_ptr<AuditTrail>> trails;  // go before the workers
  if (error.empty()) error = systems.open(packages, registry, environment);
  if (error.empty()) error = open_audit(audit, settings, program);
  if (error.empty()) error = sagas.open(packages, settings, program);
  std::vector<flow::SagaPackage> recovered;  // by the first worker
  for (std::size_t i = 0; error.empty() && i < server.worker_count(); ++i) {
    const std::vector<std::vector<flow::Target*>> targets = systems.bind(server.worker(i));
    std::vector<BoundPackage> bound;
    bound.reserve(packages.size());
    for (std::size_t p = 0; p < packages.size(); ++p) {
      bound.push_back({packages[p], targets[p], systems.rates(p)});
      if (i == 0) recovered.push_back({packages[p], targets[p], systems.rates(p)});
    }
    if (jobs::JobRunner* const runner = background.bind(server.worker(i), bound)) server.run_jobs(i, *runner);
    server.bind(i, std::move(bound));
    sagas.use(server.worker(i));
    if (!settings.audit.folder.empty())
      trails.push_back(std::make_unique<AuditTrail>(server.worker(i), i, audit));
  }
  if (error.empty()) error = server.open();
  MetricsService metrics(clock, log, [&](OutputBuffer& out, ExpositionFormat format) {
    ServiceFigures figures{.program = program, .version = ZERVER_VERSION};
    figures.snapshot = figures_of(server, systems, sagas.unsettled());
    figures.snapshot.jobs = background.stats();
    figures.snapshot.journal = background.journal_stats();
    figures.process = read_process_stats();
    figures.most_connections = settings.connections;
    figures.audit_lost = audit.lost();
    write_metrics(out, format, figures);
  });
  if (error.empty() && !settings.metrics.empty()) error = metrics.open(settings.metrics);
  if (!error.empty()) {
    for (const std::string& problem : environment.problems())
      print_error(program, problem);
    print_errors(program, environment.masked(error));
    return kNotStarted;
  }
  sagas.recover(server.worker(0), std::move(recovered));
  for (const std::unique_ptr<AuditTrail>& trail : trails)
    trail->start();

  std::signal(SIGPIPE, SIG_IGN);  // of standard output; sockets do without
  io::StopSignals signals({SIGUSR1, SIGHUP});
  try {
    server.start();
    if (!settings.metrics.empty()) metrics.start();
  } catch (const std::exception&) {  // no more threads: those that run use the systems
    server.drain();
    server.join();
    throw;
  }
  for (const std::string& address : server.addresses())
    std::printf("listening on http://%s\n", address.c_str());
  if (!settings.metrics.empty()) std::printf("metrics on http://%s/metrics\n", metrics.address().c_str());
  std::fflush(stdout);
  for (int signal = signals.wait(); signal == SIGUSR1 || signal == SIGHUP; signal = signals.wait()) {
    if (signal == SIGHUP) {
      renew_secrets(environment, systems, log);
    } else {
      Snapshot snapshot = snapshot_of(server, systems, sagas.unsettled());
      snapshot.jobs = background.stats();
      snapshot.journal = background.journal_stats();
      print_error(program, environment.masked(to_json(snapshot)));
    }
  }
  signals.let_go(SIGINT);  // who asks a second time does not want to wait
  server.drain();
  server.join();
  metrics.stop();
  sagas.end();
  background.end(log);
  for (const std::unique_ptr<AuditTrail>& trail : trails)
    trail->finish();
  audit.sync();
  systems.close(settings.timeouts.drain);
  return kServed;
}

// Returns what is wrong, or nothing.
std::string ask_about_jobs(const Options& options, std::span<const flow::PackageInfo* const> packages) {
  using Action = Options::Action;
  const SystemClock clock;
  if (options.action == Action::kCrons || options.action == Action::kCronsJson)
    return print_crons(packages, clock, options.action == Action::kCronsJson);
  if (options.action == Action::kJobs || options.action == Action::kJobsJson)
    return print_jobs(options.settings, clock, options.action == Action::kJobsJson);
  if (options.action == Action::kJournals || options.action == Action::kJournalsJson)
    return print_journals(options.settings, options.action == Action::kJournalsJson);
  if (options.action == Action::kJournalDrop) return drop_journal(options.settings, options.subject);
  return revive_job(options.settings, clock, options.subject, options.action == Action::kJobDrop);
}

// What is asked for instead of serving; the exit status.
int report(std::string_view program, const Options& options, const Machine& machine,
           std::span<const flow::PackageInfo* const> packages, RegisterAdapters register_adapters) {
  switch (options.action) {
    case Options::Action::kHelp:
      std::fputs(help_text(program).c_str(), stdout);
      return kServed;
    case Options::Action::kVersion:
      std::printf("%.*s, made with Zerver %s\n", static_cast<int>(program.size()), program.data(),
                  ZERVER_VERSION);
      return kServed;
    case Options::Action::kDoctor:
      std::fputs(to_text(diagnose(machine, config_of(options.settings, machine))).c_str(), stdout);
      return kServed;
    case Options::Action::kDoctorJson:
      std::fputs(to_json(diagnose(machine, config_of(options.settings, machine))).c_str(), stdout);
      return kServed;
    case Options::Action::kSagas:
    case Options::Action::kSagasJson:
      if (const std::string error = print_sagas(journal_place(options.settings, program),
                                                options.action == Options::Action::kSagasJson);
          !error.empty()) {
        print_error(program, error);
        return kNotStarted;
      }
      return kServed;
    case Options::Action::kTargets:
    case Options::Action::kTargetsJson:
      return list_targets(program, packages, register_adapters, options.settings,
                          options.action == Options::Action::kTargetsJson);
    case Options::Action::kResolveSaga:
      if (const std::string error = resolve_saga(journal_place(options.settings, program), options.subject);
          !error.empty()) {
        print_error(program, error);
        return kNotStarted;
      }
      return kServed;
    case Options::Action::kJobs:
    case Options::Action::kJobsJson:
    case Options::Action::kJobRequeue:
    case Options::Action::kJobDrop:
    case Options::Action::kJournals:
    case Options::Action::kJournalsJson:
    case Options::Action::kJournalDrop:
    case Options::Action::kCrons:
    case Options::Action::kCronsJson:
      if (const std::string error = ask_about_jobs(options, packages); !error.empty()) {
        print_error(program, error);
        return kNotStarted;
      }
      return kServed;
    case Options::Action::kServe:
      break;
  }
  return kServed;
}

// A descriptor that is closed when the program starts would become a file or a connection, and get what is
// printed.
void open_standard_descriptors() noexcept {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    // The lowest one that is free: this.
    if (fcntl(descriptor, F_GETFD) == -1) static_cast<void>(open("/dev/null", O_RDWR));
  }
}

}  // namespace

int run_main(int argc, char** argv, std::span<const flow::PackageInfo* const> packages,
             RegisterAdapters register_adapters) {
  open_standard_descriptors();
  const std::string_view program = program_name(argc, argv);
  try {
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto variable = [](const std::string& name) {
      const char* const value = std::getenv(name.c_str());
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    const Machine machine = detect_machine();
    const Options options = read_options(arguments, variable, default_settings(packages, machine));
    if (!options.error.empty()) {
      print_error(program, options.error);
      return kNotStarted;
    }
    if (options.action != Options::Action::kServe) {
      const int status = report(program, options, machine, packages, register_adapters);
      if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
      print_error(program, std::string("cannot write standard output: ") + std::strerror(errno));
      return kNotStarted;
    }
    for (const Finding& finding : config_of(options.settings, machine).validate(machine))
      print_error(program, "warning: " + finding.message);
    for (const std::string& finding : unknown_variables(variable_names()))
      print_error(program, "warning: " + finding);
    return serve(program, options.settings, packages, register_adapters);
  } catch (const std::exception& error) {
    print_error(program, error.what());
    return kNotStarted;
  }
}

}  // namespace zerver::server
