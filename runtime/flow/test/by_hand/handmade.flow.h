// What zerver-compile is to make of handmade.flow: types, views, decisions. A step's body is the function
// `run` of its namespace.
#pragma once

#include <zerver/flow/step.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace zerver::flow {
struct PackageInfo;
class JsonValue;
class JsonWriter;
class RowReader;
}  // namespace zerver::flow

/// Todos, once by hand: what zerver-compile is to make of this file is written in handmade.flow.h and
/// handmade.flow.cc.
namespace handmade::v1 {

// --- Scalars and enums ---

struct TodoId {
  using scalar_type = zerver::Uuid;
  zerver::Uuid value{};
  friend auto operator<=>(const TodoId&, const TodoId&) = default;
};

enum class Urgency : std::uint8_t { kLow, kHigh };
std::string_view to_string(Urgency value) noexcept;
bool from_string(std::string_view name, Urgency& out) noexcept;

// --- Structs ---

/// What a client sends.
struct NewTodo {
  zerver::String title{};
  std::int32_t effort = 1;
  std::optional<Urgency> urgency{};
  zerver::List<zerver::String> tags{};
  friend bool operator==(const NewTodo&, const NewTodo&) = default;
};

struct Todo {
  TodoId id;
  zerver::String title{};
  bool done = false;
  std::optional<zerver::Timestamp> due{};
  friend bool operator==(const Todo&, const Todo&) = default;
};

bool read_json(const zerver::flow::JsonValue& in, NewTodo& out);
void write_json(zerver::flow::JsonWriter& out, const NewTodo& value);
bool read_json(const zerver::flow::JsonValue& in, Todo& out);
void write_json(zerver::flow::JsonWriter& out, const Todo& value);
bool read_row(zerver::flow::RowReader& row, Todo& out);

// --- Errors ---

struct BadInput {
  zerver::String why{};
};
struct NotFound {
  TodoId id;
};
struct Duplicate {};
struct OverQuota {
  std::int32_t left = 0;
};
struct Unavailable {};

// --- step greet(name) -> greeting fails OverQuota may done ---

/// Says hello, and refuses to do so to nobody.
namespace greet {

class [[nodiscard]] Decision {
 public:
  enum class Kind : std::uint8_t { kProceed, kFailOverQuota, kDone };

  Kind kind() const noexcept { return kind_; }
  const OverQuota& over_quota() const noexcept { return over_quota_; }
  const zerver::flow::Answer& answer() const noexcept { return answer_; }

 private:
  friend Decision proceed() noexcept;
  friend Decision fail(const OverQuota& error) noexcept;
  friend Decision done(const zerver::flow::Answer& answer) noexcept;

  Decision() noexcept : kind_(Kind::kProceed), none_() {}
  explicit Decision(const OverQuota& error) noexcept : kind_(Kind::kFailOverQuota), over_quota_(error) {}
  explicit Decision(const zerver::flow::Answer& answer) noexcept : kind_(Kind::kDone), answer_(answer) {}

  Kind kind_;
  union {
    char none_;
    OverQuota over_quota_;
    zerver::flow::Answer answer_;
  };
};

inline Decision proceed() noexcept { return Decision(); }
inline Decision fail(const OverQuota& error) noexcept { return Decision(error); }
template <class Error> Decision fail(const Error&) {
  static_assert(zerver::flow::kDeclared<Error>,
                "step `greet` does not declare this error: add it to its `fails` in handmade.flow");
  return proceed();
}
inline Decision done(const zerver::flow::Answer& answer) noexcept { return Decision(answer); }

class View : public zerver::flow::StepView {
 public:
  View(zerver::Arena& arena, const zerver::String& name, zerver::String& greeting) noexcept
      : StepView(arena), name_(&name), greeting_(&greeting) {}

  const zerver::String& name() const noexcept { return *name_; }
  void set_greeting(zerver::String value) noexcept {
    *greeting_ = value;
    wrote_greeting_ = true;
  }
  bool wrote_greeting() const noexcept { return wrote_greeting_; }

  // `greet` only reads `name`: declare `-> name` in handmade.flow.
  template <class Value> void set_name(const Value&) {
    static_assert(zerver::flow::kDeclared<Value>,
                  "step `greet` only reads slot `name`: add it to its `->` in handmade.flow");
  }

