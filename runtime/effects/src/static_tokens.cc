#include "static_tokens.h"

#include "zerver/auth.flow.h"
#include <zerver/effects/renewable.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects {

namespace {

struct Known {
  std::string user;
  std::string token;
};

using Table = std::vector<Known>;

// Empty, or what is wrong. The text is secret, so it is not repeated.
std::string read_table(std::string_view users, Table& table) {
  for (std::string_view rest = users; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t colon = pair.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == pair.size())
      return "its users must be `user:token` pairs with commas between them";
    table.push_back({std::string(pair.substr(0, colon)), std::string(pair.substr(colon + 1))});
  }
  return "";
}

// Takes the same time wherever the difference is, so that a token cannot be guessed character by character.
bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (std::size_t index = 0; index < left.size(); ++index)
    difference |= static_cast<unsigned char>(left[index] ^ right[index]);
  return difference == 0;
}

class WorkerTokens final : public auth::TokensAdapter {
 public:
  explicit WorkerTokens(const Renewable<Table>& table) : table_(table) {}

  void user_of(const UserOfArguments& arguments, flow::Reply<auth::User> reply) override {
    const Known* found = nullptr;
    for (const Known& known : table_.get()) {
      if (equal_in_constant_time(known.token, arguments.token)) found = &known;
    }
    if (found == nullptr) return reply.fail({FaultKind::kMissing, "nobody has this token", {}});
    // The table may be replaced meanwhile.
    reply.succeed({.id = String::borrowed(reply.operation().arena().text(found->user))});
  }
  void cancel(flow::Operation&) noexcept override {}

 private:
  Renewable<Table>::Reader table_;
};

class StaticTokens final : public System {
 public:
  explicit StaticTokens(Table table) : table_(std::move(table)) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override {
    return std::make_unique<WorkerTokens>(table_);
  }
  std::string renew(std::string_view argument, std::string_view value) override {
    if (argument != "users") return System::renew(argument, value);
    Table table;
    std::string why = read_table(value, table);
    if (why.empty()) table_.set(std::move(table));
    return why;
  }

 private:
  Renewable<Table> table_;
};

}  // namespace

Opened open_tokens(const flow::TargetInfo&, const flow::TargetConfig& config) {
  Table table;
  if (std::string why = read_table(config.get("users").value_or(""), table); !why.empty())
    return {nullptr, std::move(why)};
  return {std::make_unique<StaticTokens>(std::move(table)), {}};
}

}  // namespace zerver::effects
