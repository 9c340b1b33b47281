// What stands at the top level of a file.

#pragma once

#include "compiler/syntax/statements.h"
#include "compiler/syntax/steps.h"

#include <llvm/ADT/ArrayRef.h>

#include <cstdint>

namespace zc::syntax {

enum class DeclarationKind : std::uint8_t {
  kError,
  kEdition,
  kPackage,
  kImport,
  kSchema,
  kScalar,
  kStruct,
  kEnum,
  kExternType,
  kErrorType,
  kDomain,
  kAdapter,
  kTarget,
  kPolicy,
  kSlots,
  kStep,
  kChain,
  kFlow,
  kJob,
  kCron,
  kService,
};

[[nodiscard]] llvm::StringRef keyword(DeclarationKind kind);  // "struct", "extern type", ...

// Discriminated by `kind`; `llvm::cast` and `llvm::dyn_cast` work. What could not be read is left out of the
// lists, and the declaration is erroneous; one whose name was read is kept, so that its uses are known.
struct Declaration : Node {
  DeclarationKind kind = DeclarationKind::kError;
  Doc doc;
  llvm::ArrayRef<Trait> traits;
  Name name;  // missing where the kind has none: edition, package, import, schema, slots

  [[nodiscard]] const Trait* find_trait(llvm::StringRef trait_name) const {
    for (const Trait& trait : traits) {
      if (trait.name.text == trait_name) return &trait;
    }
    return nullptr;
  }

