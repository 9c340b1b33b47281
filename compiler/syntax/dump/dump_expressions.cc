// Names, types and expressions as text.

#include "compiler/syntax/dump/dump_expressions.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/Casting.h>
#include <llvm/Support/ErrorHandling.h>

namespace zc::syntax {
namespace {

template <typename Range, typename Each> void list(const Range& range, llvm::raw_ostream& out, Each each) {
  llvm::interleave(range, each, [&] { out << ", "; });
}

void dump_optional(const Expr* expression, llvm::raw_ostream& out) {
  if (expression != nullptr) dump(*expression, out);
}

void dump_string(const StringExpr& string, llvm::raw_ostream& out) {
  out << string.tag.text << "\"";
  for (const StringPart& part : string.parts) {
    if (part.expression == nullptr) {
      out.write_escaped(part.text);
    } else {
      out << "{";
      dump(*part.expression, out);
      out << (part.is_rest ? "...}" : "}");
    }
  }
  out << "\"";
}

void dump_object(const ObjectExpr& object, llvm::raw_ostream& out) {
  out << "{";
  list(object.entries, out, [&](const ObjectEntry& entry) {
    out << entry.key.text << ": ";
    dump(*entry.value, out);
  });
  out << "}";
}

void dump_binary(const BinaryExpr& binary, llvm::raw_ostream& out) {
  out << "(";
  dump(*binary.first, out);
  for (const BinaryLink& link : binary.links) {
    out << " " << spelling(link.op) << " ";
    dump(*link.operand, out);
  }
  out << ")";
}

}  // namespace

void dump(const QualifiedName& name, llvm::raw_ostream& out) {
  if (name.is_missing()) out << "<missing>";
  llvm::interleave(name.segments, [&](const Name& segment) { out << segment.text; }, [&] { out << "."; });
}

void dump(const TypeRef& type, llvm::raw_ostream& out) {
  dump(type.name, out);
  if (!type.arguments.empty()) {
    out << "<";
    list(type.arguments, out, [&](const TypeRef* argument) { dump(*argument, out); });
    out << ">";
  }
  if (type.is_optional) out << "?";
}

void dump(llvm::ArrayRef<Argument> arguments, llvm::raw_ostream& out) {
  list(arguments, out, [&](const Argument& argument) {
    if (!argument.name.is_missing()) out << argument.name.text << ": ";
    dump(*argument.value, out);
  });
}

void dump(const Trait& trait, llvm::raw_ostream& out) {
  out << "@" << trait.name.text;
  if (trait.arguments.empty()) return;
  out << "(";
  dump(trait.arguments, out);
  out << ")";
}

void dump(const Setting& setting, llvm::raw_ostream& out) {
  out << setting.name.text;
  for (const SettingTerm& term : setting.terms) {
    out << " [";
    list(term, out, [&](const Expr* value) { dump(*value, out); });
    out << "]";
  }
}

void dump(const Expr& expression, llvm::raw_ostream& out) {
  switch (expression.kind) {
    case ExprKind::kError:
      out << "<error>";
      return;
    case ExprKind::kPath: {
      const auto& path = llvm::cast<PathExpr>(expression);
      dump(QualifiedName{path.segments, path.span}, out);
      return;
    }
    case ExprKind::kLiteral:
      out << llvm::cast<LiteralExpr>(expression).text;
      return;
    case ExprKind::kString:
      dump_string(llvm::cast<StringExpr>(expression), out);
      return;
    case ExprKind::kList:
      out << "[";
      list(llvm::cast<ListExpr>(expression).elements, out, [&](const Expr* element) { dump(*element, out); });
      out << "]";
      return;
    case ExprKind::kObject:
      dump_object(llvm::cast<ObjectExpr>(expression), out);
      return;
    case ExprKind::kMember: {
      const auto& member = llvm::cast<MemberExpr>(expression);
      dump(*member.base, out);
      out << "." << member.member.text;
      return;
    }
    case ExprKind::kIndex: {
      const auto& index = llvm::cast<IndexExpr>(expression);
      dump(*index.base, out);
      out << "[";
      dump(*index.index, out);
      out << "]";
      return;
    }
    case ExprKind::kCall: {
      const auto& call = llvm::cast<CallExpr>(expression);
      dump(call.callee, out);
      out << "(";
      dump(call.arguments, out);
      out << ")";
      return;
    }
    case ExprKind::kUnary: {
      const auto& unary = llvm::cast<UnaryExpr>(expression);
      out << spelling(unary.op);
      dump(*unary.operand, out);
      return;
    }
    case ExprKind::kBinary:
      dump_binary(llvm::cast<BinaryExpr>(expression), out);
      return;
    case ExprKind::kRange: {
      const auto& range = llvm::cast<RangeExpr>(expression);
      dump_optional(range.low, out);
      out << "..";
      dump_optional(range.high, out);
      return;
    }
  }
  llvm_unreachable("not an expression");
}

}  // namespace zc::syntax
