#include "client.h"

#include <zerver/http/request_writer.h>

#include <algorithm>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::size_t kMostWaiting = 4096;
constexpr std::size_t kMostHosts = 64;
constexpr unsigned kMostRepeats = 8;

async::PoolOptions pool_options(const Settings& settings) {
  async::PoolOptions options;
  options.idle_timeout = settings.idle;
  options.max_lifetime = settings.lifetime;
  return options;
}

http::ResponseLimits response_limits(const Settings& settings) {
  http::ResponseLimits limits;
  limits.body = settings.max_body;
  return limits;
}

}  // namespace

Client::IdleTimer::IdleTimer(Client& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<IdleTimer&>(timer).client.close_old(); }),
      client(owner) {}

Client::Client(flow::Worker& worker, io::net::Network& network, const Settings& settings, Shared& shared)
    : worker_(worker),
      network_(network),
      settings_(settings),
      shared_(shared),
      authorization_(shared.authorization),
      pool_options_(pool_options(settings)),
      limits_(response_limits(settings)),
      idle_timer_(*this),
      self_(std::make_shared<Client*>(this)) {}

Client::~Client() {
  *self_ = nullptr;
  stop_.request_stop();
  loop().stop(idle_timer_);
  for (Host& host : hosts_) {
    host.first = nullptr;
    host.waiting = 0;
  }
  for (Transfer& transfer : transfers_)
    transfer.abandon(false);
  for (Host& host : hosts_)
    host.sessions.clear();
  for (Host& host : hosts_) {
    shared_.open -= host.open;
    shared_.idle -= static_cast<std::uint32_t>(host.idle.size());
  }
}

void Client::start(flow::Operation& operation, Form form, const Wanted& wanted) {
  Transfer& transfer = take_transfer();
  transfer.operation = &operation;
  transfer.form = form;
  transfer.receiver = wanted.receiver;
  transfer.streams = wanted.streams;
  transfer.upload.begin(wanted.body_source);
  transfer.repeats = 0;
  transfer.redirects_left = settings_.redirects;
  operation.adapter_data = &transfer;
  if (const std::string_view fault =
          transfer.request.make(wanted, operation, settings_, authorization_.get(), gzip_);
      !fault.empty()) {
    const FaultKind kind =
        operation.fails().contains(FaultKind::kInvalid) ? FaultKind::kInvalid : FaultKind::kRejected;
    return finish(transfer, {kind, String::borrowed(fault), {}});
  }
  transfer.host = host_of(transfer.request.origin());
  acquire(transfer);
}

void Client::cancel(flow::Operation& operation) noexcept {
  auto* const transfer = static_cast<Transfer*>(operation.adapter_data);
  if (transfer == nullptr || transfer->operation != &operation) return;
  if (transfer->state == Transfer::State::kWaiting) remove(*transfer->host, *transfer);
  const bool is_too_late = operation.deadline() <= loop().now();
  if (is_too_late) judge(*transfer, Balancer::Verdict::kBad);
  transfer->operation = nullptr;
  transfer->abandon(is_too_late);
  recycle(*transfer);
}

// --- Transfers ---

Transfer& Client::take_transfer() {
  if (free_.empty()) {
    free_.reserve(transfers_.size() + 1);
    return transfers_.emplace_back(*this, limits_);
  }
  Transfer& transfer = *free_.back();
  free_.pop_back();
  return transfer;
}

void Client::recycle(Transfer& transfer) noexcept {
  leave(transfer);
  ++transfer.uses;
  transfer.state = Transfer::State::kFree;
  transfer.operation = nullptr;
  if (!transfer.is_queued()) free_.push_back(&transfer);
}

void Client::prepare(Transfer& transfer) {
  // A stream goes on when its call has ended.
  const TimePoint deadline =
      transfer.is_streamed() ? transfer.operation->stream_deadline() : transfer.operation->deadline();
  transfer.request.set_time_left(deadline == TimePoint::never() ? Duration::max() : deadline - loop().now());
}

void Client::write_head(Transfer& transfer, OutputBuffer& out) {
  const Request& request = transfer.request;
  const Route& route = *transfer.host->route;
  const std::string whole =
      route.is_forwarded ? "http://" + route.authority + std::string(request.target()) : "";
  http::write_request_head(
      out, {.method = request.method(),
            .method_name = request.method_name(),
            .target = route.is_forwarded ? whole : request.target(),
            .authority = route.authority,
            .headers = request.fields(),
            .content_type = request.content_type(),
            .content_coding = request.content_coding(),
            .content_length = request.has_body() && !transfer.upload.is_open()
                                  ? std::optional(request.body().size())
                                  : std::nullopt,
            .is_chunked = transfer.upload.is_open(),
            .proxy_authorization = route.is_forwarded ? std::string_view(route.authorization) : ""});
}

