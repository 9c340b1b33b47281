// From a name to a connection: DNS, several addresses, Unix sockets, deadlines.
#include "runtime/io/test/net/name_server.h"
#include "runtime/io/test/net/run.h"
#include "tests/support/child_process.h"
#include "tests/support/servers/scripted_server.h"
#include <zerver/async/sleep.h>

#include <algorithm>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace zerver::io::net {
namespace {

using test::Peer;
using test::ScriptedServer;

// An address that never answers: one listens there, and its queue is full.
class DeafHost {
 public:
  DeafHost(const std::string& address, std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    const Address parsed = *Address::parse(address);
    std::copy_n(parsed.bytes.begin(), 4, reinterpret_cast<std::uint8_t*>(&name.sin_addr));
    open(0);
    const int on = 1;
    setsockopt(sockets_.front(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    EXPECT_EQ(bind(sockets_.front(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(listen(sockets_.front(), 0), 0);
    for (int i = 0; i < 4; ++i) {
      open(SOCK_NONBLOCK);
      static_cast<void>(connect(sockets_.back(), reinterpret_cast<const sockaddr*>(&name), sizeof name));
    }
  }
  ~DeafHost() {
    for (const int each : sockets_)
      ::close(each);
  }
  DeafHost(const DeafHost&) = delete;
  DeafHost& operator=(const DeafHost&) = delete;

 private:
  void open(int flags) { sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

  std::vector<int> sockets_;
};

class ConnectorTest : public NetTest {
 protected:
  ConnectorTest() { options_.name_servers = names_.address(); }

  // How connecting ends: what the server says, or the fault.
  std::string heard_from(const std::string& host, std::uint16_t port, int deadline = 10'000) {
    if (network_ == nullptr) network_ = std::make_unique<Network>(loop_, options_);
    return run<std::string>([&]() -> async::Task<std::string> {
      const Endpoint endpoint{.host = host, .port = port};
      const Result<StreamPtr> stream = co_await network_->connector().connect(endpoint, in(deadline));
      if (!stream) co_return std::string(stream.error().why.view());
      co_return co_await read(**stream, 100);
    });
  }

  NameServer names_;
  NetworkOptions options_;
  std::unique_ptr<Network> network_;
  ScriptedServer server_{[](Peer& peer) { peer.write("here"); }};
};

TEST_F(ConnectorTest, FindsAHostByItsName) {
  names_.set("db.zerver.test", {{"127.0.0.1"}});
  EXPECT_EQ(heard_from("db.zerver.test", server_.port()), "here");
  EXPECT_EQ(heard_from("db.zerver.test", server_.port()), "here");
  EXPECT_EQ(names_.asked(), 1);
}

TEST_F(ConnectorTest, ReadsTheFileOfHosts) {
  EXPECT_EQ(heard_from("localhost", server_.port()), "here");
  EXPECT_EQ(names_.asked(), 0);
}

TEST_F(ConnectorTest, SaysThatThereIsNoSuchHost) {
  EXPECT_EQ(heard_from("nobody.zerver.test", server_.port()), "there is no such host");
}

TEST_F(ConnectorTest, SaysThatNoServerOfNamesAnswers) {
  names_.set(NameServer::Does::kFails);
  EXPECT_EQ(heard_from("db.zerver.test", server_.port()), "no server tells the address of the host");
}

TEST_F(ConnectorTest, WaitsForNamesNoLongerThanItsDeadline) {
  names_.set(NameServer::Does::kIsSilent);
  EXPECT_EQ(heard_from("db.zerver.test", server_.port(), 50), "no connection in time");
}

TEST_F(ConnectorTest, AsksAgainWhenAnAnswerIsLost) {
  names_.set("db.zerver.test", {{"127.0.0.1"}});
  names_.set(NameServer::Does::kIsSilent);
  EXPECT_EQ(heard_from("db.zerver.test", server_.port(), 50), "no connection in time");
  names_.set(NameServer::Does::kAnswers);
  EXPECT_EQ(heard_from("db.zerver.test", server_.port()), "here");
}

TEST_F(ConnectorTest, GoesToTheNextAddressAtOnceWhenOneRefuses) {
  options_.next_attempt = Duration::from_seconds(60);
  names_.set("db.zerver.test", {{"::1", "127.0.0.1"}});  // the server listens on one of them
  EXPECT_EQ(heard_from("db.zerver.test", server_.port(), 5'000), "here");
}

TEST_F(ConnectorTest, TriesTheNextAddressBesideOneThatDoesNotAnswer) {
  options_.next_attempt = Duration::from_milliseconds(20);
  const DeafHost first("127.0.0.2", server_.port());
  const DeafHost second("127.0.0.3", server_.port());
  names_.set("db.zerver.test", {{"127.0.0.2", "127.0.0.3", "127.0.0.1"}});
  EXPECT_EQ(heard_from("db.zerver.test", server_.port(), 5'000), "here");
}

TEST_F(ConnectorTest, GivesAnAddressUpThatDoesNotAnswer) {
  options_.attempt = Duration::from_milliseconds(50);
  const DeafHost deaf("127.0.0.2", server_.port());
  EXPECT_EQ(heard_from("127.0.0.2", server_.port(), 5'000), "the other side does not answer");
}

TEST_F(ConnectorTest, SaysWhyItIsRefused) {
  EXPECT_EQ(heard_from("127.0.0.1", test::free_port()), "the connection was refused");
  names_.set("db.zerver.test", {{"::1", "127.0.0.1"}});
  EXPECT_EQ(heard_from("db.zerver.test", test::free_port()), "the connection was refused");
}

TEST_F(ConnectorTest, IsLateWhenTheDeadlineIsOver) {
  EXPECT_EQ(heard_from("127.0.0.1", server_.port(), 0), "no connection in time");
  EXPECT_EQ(server_.accepted(), 0);
}

TEST_F(ConnectorTest, StopEndsItAtOnce) {
  const DeafHost deaf("127.0.0.2", server_.port());
  run([&]() -> async::Task<> {
    const Endpoint endpoint{.host = "127.0.0.2", .port = server_.port()};
    const auto connecting = [&]() -> async::Task<Result<StreamPtr>> {
      return connector().connect(endpoint, TimePoint::never());
    };
    async::StopSource stop;
    auto handle = async::spawn(loop_, stop.token(), connecting);
    (void)co_await async::yield_now();
    stop.request_stop();
    const Result<StreamPtr> stream = co_await handle.join();
    EXPECT_EQ(stream.error().kind, FaultKind::kCancelled);
  });
}

TEST_F(ConnectorTest, ConnectsToUnixSockets) {
  const test::TemporaryDirectory directory;
  const std::string path = (directory.path() / "socket").string();
  const ScriptedServer server(path, [](Peer& peer) { peer.write("unix"); });
  run([&]() -> async::Task<> {
    const Endpoint there{.unix_path = path};
    const StreamPtr stream = co_await connected(there);
    const std::string heard = co_await read(*stream, 4);
    EXPECT_EQ(heard, "unix");
    const Endpoint nowhere{.unix_path = path + "_"};
    const Result<StreamPtr> none = co_await connector().connect(nowhere, in(1'000));
    EXPECT_EQ(none.error().why, "there is no such socket");
    const Endpoint too_long{.unix_path = path + std::string(200, 'x')};
    const Result<StreamPtr> refused = co_await connector().connect(too_long, in(1'000));
    EXPECT_EQ(refused.error().why, "the path of the socket is too long");
  });
}

}  // namespace
}  // namespace zerver::io::net