 protected:
  explicit Declaration(DeclarationKind declaration_kind) : kind(declaration_kind) {}
};

// Gives a declaration its kind and what `llvm::isa` asks for.
template <DeclarationKind kKind> struct DeclarationOf : Declaration {
  DeclarationOf() : Declaration(kKind) {}
  static bool classof(const Declaration* declaration) { return declaration->kind == kKind; }
};

// Stands for what could not be read. Always erroneous. Has a name where one could be guessed, so that its
// uses are not reported as well.
struct ErrorDeclaration : DeclarationOf<DeclarationKind::kError> {
  ErrorDeclaration() { erroneous = true; }
};

// `edition 2026;`
struct EditionDeclaration : DeclarationOf<DeclarationKind::kEdition> {
  std::uint32_t year = 0;
};

// `package todo.v1;`
struct PackageDeclaration : DeclarationOf<DeclarationKind::kPackage> {
  QualifiedName path;
};

// `import zerver.auth;`, `import zerver.auth as login;`
struct ImportDeclaration : DeclarationOf<DeclarationKind::kImport> {
  QualifiedName path;
  Name alias;  // missing when not given: the last segment counts
};

// `schema "schema.sql";`
struct SchemaDeclaration : DeclarationOf<DeclarationKind::kSchema> {
  const StringExpr* file = nullptr;  // null when it could not be read
};

// `scalar TodoId: uuid;`
struct ScalarDeclaration : DeclarationOf<DeclarationKind::kScalar> {
  const TypeRef* type = nullptr;  // never null
};

// `struct Todo { ... }`
struct StructDeclaration : DeclarationOf<DeclarationKind::kStruct> {
  llvm::ArrayRef<Field> fields;
};

// `green = "GREEN"`
struct EnumMember : Node {
  Doc doc;
  llvm::ArrayRef<Trait> traits;
  Name name;
  const StringExpr* value = nullptr;  // the text in JSON; null: the name
};

// `enum Color { red, green = "GREEN" }`
struct EnumDeclaration : DeclarationOf<DeclarationKind::kEnum> {
  llvm::ArrayRef<EnumMember> members;
};

// `extern type Money = "bank::Money" from "bank/money.hpp";`
struct ExternTypeDeclaration : DeclarationOf<DeclarationKind::kExternType> {
  const StringExpr* cpp_name = nullptr;  // null when it could not be read
  const StringExpr* header = nullptr;    // null when it could not be read
};

// `@http(404) error NotFound { id: TodoId; }`, `error OverQuota;`
struct ErrorTypeDeclaration : DeclarationOf<DeclarationKind::kErrorType> {
  llvm::ArrayRef<Field> fields;
};

// `@http(402) domain payments;`: errors belong to it with `@domain(payments)`.
struct DomainDeclaration : DeclarationOf<DeclarationKind::kDomain> {};

// `@read one<T>(query: string) -> T fails missing, timeout;`
struct Operation : Node {
  Doc doc;
  llvm::ArrayRef<Trait> traits;
  Name name;
  llvm::ArrayRef<Name> type_parameters;
  llvm::ArrayRef<Field> parameters;
  Name result_format;  // `row` or `json` before the type: who decodes it; missing when not written
  const TypeRef* result = nullptr;    // null without `->`
  llvm::ArrayRef<FailsClause> fails;  // kinds, as names
};

// `adapter sql(url: string) { ... }`
struct AdapterDeclaration : DeclarationOf<DeclarationKind::kAdapter> {
  llvm::ArrayRef<Field> parameters;
  llvm::ArrayRef<Operation> operations;
};

// `target db = sql(env.DATABASE_URL) { in_flight 64; }`
struct TargetDeclaration : DeclarationOf<DeclarationKind::kTarget> {
  QualifiedName adapter;
  llvm::ArrayRef<Argument> arguments;
  llvm::ArrayRef<Setting> settings;
};

// `policy fast { timeout 50ms; }`
struct PolicyDeclaration : DeclarationOf<DeclarationKind::kPolicy> {
  llvm::ArrayRef<Setting> settings;
};

// `slots { id: TodoId; private hold: string; }`
struct SlotsDeclaration : DeclarationOf<DeclarationKind::kSlots> {
  llvm::ArrayRef<Field> slots;
};

// `step name(reads) -> writes = what clauses;`
struct StepDeclaration : DeclarationOf<DeclarationKind::kStep> {
  llvm::ArrayRef<SlotUse> reads;
  llvm::ArrayRef<SlotUse> writes;
  StepBody body;
  EffectClauses clauses;  // `with`, `key` of the step; for an effect the same as `body.effect->clauses`
  llvm::ArrayRef<FailsClause> fails;
  llvm::ArrayRef<MayClause> may;
  const Continuation* then = nullptr;  // null without `then`
  const Effect* undo = nullptr;        // null without `undo`
  llvm::ArrayRef<Name> drops;          // labels: `drops pii`
  Span drops_span;                     // of the last `drops` clause
  bool is_pivot = false;
  Span pivot_span;
  Span head_span;  // from `step` to the writes
};

enum class Order : std::uint8_t { kBefore, kAfter, kRequires };

// `after auth.bearer, limits`
struct OrderClause {
  Order order = Order::kBefore;
  llvm::ArrayRef<QualifiedName> names;
};

// `chain guard = auth.bearer, check;` or `chain guard { statements }`, perhaps with an order:
// `chain audit after limits requires auth.bearer = write_audit;`
struct ChainDeclaration : DeclarationOf<DeclarationKind::kChain> {
  llvm::ArrayRef<OrderClause> order;
  Block body;  // the list form as use statements
  bool is_list = false;
};

// What flows, jobs and crons share.
struct FlowBody {
  llvm::ArrayRef<Setting> settings;
  Block block;
};

// `on GET "/todos/{id}"`
struct RouteTrigger {
  Name method;                       // `GET`; `ANY` for every method
  const StringExpr* path = nullptr;  // never null; parameters are interpolations of single names
  Span span;
};

// `flow show on GET "/todos/{id}" before auth.bearer public { ... }`
struct FlowDeclaration : DeclarationOf<DeclarationKind::kFlow> {
  const RouteTrigger* trigger = nullptr;  // null: addressed by its slug
  llvm::ArrayRef<QualifiedName> before;
  bool is_public = false;
  Span public_span;
  Span head_span;  // up to the block
  FlowBody body;
};

// `job index(id) { ... }`
struct JobDeclaration : DeclarationOf<DeclarationKind::kJob> {
  llvm::ArrayRef<SlotUse> parameters;  // slots that the job is queued with
  FlowBody body;
};

// `cron nightly "0 3 * * *" UTC { ... }`
struct CronDeclaration : DeclarationOf<DeclarationKind::kCron> {
  const StringExpr* schedule = nullptr;  // null when it could not be read
  const Expr* time_zone = nullptr;       // a path (`UTC`) or a string; null when not given
  FlowBody body;
};

// `service todos { base "/api"; auth deny; }`
struct ServiceDeclaration : DeclarationOf<DeclarationKind::kService> {
  llvm::ArrayRef<Setting> settings;
};

}  // namespace zc::syntax