void Client::failed(Transfer& transfer, const Fault& fault, Arrived arrived) noexcept {
  const bool may_repeat =
      !transfer.upload.has_begun() &&
      ((arrived == Arrived::kNever && transfer.repeats < kMostRepeats) ||
       (arrived == Arrived::kHardly && transfer.repeats == 0 && transfer.request.is_repeatable()));
  Host& host = *transfer.host;
  // A connection that had been idle says nothing about the next one.
  if (arrived == Arrived::kMaybe) judge(transfer, Balancer::Verdict::kBad);
  leave(transfer);
  // One with a job in the loop cannot be sent again before that has run.
  if (may_repeat && !transfer.is_queued()) {
    ++transfer.repeats;
    // The others that were idle have most likely gone as well.
    Connection idle;
    while (take_idle(host, idle))
      give_back(host, std::exchange(idle, {}), false);
    return acquire(transfer);
  }
  shared_.note_failure(fault.why, loop().now());
  finish(transfer, fault);
}

void Client::finish(Transfer& transfer, const Fault& fault) noexcept {
  flow::Operation& operation = *transfer.operation;
  transfer.upload.finish();
  recycle(transfer);
  flow::ReplyBase(operation).fail(fault);
}

// --- Connections ---

// Null when there are too many of them.
Host* Client::host_of(const Origin& origin) {
  const auto known = std::ranges::find_if(
      hosts_, [&](const Host& host) { return host.group == nullptr && host.origin == origin; });
  if (known != hosts_.end()) return &*known;
  const auto origins = std::ranges::count_if(hosts_, [](const Host& host) { return host.group == nullptr; });
  if (static_cast<std::size_t>(origins) == kMostHosts) return nullptr;
  Host& host = hosts_.emplace_back(origin, pool_options_);
  host.route = std::make_shared<const Route>(make_route(origin, settings_));
  if (settings_.is_balanced && origin == settings_.base.origin) host.balancer.emplace(worker_.random());
  return &host;
}

bool Client::may_connect(const Host& host) const noexcept {
  const Host& group = host.group == nullptr ? host : *host.group;
  std::uint32_t connections = group.open + group.connecting;
  for (const Host* const place : group.places)
    connections += place->open + place->connecting;
  return connections < connection_limit();
}

std::uint32_t Client::connection_limit() const noexcept {
  if (settings_.pool == 0) return Settings::kConnections;
  return std::max(1U, settings_.pool / std::max(1U, shared_.workers.load(std::memory_order_relaxed)));
}

void Client::acquire(Transfer& transfer) noexcept {
  Host& host = *transfer.host;
  if (host.waiting == kMostWaiting)
    return finish(transfer, {FaultKind::kUnavailable, "too many wait for a connection", {}});
  push(host, transfer);
  serve(host);
}

void Client::serve(Host& host) noexcept {
  if (host.balancer) return serve_group(host);
  serve_waiting(host);
  if (host.group != nullptr) serve_group(*host.group);
}

void Client::serve_waiting(Host& host) noexcept {
  while (host.first != nullptr) {
    Http2Session* const session = session_with_room(host);
    if (session == nullptr) break;
    session->submit(pop(host));
  }
  Connection connection;
  while (host.first != nullptr && take_idle(host, connection))
    pop(host).run_on(std::exchange(connection, {}));
  connect_more(host);
}

bool Client::take_idle(Host& host, Connection& connection) noexcept {
  while (auto pooled = host.idle.take()) {
    --shared_.idle;
    const TimePoint now = loop().now();
    // One that was given back in this turn has just been read until there was no more.
    const bool is_fit =
        !host.idle.expired(*pooled, now) &&
        ((pooled->used == now && pooled->connection.drained) || pooled->connection.stream->is_quiet());
    if (is_fit) {
      connection = std::move(pooled->connection);
      connection.reused = true;
      return true;
    }
    --host.open;
    --shared_.open;
  }
  return false;
}

void Client::connect_more(Host& host) noexcept {
  // A connection of HTTP/2 may do for all.
  const bool may_be_http2 = settings_.http2 == Http2::kAlways || !host.sessions.empty() ||
                            (!host.is_known && host.origin.tls && settings_.http2 == Http2::kAuto);
  while (host.waiting > host.connecting && may_connect(host)) {
    if (may_be_http2 && host.connecting != 0) return;
    open_connection(host);
  }
}

void Client::open_connection(Host& host) {
  ++host.connecting;
  async::spawn(loop(), stop_.token(), connect, self_, &network_.connector(), &host, host.route).detach();
}