 private:
  const zerver::String* name_;
  zerver::String* greeting_;
  bool wrote_greeting_ = false;
};

Decision run(View& view);

}  // namespace greet

// --- step admit(left?) fails OverQuota ---

namespace admit {

class [[nodiscard]] Decision {
 public:
  enum class Kind : std::uint8_t { kProceed, kFailOverQuota };

  Kind kind() const noexcept { return kind_; }
  const OverQuota& over_quota() const noexcept { return over_quota_; }

 private:
  friend Decision proceed() noexcept;
  friend Decision fail(const OverQuota& error) noexcept;

  Decision() noexcept : kind_(Kind::kProceed), none_() {}
  explicit Decision(const OverQuota& error) noexcept : kind_(Kind::kFailOverQuota), over_quota_(error) {}

  Kind kind_;
  union {
    char none_;
    OverQuota over_quota_;
  };
};

inline Decision proceed() noexcept { return Decision(); }
inline Decision fail(const OverQuota& error) noexcept { return Decision(error); }
template <class Error> Decision fail(const Error&) {
  static_assert(zerver::flow::kDeclared<Error>,
                "step `admit` does not declare this error: add it to its `fails` in handmade.flow");
  return proceed();
}

class View : public zerver::flow::StepView {
 public:
  View(zerver::Arena& arena, const std::int32_t* left) noexcept : StepView(arena), left_(left) {}

  zerver::flow::OptionalRef<const std::int32_t> left() const noexcept {
    return zerver::flow::OptionalRef<const std::int32_t>(left_);
  }
  template <class Value> void set_left(const Value&) {
    static_assert(zerver::flow::kDeclared<Value>,
                  "step `admit` only reads slot `left`: add it to its `->` in handmade.flow");
  }

 private:
  const std::int32_t* left_;
};

Decision run(View& view);

}  // namespace admit

// --- step find(id, todo?) may need load then found ---

/// Reads the todo from the database unless it is known already.
namespace find {

class [[nodiscard]] Decision {
 public:
  enum class Kind : std::uint8_t { kProceed, kNeedLoad };

  Kind kind() const noexcept { return kind_; }

 private:
  friend Decision proceed() noexcept;
  friend Decision need_load() noexcept;

  explicit Decision(Kind kind) noexcept : kind_(kind) {}

  Kind kind_;
};

inline Decision proceed() noexcept { return Decision(Decision::Kind::kProceed); }
inline Decision need_load() noexcept { return Decision(Decision::Kind::kNeedLoad); }

class View : public zerver::flow::StepView {
 public:
  View(zerver::Arena& arena, const TodoId& id, const Todo* todo) noexcept
      : StepView(arena), id_(&id), todo_(todo) {}

  const TodoId& id() const noexcept { return *id_; }
  zerver::flow::OptionalRef<const Todo> todo() const noexcept {
    return zerver::flow::OptionalRef<const Todo>(todo_);
  }

 private:
  const TodoId* id_;
  const Todo* todo_;
};

Decision run(View& view);

}  // namespace find

// --- step found(todo?) may insert counted, replace archived ---

/// Done todos are answered by themselves, high ones are counted first.
namespace found {

class [[nodiscard]] Decision {
 public:
  enum class Kind : std::uint8_t { kProceed, kInsertCounted, kReplaceArchived };

  Kind kind() const noexcept { return kind_; }

 private:
  friend Decision proceed() noexcept;
  friend Decision insert_counted() noexcept;
  friend Decision replace_archived() noexcept;

  explicit Decision(Kind kind) noexcept : kind_(kind) {}

  Kind kind_;
};

inline Decision proceed() noexcept { return Decision(Decision::Kind::kProceed); }
inline Decision insert_counted() noexcept { return Decision(Decision::Kind::kInsertCounted); }
inline Decision replace_archived() noexcept { return Decision(Decision::Kind::kReplaceArchived); }

class View : public zerver::flow::StepView {
 public:
  View(zerver::Arena& arena, const Todo* todo) noexcept : StepView(arena), todo_(todo) {}

  zerver::flow::OptionalRef<const Todo> todo() const noexcept {
    return zerver::flow::OptionalRef<const Todo>(todo_);
  }

 private:
  const Todo* todo_;
};

Decision run(View& view);

}  // namespace found

// What `main` hands to the server.
const zerver::flow::PackageInfo& package() noexcept;

}  // namespace handmade::v1
