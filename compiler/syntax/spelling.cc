// Spellings of operators and keywords, and small lookups in nodes.

#include "compiler/syntax/tree.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/Casting.h>
#include <llvm/Support/ErrorHandling.h>

#include <type_traits>

namespace zc::syntax {

// An arena frees memory and runs no destructors.
static_assert(std::is_trivially_destructible_v<StepDeclaration>);
static_assert(std::is_trivially_destructible_v<FlowDeclaration>);
static_assert(std::is_trivially_destructible_v<AdapterDeclaration>);
static_assert(std::is_trivially_destructible_v<ReturnStatement>);
static_assert(std::is_trivially_destructible_v<StringExpr>);

Part part_of(DeclarationKind kind) {
  switch (kind) {
    case DeclarationKind::kScalar:
    case DeclarationKind::kStruct:
    case DeclarationKind::kEnum:
    case DeclarationKind::kExternType:
    case DeclarationKind::kErrorType:
    case DeclarationKind::kDomain:
    case DeclarationKind::kSlots:
      return Part::kTypes;
    case DeclarationKind::kStep:
      return Part::kSteps;
    default:
      return Part::kRest;
  }
}

void SyntaxTree::release(Part part) {
  llvm::erase_if(declarations,
                 [&](const Declaration* declaration) { return part_of(declaration->kind) == part; });
  arenas[static_cast<std::size_t>(part)] = PageArena();
}

SettingTerm Setting::after(llvm::StringRef word) const {
  for (std::size_t index = 0; index + 1 < terms.size(); ++index) {
    if (terms[index].size() != 1) continue;
    const auto* path = llvm::dyn_cast<PathExpr>(terms[index].front());
    if (path != nullptr && path->is_single_name() && path->segments.front().text == word)
      return terms[index + 1];
  }
  return {};
}

llvm::StringRef spelling(UnaryOperator op) { return op == UnaryOperator::kNot ? "!" : "-"; }

llvm::StringRef spelling(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kCoalesce:
      return "??";
    case BinaryOperator::kOr:
      return "||";
    case BinaryOperator::kAnd:
      return "&&";
    case BinaryOperator::kEqual:
      return "==";
    case BinaryOperator::kNotEqual:
      return "!=";
    case BinaryOperator::kLess:
      return "<";
    case BinaryOperator::kLessEqual:
      return "<=";
    case BinaryOperator::kGreater:
      return ">";
    case BinaryOperator::kGreaterEqual:
      return ">=";
    case BinaryOperator::kAdd:
      return "+";
    case BinaryOperator::kSubtract:
      return "-";
    case BinaryOperator::kMultiply:
      return "*";
    case BinaryOperator::kDivide:
      return "/";
    case BinaryOperator::kRemainder:
      return "%";
  }
  llvm_unreachable("not a binary operator");
}

llvm::StringRef keyword(DeclarationKind kind) {
  switch (kind) {
    case DeclarationKind::kError:
      return "";
    case DeclarationKind::kEdition:
      return "edition";
    case DeclarationKind::kPackage:
      return "package";
    case DeclarationKind::kImport:
      return "import";
    case DeclarationKind::kSchema:
      return "schema";
    case DeclarationKind::kScalar:
      return "scalar";
    case DeclarationKind::kStruct:
      return "struct";
    case DeclarationKind::kEnum:
      return "enum";
    case DeclarationKind::kExternType:
      return "extern type";
    case DeclarationKind::kErrorType:
      return "error";
    case DeclarationKind::kDomain:
      return "domain";
    case DeclarationKind::kAdapter:
      return "adapter";
    case DeclarationKind::kTarget:
      return "target";
    case DeclarationKind::kPolicy:
      return "policy";
    case DeclarationKind::kSlots:
      return "slots";
    case DeclarationKind::kStep:
      return "step";
    case DeclarationKind::kChain:
      return "chain";
    case DeclarationKind::kFlow:
      return "flow";
    case DeclarationKind::kJob:
      return "job";
    case DeclarationKind::kCron:
      return "cron";
    case DeclarationKind::kService:
      return "service";
  }
  llvm_unreachable("not a declaration");
}

llvm::StringRef token_kind_name(TokenKind kind) {
  switch (kind) {
    case TokenKind::kIdentifier:
      return "identifier";
    case TokenKind::kKeyword:
      return "keyword";
    case TokenKind::kNumber:
      return "number";
    case TokenKind::kStringBegin:
      return "string-begin";
    case TokenKind::kStringText:
      return "string-text";
    case TokenKind::kStringEscape:
      return "string-escape";
    case TokenKind::kInterpolationBegin:
      return "interpolation-begin";
    case TokenKind::kInterpolationEnd:
      return "interpolation-end";
    case TokenKind::kStringEnd:
      return "string-end";
    case TokenKind::kPunctuation:
      return "punctuation";
    case TokenKind::kComment:
      return "comment";
    case TokenKind::kDocComment:
      return "doc-comment";
    case TokenKind::kInvalid:
      return "invalid";
  }
  llvm_unreachable("not a kind of token");
}

}  // namespace zc::syntax
