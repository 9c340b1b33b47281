// The table of traits, and the readers of those that stand on values.

#include "compiler/check/types/traits.h"

#include "compiler/check/expressions/literals.h"
#include "compiler/check/types/pattern.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <utility>

namespace zc::check {

namespace {

// Of a string that is text as it stands: `"..."`, and those in which a brace is a brace.
bool is_text(const syntax::Name& tag) { return tag.is_missing() || tag.text == "re" || tag.text == "raw"; }

struct TraitRule {
  llvm::StringLiteral name;
  std::uint32_t places;
  llvm::StringLiteral noun;  // what may carry it
};

constexpr std::uint32_t kEverywhere = ~(kOnFile | kOnParameter);
constexpr TraitRule kRules[] = {
    {"length", kOnScalar | kOnField, "scalars and fields"},
    {"range", kOnScalar | kOnField, "scalars and fields"},
    {"pattern", kOnScalar | kOnField, "scalars and fields"},
    {"json", kOnField | kOnEnumerator, "fields and the values of enums"},
    {"field", kOnField | kOnParameter, "fields of structs and parameters of calls over gRPC"},
    {"number", kOnEnumerator, "the values of enums"},
    {"grpc", kOnAdapter | kOnOperation, "adapters and their operations"},
    {"pii", kOnScalar | kOnField | kOnSlot, "scalars, fields and slots"},
    {"secret", kOnScalar | kOnField | kOnSlot, "scalars, fields and slots"},
    {"http", kOnError | kOnDomain, "errors and domains"},
    {"domain", kOnError, "errors"},
    {"kind", kOnError, "errors"},
    {"retryable", kOnError, "errors"},
    {"read", kOnOperation, "operations of adapters"},
    {"write", kOnOperation, "operations of adapters"},
    {"statement", kOnOperation, "operations of adapters"},
    {"idempotent", kOnOperation, "operations of adapters"},
    {"stream", kOnOperation, "operations of adapters"},
    {"status", kOnOperation, "operations of adapters"},
    {"commit", kOnOperation, "operations of adapters"},
    {"opaque", kOnExtern, "extern types"},
    {"auth", kOnStep, "steps"},
    {"limit", kOnStep, "steps"},
    {"was", kEverywhere, "declarations"},
    {"deprecated", kEverywhere, "declarations"},
};

const TraitRule* find_rule(llvm::StringRef name) {
  for (const TraitRule& rule : kRules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

constexpr llvm::StringLiteral kKindNames[] = {"invalid",  "missing",     "conflict",
                                              "rejected", "unavailable", "timeout"};

}  // namespace

void check_traits(Context& context, llvm::ArrayRef<syntax::Trait> traits, TraitPlace place) {
  for (std::size_t i = 0; i < traits.size(); ++i) {
    const syntax::Trait& trait = traits[i];
    if (trait.name.is_missing()) continue;
    const TraitRule* rule = find_rule(trait.name.text);
    if (rule == nullptr) {
      auto& diagnostic = context.engine.report(Kind::kUnknownTrait, trait.name.span, trait.name.text);
      std::vector<llvm::StringRef> known;
      for (const TraitRule& candidate : kRules) {
        if ((candidate.places & place) != 0) known.push_back(candidate.name);
      }
      if (const auto guess = diagnostics::did_you_mean(trait.name.text, known)) {
        diagnostic.fix("write `@" + *guess + "`", trait.name.span, *guess);
      }
      continue;
    }
    if ((rule->places & place) == 0) {
      context.engine.report(Kind::kMisplacedTrait, trait.span, trait.name.text, rule->noun);
      continue;
    }
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (traits[earlier].name.text != trait.name.text) continue;
      context.engine.report(Kind::kDuplicateEntry, trait.span, "trait", trait.name.text)
          .secondary(traits[earlier].span, "first written here");
      break;
    }
  }
}

const syntax::Trait* find_trait(llvm::ArrayRef<syntax::Trait> traits, llvm::StringRef name) {
  for (const syntax::Trait& trait : traits) {
    if (trait.name.text == name) return &trait;
  }
  return nullptr;
}

std::optional<std::string> trait_text(Context& context, const syntax::Trait& trait) {
  if (trait.erroneous) return std::nullopt;
  if (trait.arguments.size() == 1) {
    const auto* string = llvm::dyn_cast_or_null<syntax::StringExpr>(trait.arguments.front().value);
    if (string != nullptr && is_text(string->tag) && !string->has_interpolation())
      return string->plain_text().str();
  }
  context.engine.report(Kind::kBadTraitArgument, trait.span, trait.name.text, "one plain string");
  return std::nullopt;
}

model::Origin make_origin(Context& context, model::PackageId package, const syntax::Name& name,
                          const syntax::Doc& doc, llvm::ArrayRef<syntax::Trait> traits) {
  model::Origin origin;
  origin.package = package;
  origin.name = name.text.str();
  origin.span = name.span;
  origin.doc = doc_text(doc);
  if (const syntax::Trait* was = find_trait(traits, "was")) {
    if (std::optional<std::string> former = trait_text(context, *was))
      origin.was = model::FormerName{std::move(*former), was->span};
  }
  if (const syntax::Trait* deprecated = find_trait(traits, "deprecated")) {
    origin.deprecated =
        deprecated->arguments.empty() ? std::string() : trait_text(context, *deprecated).value_or("");
  }
  return origin;
}

model::Labels labels_of(llvm::ArrayRef<syntax::Trait> traits) {
  model::Labels labels = model::kNoLabel;
  if (find_trait(traits, "pii") != nullptr) labels |= model::kPii;
  if (find_trait(traits, "secret") != nullptr) labels |= model::kSecret;
  return labels;
}

namespace {

bool has_length(model::TypeKind kind) {
  return kind == model::TypeKind::kString || kind == model::TypeKind::kBytes ||
         kind == model::TypeKind::kList || kind == model::TypeKind::kMap;
}

bool has_range(model::TypeKind kind) {
  switch (kind) {
    case model::TypeKind::kI32:
    case model::TypeKind::kI64:
    case model::TypeKind::kU32:
    case model::TypeKind::kU64:
    case model::TypeKind::kF64:
    case model::TypeKind::kDecimal:
    case model::TypeKind::kDuration:
      return true;
    default:
      return false;
  }
}

class ValueTraits {
 public:
  ValueTraits(Context& context, model::TypeId type)
      : context_(context), type_(context.types.strip_optional(type)) {
    // The traits of a field whose type is a scalar are about what the scalar holds.
    while (context_.types.kind(type_) == model::TypeKind::kScalar) {
      const model::TypeId base =
          context_.program.scalars[model::ScalarId(context_.types[type_].declaration)].base;
      if (!base.is_valid()) break;
      type_ = context_.types.strip_optional(base);
    }
    kind_ = context_.types.kind(type_);
  }

