// Statements as a worker knows them: what the server is sent, and what it has said about it.
#pragma once

#include <zerver/core/time.h>

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

// `?`, of which there is one for each value, becomes `$1`, `$2` and so on; one that belongs to text, a name
// or a comment stays.
// `??` is the operator `?`.
std::string numbered_placeholders(std::string_view text);

// Pinned: connections that have prepared it refer to it.
class Statement {
 public:
  // Below that a statement is quick: others may be sent behind it before it is answered.
  static constexpr Duration kQuick = Duration::from_milliseconds(2);

  Statement(std::string_view text, std::uint32_t number);

  const std::string& source() const noexcept { return source_; }
  const std::string& text() const noexcept { return text_; }  // with `$1`
  const std::string& name() const noexcept { return name_; }  // by which it is prepared
  std::uint32_t number() const noexcept { return number_; }

  // What the first server that prepared it has said. Servers are told the types of the parameters from then
  // on, so that all of them take them for the same.
  struct Description {
    std::vector<Oid> parameters;
    bool is_binary = false;  // rows are asked for in binary
  };
  const Description* description() const noexcept { return is_described_ ? &description_ : nullptr; }
  void describe(Description description) {
    description_ = std::move(description);
    is_described_ = true;
  }
  // The server cannot tell the type of the parameter (from 0), as in `$1 is null`: it is taken for text.
  // False when that was known already.
  bool take_for_text(std::size_t parameter);
  // By parameter; InvalidOid: the server tells.
  const std::vector<Oid>& hints() const noexcept { return hints_; }

  // The names with which the columns of its rows were compared, since a connection has prepared it last.
  const std::string_view* compared = nullptr;

  // By the server, on the way there and back apart.
  void took(Duration time) noexcept;
  Duration typical() const noexcept { return typical_; }  // of one that has run
  // Runs that were measured were quick, on the whole.
  bool is_quick() const noexcept { return typical_.nanoseconds >= 0 && typical_ < kQuick; }

 private:
  std::string source_;
  std::string text_;
  std::string name_;
  std::uint32_t number_;
  bool is_described_ = false;
  Description description_;
  std::vector<Oid> hints_;
  Duration typical_{-1};
};

// Of one worker. What has not been used for long makes room: connections that have prepared it keep it as
// long as they need it.
class StatementBook {
 public:
  static constexpr std::size_t kMaxStatements = 1024;

  std::shared_ptr<Statement> find_or_add(std::string_view text);
  // False of one that has not run yet.
  bool is_quick(std::string_view text) const noexcept {
    const auto known = statements_.find(text);
    return known != statements_.end() && known->second.statement->is_quick();
  }
  // What is known of it is not true any more: the next one of that text has another name.
  void forget(const Statement& statement) noexcept;
  std::size_t size() const noexcept { return statements_.size(); }

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Entry {
    std::shared_ptr<Statement> statement;
    std::uint64_t used = 0;
  };
  void make_room();

  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> statements_;  // by source
  std::uint64_t uses_ = 0;
  std::uint32_t numbers_ = 0;
};

}  // namespace zerver::effects::postgres
