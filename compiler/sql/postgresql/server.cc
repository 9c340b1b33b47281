// Connects, and gives each schema a name of its own.

#include "compiler/sql/server.h"

#include "compiler/sql/postgresql/connection.h"
#include "compiler/sql/postgresql/database.h"
#include "compiler/sql/postgresql/libpq.h"

#include <llvm/Support/Process.h>

#include <system_error>
#include <utility>

namespace zc::sql {

namespace {

class PostgresqlServer final : public Server {
 public:
  explicit PostgresqlServer(const Libpq& pq) : pq_(pq), connection_(pq_) {}

  // Empty, or what is wrong.
  [[nodiscard]] std::string open(llvm::StringRef url) {
    if (std::string why = connection_.open(url); !why.empty()) return why;
    const auto refused = connection_.run("create schema " + next_name());
    return refused ? refused->message : std::string();
  }

  [[nodiscard]] std::unique_ptr<Database> load_schema(llvm::StringRef schema) override {
    if (!failure().empty()) return nullptr;
    auto database = std::make_unique<PostgresqlDatabase>(connection_, next_name(), schema);
    if (!failure().empty()) return nullptr;
    return database;
  }

  [[nodiscard]] const std::string& failure() const override { return connection_.failure(); }

 private:
  // Nobody else sees them; the numbers only keep them apart from those that are there.
  std::string next_name() {
    return "zerver_check_" + std::to_string(llvm::sys::Process::getProcessId()) + "_" +
           std::to_string(++count_);
  }

  const Libpq pq_;
  Connection connection_;
  int count_ = 0;
};

// The password of a URL: what stands between the first colon behind the scheme and the last `@` before the
// host.
llvm::StringRef password_of(llvm::StringRef url) {
  const llvm::StringRef rest = url.split("://").second;
  const llvm::StringRef authority = rest.take_until([](char c) { return c == '/' || c == '?'; });
  // A password that holds a slash is wrong, and is not to be shown either.
  const std::size_t at = authority.contains('@') ? authority.rfind('@') : rest.rfind('@');
  if (at == llvm::StringRef::npos) return {};
  const llvm::StringRef user = rest.take_front(at);
  return user.contains(':') ? user.split(':').second : llvm::StringRef();
}

std::string replaced(llvm::StringRef text, llvm::StringRef secret) {
  if (secret.empty()) return text.str();
  std::string result;
  while (true) {
    const auto [before, behind] = text.split(secret);
    result += before;
    if (before.size() == text.size()) return result;
    result += "***";
    text = behind;
  }
}

// `?password=...`
llvm::StringRef password_parameter(llvm::StringRef url) {
  const std::size_t at = url.find("password=");
  return at == llvm::StringRef::npos
             ? llvm::StringRef()
             : url.drop_front(at + 9).take_until([](char c) { return c == '&' || c == ' '; });
}

std::string without_secrets(llvm::StringRef text, llvm::StringRef url) {
  return replaced(replaced(text, password_of(url)), password_parameter(url));
}

}  // namespace

std::string without_password(llvm::StringRef url) { return without_secrets(url, url); }

llvm::Expected<std::unique_ptr<Server>> connect(llvm::StringRef url) {
  llvm::Expected<Libpq> pq = Libpq::load();
  if (!pq) return pq.takeError();
  auto server = std::make_unique<PostgresqlServer>(*pq);
  if (const std::string why = server->open(url); !why.empty()) {
    return llvm::createStringError(std::make_error_code(std::errc::host_unreachable),
                                   without_secrets(why, url));
  }
  return server;
}

}  // namespace zc::sql