  model::Traits read(llvm::ArrayRef<syntax::Trait> traits) {
    model::Traits result;
    result.labels = labels_of(traits);
    if (const syntax::Trait* trait = find_trait(traits, "length")) result.length = length(*trait);
    if (const syntax::Trait* trait = find_trait(traits, "range")) result.range = range(*trait);
    if (const syntax::Trait* trait = find_trait(traits, "pattern")) result.pattern = pattern(*trait);
    return result;
  }

 private:
  bool fits(const syntax::Trait& trait, bool belongs, llvm::StringRef where) {
    if (trait.erroneous || kind_ == model::TypeKind::kError) return false;
    if (!belongs) {
      context_.engine.report(Kind::kTraitOnWrongType, trait.span, trait.name.text, where,
                             context_.text(type_));
    }
    return belongs;
  }

  // The bounds of `@length(1..200)` or `@length(16)`.
  bool bounds(const syntax::Trait& trait, const syntax::Expr*& low, const syntax::Expr*& high) {
    const syntax::Expr* value = trait.arguments.size() == 1 ? trait.arguments.front().value : nullptr;
    if (const auto* written = llvm::dyn_cast_or_null<syntax::RangeExpr>(value)) {
      low = written->low;
      high = written->high;
    } else {
      low = high = value;
    }
    if (low != nullptr || high != nullptr) return true;
    context_.engine.report(Kind::kBadTraitArgument, trait.span, trait.name.text, "a range such as `1..200`");
    return false;
  }

