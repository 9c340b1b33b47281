// A server that speaks TLS, with certificates of an authority of our own.
#include "runtime/effects/sql/test/postgres/fixture.h"
#include "runtime/io/test/net/tls_server.h"

#include <string>
#include <vector>

namespace zerver::effects {
namespace {

using Lines = std::vector<std::vector<std::string>>;

class PostgresTls : public PostgresTest {
 protected:
  static void SetUpTestSuite() {
    authority = std::make_unique<io::net::TestCertificates>();
    authority->issue("server");
    secure = std::make_unique<test::PostgresServer>(
        std::vector<std::string>{"ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key"},
        std::vector<std::string>{authority->path("server.pem"), authority->path("server.key")});
  }
  static void TearDownTestSuite() {
    secure.reset();
    authority.reset();
  }

  static std::string url_with(const std::string& mode, const std::string& root) {
    return secure->url("?sslmode=" + mode + "&sslrootcert=" + root);
  }

  static std::unique_ptr<io::net::TestCertificates> authority;
  static std::unique_ptr<test::PostgresServer> secure;
};
std::unique_ptr<io::net::TestCertificates> PostgresTls::authority;
std::unique_ptr<test::PostgresServer> PostgresTls::secure;

TEST_F(PostgresTls, RunsStatementsBehindACertificateThatIsVerified) {
  ASSERT_EQ(open_url(url_with("verify-full", authority->ca())), "");
  EXPECT_EQ(many("select ssl from pg_stat_ssl where pid = pg_backend_pid()").rows, (Lines{{"true"}}));
  // Larger than a record of TLS.
  const Answer large = many("select repeat('x', 100000)");
  ASSERT_TRUE(large.is_good()) << large.why;
  EXPECT_EQ(large.rows[0][0].size(), std::string("text ").size() + 100'000);
}

TEST_F(PostgresTls, CancelsStatements) {
  ASSERT_EQ(open_url(url_with("verify-full", authority->ca())), "");
  const auto active = [] {
    return secure->query(
        "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'");
  };
  const auto sleeper = start("select pg_sleep(60)");
  ASSERT_TRUE(run_until([&] { return active() == "1"; }));
  sleeper->cancel();
  EXPECT_TRUE(run_until([&] { return active() == "0"; }));
}

TEST_F(PostgresTls, RefusesAnAuthorityThatItDoesNotKnow) {
  const io::net::TestCertificates stranger;
  const std::string error = open_url(url_with("verify-ca", stranger.ca()));
  EXPECT_NE(error.find("certificate verify failed"), std::string::npos) << error;
}

TEST_F(PostgresTls, RefusesACertificateOfAnotherName) {
  authority->issue("other", {.names = "DNS:elsewhere.example"});
  const test::PostgresServer other({"ssl=on", "ssl_cert_file=other.pem", "ssl_key_file=other.key"},
                                   {authority->path("other.pem"), authority->path("other.key")});
  const auto options = [](const std::string& mode) {
    return "?sslmode=" + mode + "&sslrootcert=" + authority->ca();
  };
  const std::string error = open_url(other.url(options("verify-full")));
  EXPECT_NE(error.find("elsewhere.example"), std::string::npos) << error;
  EXPECT_EQ(open_url(other.url(options("verify-ca"))), "");
}

TEST_F(PostgresTls, RefusesAServerThatSpeaksNone) {
  const std::string error = open_url(url("sslmode=require"));
  EXPECT_NE(error.find("does not support SSL"), std::string::npos) << error;
}

}  // namespace
}  // namespace zerver::effects
