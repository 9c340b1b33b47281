// The parts of `compare`, which share what is found out about names and types.

#pragma once

#include "compiler/lock/compare.h"
#include "compiler/lock/compare/limits.h"
#include "compiler/lock/type_text.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace zc::lock {

// What a value is for: whose old habits the new program meets.
enum class Direction : std::uint8_t { kRequest, kAnswer, kStored };

struct Use {
  Direction direction = Direction::kRequest;
  Concern concern = Concern::kClients;
  bool is_text = false;  // a parameter: every value is written as text

  friend auto operator<=>(const Use&, const Use&) = default;
};

// What is compared: its name for the reader, and where it stands on both sides.
struct Subject {
  std::string text;
  Span old_span, new_span;
};

class Changes {
 public:
  void add(Rule rule, Concern concern, const Subject& subject, std::string before = {},
           std::string after = {});
  void add(Change change) { changes_.push_back(std::move(change)); }
  // The gravest of each subject and concern, in the order in which they were found.
  [[nodiscard]] std::vector<Change> take();

 private:
  std::vector<Change> changes_;
};

// Which entry of one side is which of the other.
class Names {
 public:
  Names(const Lock& before, const Lock& after) : before_(&before), after_(&after) {}

  // Pairs the entries by name, by `@was`, and, where a name is gone and a like one is there, by guess. Says
  // what is new, gone and renamed, but for types, which nobody outside sees by name.
  void match(Changes& changes);

  // Entries of both sides that are the same thing.
  struct Pair {
    const Entry* before = nullptr;
    const Entry* after = nullptr;
  };
  [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }

  // What an entry of the old side is called in the new one; itself when it is gone.
  [[nodiscard]] std::string renamed(llvm::StringRef kind, llvm::StringRef name) const;
  // The same for a name as an entry of `owner`'s package writes it.
  [[nodiscard]] std::string renamed_in(llvm::StringRef kind, llvm::StringRef name,
                                       llvm::StringRef owner) const;

 private:
  friend class Matcher;

  const Lock* before_;
  const Lock* after_;
  std::vector<Pair> pairs_;
  llvm::StringMap<std::string> renames_;  // by "kind name"
};

class Types {
 public:
  Types(const Lock& before, const Lock& after, const Names& names, Changes& changes);

  // Fields, parameters, arguments, live slots: entries with `type`, `optional`, `default` and limits.
  void compare_values(const Entry& before, const Entry& after, const Use& use, const Subject& subject);
  void compare_types(const TypeText& before, const TypeText& after, const Use& use, const Subject& subject);
  void add_value(const Entry& after, const Use& use, const Subject& subject);
  void remove_value(const Entry& before, const Use& use, const Subject& subject);
  // The two are the same error, and a flow may end with it.
  void compare_errors(const Entry& before, const Entry& after);

  [[nodiscard]] const Entry* old_error(llvm::StringRef name) const { return find(old_errors_, name); }
  [[nodiscard]] const Entry* new_error(llvm::StringRef name) const { return find(new_errors_, name); }

  // Declarations are compared after those that mention them, so that no chain of them is too long.
  void finish();

 private:
  using Table = llvm::StringMap<const Entry*>;
  struct Relations {
    Relation type = Relation::kSame, limits = Relation::kSame;
  };
  struct Waiting {
    const Entry* before;
    const Entry* after;
    Use use;
  };

  static const Entry* find(const Table& table, llvm::StringRef name);
  Relations relate(const TypeText& before, const TypeText& after, const Use& use, const Subject& subject,
                   Limits& old_limits, Limits& new_limits);
  Relation relate_plain(const TypeText& before, const TypeText& after, const Use& use) const;
  void wait(const Entry& before, const Entry& after, const Use& use);
  void report(const Relations& relations, const Use& use, const Subject& subject, const TypeText& before,
              const TypeText& after, const Limits& old_limits, const Limits& new_limits);
  void compare_declarations(const Waiting& each);
  void compare_fields(const Entry& before, const Entry& after, const Use& use, const std::string& owner);
  [[nodiscard]] std::string owner_text(const Entry& before, const Entry& after) const;
  void compare_enums(const Entry& before, const Entry& after, const Use& use);
  TypeText strip_scalars(const Table& table, TypeText type, Limits& limits) const;

  const Names& names_;
  Changes& changes_;
  Table old_types_, new_types_, old_errors_, new_errors_;
  std::set<std::tuple<const Entry*, const Entry*, Use>> seen_;
  std::vector<Waiting> waiting_;
};

// Flows that clients reach.
void compare_apis(const Lock& before, const Lock& after, const Names& names, Types& types, Changes& changes);
// Arguments of jobs, and what is kept where a durable flow is suspended.
void compare_stored(const Names& names, Types& types, Changes& changes);

// What is sent as Protocol Buffers.
void compare_messages(const Names& names, Changes& changes);

// "todo.v1" of "todo.v1.Todo", and the rest.
[[nodiscard]] std::pair<llvm::StringRef, llvm::StringRef> split_name(llvm::StringRef qualified);

}  // namespace zc::lock
