// A service to be tested over its socket.
#include "test_service.h"

#include <zerver/flow/call/call.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/path.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/worker.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

namespace zerver::server {
namespace {

using flow::Exchange;
using flow::Handled;
using flow::MethodSet;
using flow::RouteMatch;

constexpr flow::CallSite kWait{.step = "wait", .target = 0, .operation = 0};

flow::FlowTask run_wait(Exchange& exchange) {
  flow::ValueCall<std::int64_t> call(exchange, kWait, nullptr);
  const Result<std::int64_t>& waited = co_await call;
  if (exchange.given_up()) {
    flow::answer_cancelled(exchange);
  } else if (waited) {
    flow::answer(exchange, 200, flow::kTextType, "waited");
  } else {
    flow::answer_internal(exchange, waited.error().why);
  }
}

void run_fields(Exchange& exchange) {
  OutputBuffer& body = exchange.body_buffer();
  body.clear();
  const Request& request = exchange.request;
  const auto add = [&body](std::string_view name, std::string_view value) {
    body.append(name);
    body.append('=');
    body.append(value);
    body.append('\n');
  };
  add("method", request.method_name);
  add("path", request.path);
  add("query", request.query);
  add("authority", request.authority);
  add("client", request.client_ip);
  for (const Header& trailer : request.trailers)
    add(trailer.name, trailer.value);
  flow::answer(exchange, 200, flow::kTextType, body.view());
}

struct Route {
  std::string_view path;
  Method method;  // kOther: any
  Handled (*run)(Exchange& exchange);
};

constexpr Route kRoutes[] = {
    {"/plaintext", Method::kGet,
     [](Exchange& exchange) {
       flow::answer(exchange, 200, flow::kTextType, "Hello, World!");
       return Handled::kNow;
     }},
    {"/json", Method::kGet,
     [](Exchange& exchange) {
       flow::JsonWriter json = flow::begin_json(exchange);
       json.begin_object();
       json.key("message");
       flow::write_json(json, String("Hello, World!"));
       json.end_object();
       flow::end_json(exchange, 200);
       return Handled::kNow;
     }},
    {"/echo", Method::kOther,
     [](Exchange& exchange) {
       flow::answer(exchange, 200, exchange.request.header("content-type"), exchange.request.body);
       return Handled::kNow;
     }},
    {"/wait", Method::kGet, [](Exchange& exchange) { return run_wait(exchange).handled(); }},
    {"/big", Method::kGet,
     [](Exchange& exchange) {
       char* const body = static_cast<char*>(exchange.arena().allocate(kBigBody, 1));
       std::memset(body, 'x', kBigBody);
       flow::answer(exchange, 200, flow::kTextType, {body, kBigBody});
       return Handled::kNow;
     }},
    {"/chunks", Method::kGet,
     [](Exchange& exchange) {
       flow::answer(exchange, 200, flow::kTextType, "in chunks");
       exchange.response.chunked = true;
       return Handled::kNow;
     }},
    {"/broken", Method::kGet,
     [](Exchange& exchange) {
       flow::answer(exchange, 200, "text/plain\r\nX-Injected: yes", "body");
       return Handled::kNow;
     }},
    {"/close", Method::kGet,
     [](Exchange& exchange) {
       flow::answer(exchange, 200, flow::kTextType, "bye");
       exchange.response.close = true;
       return Handled::kNow;
     }},
    {"/fields", Method::kOther,
     [](Exchange& exchange) {
       run_fields(exchange);
       return Handled::kNow;
     }},
    {"/thing", Method::kDelete,
     [](Exchange& exchange) {
       flow::answer(exchange, 204);
       return Handled::kNow;
     }},
};

Handled handle(Exchange& exchange, RouteMatch& match) try {
  std::string_view path;
  if (!flow::normalize_path(exchange.arena(), exchange.request.path, path)) {
    match.found = true;
    flow::answer_problem(exchange, 400, "the path is not percent-encoded right");
    return Handled::kNow;
  }
  const Method method = exchange.request.method;
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    const bool fits = route.method == Method::kOther || route.method == method ||
                      (route.method == Method::kGet && method == Method::kHead);
    if (!fits) {
      match.allowed.add(route.method);
      continue;
    }
    match.found = true;
    return route.run(exchange);
  }
  return Handled::kNow;
} catch (...) {
  flow::answer_exception(exchange);
  return Handled::kNow;
}

constexpr flow::FlowInfo kFlows[] = {
    {.name = "plaintext", .slug = "plaintext", .method = "GET", .path = "/plaintext"},
    {.name = "thing", .slug = "thing", .method = "DELETE", .path = "/thing"},
};
constexpr flow::PackageInfo kPackage{.name = "test", .flows = kFlows, .targets = {}, .handle = &handle};

}  // namespace

// Completes an operation on its own thread.
struct Gate::Release final : async::Job {
  explicit Release(flow::Operation& waiting)
      : Job([](Job& job) noexcept {
          const std::unique_ptr<Release> self(static_cast<Release*>(&job));
          const std::int64_t value = 1;
          self->operation.complete(&value);
        }),
        operation(waiting) {}
  flow::Operation& operation;
};

Gate::~Gate() = default;

void Gate::start(flow::Operation& operation) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(&operation);
  ++started_;
  changed_.notify_all();
}

void Gate::cancel(flow::Operation& operation) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase(waiting_, &operation);
  ++cancelled_;
  changed_.notify_all();
}

void Gate::await_started(int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return started_ >= count; });
}

void Gate::await_cancelled(int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return cancelled_ >= count; });
}

void Gate::open() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) throw std::logic_error("nothing waits at the gate");
  flow::Operation& operation = *waiting_.front();
  waiting_.pop_front();
  operation.worker().loop().post(*std::make_unique<Release>(operation).release());
}

const flow::PackageInfo& test_package() noexcept { return kPackage; }

void RecordingLog::write(LogLevel, std::string_view line) noexcept {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(line);
}

std::vector<std::string> RecordingLog::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

Settings TestService::one_worker() {
  Settings settings;
  settings.listen = {"127.0.0.1:0"};
  settings.workers = 1;
  return settings;
}

TestService::TestService(Settings settings) : server_(settings, clock_, log_) {
  for (std::size_t i = 0; i < server_.worker_count(); ++i)
    server_.bind(i, {{&test_package(), {&target_}}});
  if (const std::string error = server_.open(); !error.empty()) throw std::runtime_error(error);
  server_.start();
}

TestService::~TestService() = default;

}  // namespace zerver::server