async::Task<void> Client::connect(std::shared_ptr<Client*> client, io::net::Connector* connector, Host* host,
                                  std::shared_ptr<const Route> route) {
  Result<std::unique_ptr<io::net::Stream>> stream = co_await dial(*connector, *route);
  if (*client != nullptr) (*client)->connected(*host, route, std::move(stream));
}

void Client::begin_session(Host& host, std::shared_ptr<const Route> route, Connection connection) {
  reap(host);
  host.sessions.push_back(
      std::make_unique<Http2Session>(*this, host, std::move(connection), std::move(route)));
  host.sessions.back()->begin();
  if (!idle_timer_.running()) loop().start(idle_timer_, loop().now() + settings_.idle);
}

void Client::connected(Host& host, const std::shared_ptr<const Route>& route,
                       Result<std::unique_ptr<io::net::Stream>> stream) noexcept {
  --host.connecting;
  if (!stream) {
    if (host.group != nullptr) return place_failed(host, stream.error());
    shared_.note_failure(stream.error().why, loop().now());
    if (host.first == nullptr) return;
    // A connection takes as long as it may: that is no sign of a slow answer.
    finish(pop(host), {FaultKind::kUnavailable, stream.error().why, {}});
    return connect_more(host);
  }
  ++host.open;
  ++shared_.open;
  host.is_known = true;
  Connection connection{*std::move(stream), loop().now()};
  host.is_http2 = settings_.http2 == Http2::kAlways || connection.stream->alpn() == "h2";
  if (host.group != nullptr) {
    if (!host.group->balancer->has(host.place)) return give_back(host, std::move(connection), false);
    host.group->balancer->connected(host.place);
    host.counts->is_left_out.store(false, std::memory_order_relaxed);
  }
  if (host.is_http2) {
    begin_session(host, route, std::move(connection));
    return serve(host);
  }
  if (host.first == nullptr) return give_back(host, std::move(connection), true);
  pop(host).run_on(std::move(connection));
  if (host.group != nullptr) serve_group(*host.group);
}

void Client::give_back(Host& host, Connection connection, bool reusable) noexcept {
  const bool is_wanted = host.group == nullptr || host.group->balancer->has(host.place);
  if (reusable && is_wanted && loop().now() - connection.made < settings_.lifetime) {
    host.idle.put({std::move(connection), connection.made, loop().now()});
    ++shared_.idle;
    if (!idle_timer_.running()) loop().start(idle_timer_, host.idle.next_expiry());
  } else {
    --host.open;
    --shared_.open;
    connection.stream.reset();
  }
  serve(host);
}

void Client::close_old() noexcept {
  TimePoint next = TimePoint::never();
  for (Host& host : hosts_) {
    const auto closed = static_cast<std::uint32_t>(host.idle.take_expired(loop().now()).size());
    host.open -= closed;
    shared_.open -= closed;
    shared_.idle -= closed;
    next = std::min(next, host.idle.next_expiry());
    for (const auto& session : host.sessions) {
      const std::optional<TimePoint> since = session->idle_since();
      if (!since) {
        next = std::min(next, loop().now() + settings_.idle);
      } else if (*since + settings_.idle <= loop().now()) {
        session->close();
      } else {
        next = std::min(next, *since + settings_.idle);
      }
    }
    reap(host);
  }
  if (next != TimePoint::never()) loop().start(idle_timer_, next);
}

Http2Session* Client::session_with_room(Host& host) noexcept {
  for (const auto& session : host.sessions) {
    if (loop().now() - session->made() >= settings_.lifetime) session->retire();
    if (session->has_room()) return session.get();
  }
  return nullptr;
}

void Client::reap(Host& host) noexcept {
  std::erase_if(host.sessions, [](const auto& session) { return session->is_over(); });
}

// --- Who waits ---

void Client::push(Host& host, Transfer& transfer) noexcept {
  transfer.state = Transfer::State::kWaiting;
  transfer.next = nullptr;
  (host.first == nullptr ? host.first : host.last->next) = &transfer;
  host.last = &transfer;
  ++host.waiting;
  ++shared_.waiting;
}

Transfer& Client::pop(Host& host) noexcept {
  Transfer& transfer = *host.first;
  host.first = transfer.next;
  --host.waiting;
  --shared_.waiting;
  return transfer;
}

void Client::remove(Host& host, Transfer& transfer) noexcept {
  Transfer** link = &host.first;
  Transfer* before = nullptr;
  for (; *link != &transfer; link = &(*link)->next)
    before = *link;
  *link = transfer.next;
  if (host.last == &transfer) host.last = before;
  --host.waiting;
  --shared_.waiting;
}

}  // namespace zerver::effects::http_client
