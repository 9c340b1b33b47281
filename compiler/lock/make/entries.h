// What the makers of entries share: names, types and values as a lock file writes them.

#pragma once

#include "compiler/lock/lock.h"
#include "compiler/model/program.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace zc::lock {

// "todo.v1.Todo"
[[nodiscard]] std::string qualified_name(const model::Program& program, const model::Origin& origin);
// As an entry of `package` writes it: without its own package.
[[nodiscard]] std::string local_name(const model::Program& program, const model::Origin& origin,
                                     model::PackageId package);
// An entry for a declaration, with its place and its former name.
[[nodiscard]] Entry declared(const model::Program& program, std::string kind, const model::Origin& origin);

// A literal of the type: `0`, `1.5`, `open`, `[]`.
[[nodiscard]] std::string constant_text(const model::Program& program, model::TypeId type,
                                        const model::Constant& constant);

// Writes types, and remembers which declarations and errors they and the flows lead to.
class TypeEntries {
 public:
  explicit TypeEntries(const model::Program& program) : program_(program) {}

  [[nodiscard]] std::string text(model::TypeId type);
  // The same without remembering: of what stays inside the program.
  [[nodiscard]] std::string private_text(model::TypeId type) const;
  // `type=` and, for `T?`, `optional`; the attribute's type is `T` then.
  void set_type(Entry& entry, model::TypeId type, bool is_optional = false);
  void add(model::ErrorId error) { errors_.insert(error); }

  // Entries of all that was mentioned, and of what that leads to.
  void append(std::vector<Entry>& entries);

 private:
  template <typename Write> std::string compose(const model::Type& type, const Write& write) const;
  Entry entry_of(const model::Type& type);
  Entry field(const model::Field& field);
  void set_traits(Entry& entry, const model::Traits& traits, model::TypeId type);

  const model::Program& program_;
  std::set<model::ErrorId> errors_;
  std::set<std::pair<model::TypeKind, std::uint32_t>> seen_;
  std::vector<model::TypeId> waiting_;
};

// What a flow, job or cron promises to those outside: its way in, what it takes and answers.
[[nodiscard]] Entry flow_entry(const model::Program& program, model::FlowId flow, TypeEntries& types);

// Appends the messages of Protocol Buffers, and the calls whose parameters are fields of one.
void append_messages(const model::Program& program, std::vector<Entry>& entries);

// Appends where a durable flow may be suspended, and which slots have to be kept meanwhile; nothing for a
// flow that is not durable. A job is durable from end to end, any other flow inside its sagas.
void append_suspensions(const model::Program& program, model::FlowId flow, TypeEntries& types, Entry& entry);

}  // namespace zc::lock