  std::optional<model::LengthTrait> length(const syntax::Trait& trait) {
    if (!fits(trait, has_length(kind_), "string, bytes, list and map")) return std::nullopt;
    const syntax::Expr* low = nullptr;
    const syntax::Expr* high = nullptr;
    if (!bounds(trait, low, high)) return std::nullopt;
    model::LengthTrait result;
    const auto read = [&](const syntax::Expr* bound, std::optional<std::uint64_t>& out) {
      if (bound == nullptr) return true;
      const auto* literal = llvm::dyn_cast<syntax::LiteralExpr>(bound);
      if (literal == nullptr || literal->literal != syntax::LiteralKind::kInteger) {
        context_.engine.report(Kind::kBadTraitArgument, bound->span, trait.name.text,
                               "whole numbers that are not negative");
        return false;
      }
      out = literal->value;
      return true;
    };
    if (!read(low, result.least) || !read(high, result.most)) return std::nullopt;
    if (result.least && result.most && *result.most < *result.least) report_swapped(trait);
    return result;
  }

  std::optional<model::RangeTrait> range(const syntax::Trait& trait) {
    if (!fits(trait, has_range(kind_), "numbers and durations")) return std::nullopt;
    const syntax::Expr* low = nullptr;
    const syntax::Expr* high = nullptr;
    if (!bounds(trait, low, high)) return std::nullopt;
    model::RangeTrait result;
    if (low != nullptr) result.least = literal_constant(context_, *low, type_);
    if (high != nullptr) result.most = literal_constant(context_, *high, type_);
    if ((low != nullptr && !result.least) || (high != nullptr && !result.most)) return std::nullopt;
    if (result.least && result.most && compare_constants(*result.least, *result.most) > 0)
      report_swapped(trait);
    return result;
  }

  std::optional<std::string> pattern(const syntax::Trait& trait) {
    if (!fits(trait, kind_ == model::TypeKind::kString, "string")) return std::nullopt;
    std::optional<std::string> text = trait_text(context_, trait);
    if (!text) return std::nullopt;
    if (const std::optional<PatternError> error = check_pattern(*text)) {
      context_.engine.report(Kind::kBadPattern, trait.arguments.front().value->span, error->message)
          .note("patterns are written in the syntax of RE2 and match the whole text");
      return std::nullopt;
    }
    return text;
  }

  void report_swapped(const syntax::Trait& trait) {
    context_.engine.report(Kind::kBadTraitArgument, trait.span, trait.name.text,
                           "a range whose first bound is the smaller one");
  }

  Context& context_;
  model::TypeId type_;
  model::TypeKind kind_ = model::TypeKind::kError;
};

}  // namespace

model::Traits value_traits(Context& context, llvm::ArrayRef<syntax::Trait> traits, model::TypeId type) {
  return ValueTraits(context, type).read(traits);
}

model::Kinds kind_of(llvm::StringRef name) {
  for (std::size_t i = 0; i < std::size(kKindNames); ++i) {
    if (name == kKindNames[i]) return static_cast<model::Kinds>(1U << i);
  }
  return 0;
}

model::Kinds kinds_of(Context& context, llvm::ArrayRef<syntax::Name> names, llvm::StringRef note) {
  model::Kinds kinds = 0;
  for (const syntax::Name& name : names) {
    if (name.is_missing()) continue;
    const model::Kinds kind = kind_of(name.text);
    if (kind == 0) {
      auto& diagnostic = context.engine.report(Kind::kUnknownWord, name.span, name.text, "kind of failure");
      std::vector<llvm::StringRef> known(std::begin(kKindNames), std::end(kKindNames));
      if (const auto guess = diagnostics::did_you_mean(name.text, known)) {
        diagnostic.fix("write `" + *guess + "`", name.span, *guess);
      }
      diagnostic.note("the kinds are " + alternatives_text(known));
      if (!note.empty()) diagnostic.note(note);
    }
    kinds |= kind;
  }
  return kinds;
}

std::string kinds_text(model::Kinds kinds) {
  std::string text;
  for (std::size_t i = 0; i < std::size(kKindNames); ++i) {
    const model::Kinds rest = static_cast<model::Kinds>(kinds >> i);
    if ((rest & 1U) == 0) continue;
    if (!text.empty()) text += rest == 1 ? " and " : ", ";
    text += '`';
    text += kKindNames[i];
    text += '`';
  }
  return text;
}

}  // namespace zc::check
