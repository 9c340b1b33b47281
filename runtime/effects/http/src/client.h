// The connections of one target on one worker, and the requests that they carry.
#pragma once

#include "coding/content_decoder.h"
#include "connect/balancer.h"
#include "connect/dial.h"
#include "http2_session.h"
#include "settings.h"
#include "shared.h"
#include "transfer/transfer.h"
#include <zerver/async/pool/idle_list.h>
#include <zerver/async/spawn.h>
#include <zerver/flow/worker.h>
#include <zerver/io/net/network.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::effects::http_client {

// Where connections go to: the target's own origin, and those that it redirects to. One whose calls are
// spread over several addresses has no connections: each address is a host of its own.
struct Host {
  Host(const Origin& its_origin, const async::PoolOptions& options) : origin(its_origin), idle(options) {}

  Origin origin;
  std::shared_ptr<const Route> route;  // also of whoever opens a connection
  async::IdleList<Connection> idle;
  std::vector<std::unique_ptr<Http2Session>> sessions;
  bool is_known = false;   // which version it speaks
  std::uint32_t open = 0;  // connections of HTTP/1.1, idle ones too
  std::uint32_t connecting = 0;
  Transfer* first = nullptr;  // of those that wait, first come first served
  Transfer* last = nullptr;
  std::size_t waiting = 0;

  // Of one with addresses; whoever waits here has none yet.
  std::optional<Balancer> balancer;
  std::vector<Host*> places;
  TimePoint ask_again;  // for its addresses
  bool is_asking = false;

  // Of an address.
  Host* group = nullptr;
  Balancer::Id place = 0;       // 0: it is free for another one
  std::uint32_t under_way = 0;  // transfers that have been given to it
  bool is_http2 = false;        // as its last connection
  std::shared_ptr<AddressCounts> counts;
};

// Of one worker and its thread.
class Client {
 public:
  // All of them outlive it.
  Client(flow::Worker& worker, io::net::Network& network, const Settings& settings, Shared& shared);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  void start(flow::Operation& operation, Form form, const Wanted& wanted);
  void cancel(flow::Operation& operation) noexcept;

  // --- For transfers and sessions ---
  async::Loop& loop() const noexcept { return worker_.loop(); }
  const Settings& settings() const noexcept { return settings_; }
  // Directly before it is sent.
  void prepare(Transfer& transfer);
  void write_head(Transfer& transfer, OutputBuffer& out);
  // Those who wait get what is idle or has room, in the order of their coming.
  void serve(Host& host) noexcept;
  // There are other requests under way.
  bool is_busy() const noexcept { return transfers_.size() - free_.size() > 1; }
  // A connection that one of them has used; closed unless it is `reusable`.
  void give_back(Host& host, Connection connection, bool reusable) noexcept;
  // The head of a success that is a stream has come. False: the transfer is over.
  bool opened(Transfer& transfer, std::uint16_t status, std::span<const Header> headers) noexcept;
  void responded(Transfer& transfer, std::uint16_t status, std::span<const Header> headers,
                 std::string_view body) noexcept;
  void failed(Transfer& transfer, const Fault& fault, Arrived arrived) noexcept;
  // It is over, or a job of one that is has run.
  void recycle(Transfer& transfer) noexcept;

 private:
  struct IdleTimer final : async::Timer {
    explicit IdleTimer(Client& owner) noexcept;
    Client& client;
  };

  Transfer& take_transfer();
  Host* host_of(const Origin& origin);
  void acquire(Transfer& transfer) noexcept;
  bool take_idle(Host& host, Connection& connection) noexcept;
  void connect_more(Host& host) noexcept;
  void open_connection(Host& host);
  void connected(Host& host, const std::shared_ptr<const Route>& route,
                 Result<std::unique_ptr<io::net::Stream>> stream) noexcept;
  void begin_session(Host& host, std::shared_ptr<const Route> route, Connection connection);
  // Of one with addresses, and of those (places.cc).
  void serve_group(Host& group) noexcept;
  void connect_places(Host& group);
  Host* place_for(Host& group, Transfer& transfer) noexcept;
  bool has_room(Host& place) noexcept;
  bool has_session(Host& place) noexcept;
  void go_to(Host& place, Transfer& transfer) noexcept;
  void leave(Transfer& transfer) noexcept;
  void judge(const Transfer& transfer, Balancer::Verdict verdict) noexcept;
  void place_failed(Host& place, const Fault& fault) noexcept;
  void return_waiting(Host& place) noexcept;
  void ask_for_addresses(Host& group);
  void answered(Host& group, const std::vector<Place>& places, const Fault& fault) noexcept;
  void add_place(Host& group, Balancer::Id id, const Place& place);
  void remove_place(Host& place) noexcept;
  void fail_waiting(Host& host, const Fault& fault) noexcept;
  std::uint32_t connection_limit() const noexcept;
  // Of all addresses together.
  bool may_connect(const Host& host) const noexcept;
  void serve_waiting(Host& host) noexcept;
  void push(Host& host, Transfer& transfer) noexcept;
  Transfer& pop(Host& host) noexcept;
  Http2Session* session_with_room(Host& host) noexcept;
  void reap(Host& host) noexcept;
  void remove(Host& host, Transfer& transfer) noexcept;
  void close_old() noexcept;

  bool follow(Transfer& transfer, std::uint16_t status, std::span<const Header> headers);
  void deliver(Transfer& transfer, std::uint16_t status, std::span<const Header> headers,
               std::string_view body);
  flow::Format format_of(std::span<const Header> headers) const noexcept;
  void refuse(Transfer& transfer, const Fault& fault) noexcept;
  void finish(Transfer& transfer, const Fault& fault) noexcept;

  static async::Task<void> connect(std::shared_ptr<Client*> client, io::net::Connector* connector, Host* host,
                                   std::shared_ptr<const Route> route);
  static async::Task<void> find_addresses(std::shared_ptr<Client*> client, io::net::Resolver* resolver,
                                          Host* host, const std::vector<Origin>* origins);

  flow::Worker& worker_;
  io::net::Network& network_;
  const Settings& settings_;
  Shared& shared_;
  Renewable<std::string>::Reader authorization_;
  async::PoolOptions pool_options_;
  http::ResponseLimits limits_;
  std::deque<Host> hosts_;
  std::deque<Transfer> transfers_;
  std::vector<Transfer*> free_;
  ContentDecoder decoder_;
  Gzip gzip_;
  OutputBuffer decoded_;
  IdleTimer idle_timer_;
  async::StopSource stop_;
  std::shared_ptr<Client*> self_;  // null inside once it is gone: for connections that are being made
};

}  // namespace zerver::effects::http_client
