// The syntax tree as text: declarations.

#include "compiler/syntax/dump/ast_dumper.h"
#include "compiler/syntax/parse.h"

#include <llvm/Support/Casting.h>
#include <llvm/Support/ErrorHandling.h>

namespace zc::syntax {
namespace {

const char* word_of(Order order) {
  switch (order) {
    case Order::kBefore:
      return "before";
    case Order::kAfter:
      return "after";
    case Order::kRequires:
      break;
  }
  return "requires";
}

}  // namespace

void AstDumper::dump_declaration(const Declaration& declaration) {
  begin(declaration);
  out_ << (declaration.kind == DeclarationKind::kError ? "<error>" : keyword(declaration.kind));
  if (!declaration.name.is_missing()) out_ << " " << declaration.name.text;
  dump_head(declaration);
  finish(declaration.span);
  ++depth_;
  dump_doc(declaration.doc);
  for (const Trait& trait : declaration.traits)
    line([&] { dump(trait, out_); });
  dump_members(declaration);
  --depth_;
}

void AstDumper::dump_head(const Declaration& declaration) {
  switch (declaration.kind) {
    case DeclarationKind::kEdition:
      out_ << " " << llvm::cast<EditionDeclaration>(declaration).year;
      break;
    case DeclarationKind::kPackage:
      out_ << " ";
      dump(llvm::cast<PackageDeclaration>(declaration).path, out_);
      break;
    case DeclarationKind::kImport: {
      const auto& import = llvm::cast<ImportDeclaration>(declaration);
      out_ << " ";
      dump(import.path, out_);
      if (!import.alias.is_missing()) out_ << " as " << import.alias.text;
      break;
    }
    case DeclarationKind::kScalar:
      out_ << ": ";
      dump(*llvm::cast<ScalarDeclaration>(declaration).type, out_);
      break;
    case DeclarationKind::kStep:
      dump_step_head(llvm::cast<StepDeclaration>(declaration));
      break;
    case DeclarationKind::kFlow:
      dump_flow_head(llvm::cast<FlowDeclaration>(declaration));
      break;
    case DeclarationKind::kChain:
      for (const OrderClause& clause : llvm::cast<ChainDeclaration>(declaration).order) {
        out_ << ' ' << word_of(clause.order) << ' ';
        dump_names(clause.names);
      }
      break;
    case DeclarationKind::kJob:
      dump_slot_uses(" (", llvm::cast<JobDeclaration>(declaration).parameters, ")");
      break;
    case DeclarationKind::kTarget: {
      const auto& target = llvm::cast<TargetDeclaration>(declaration);
      out_ << " = ";
      dump(target.adapter, out_);
      out_ << "(";
      dump(target.arguments, out_);
      out_ << ")";
      break;
    }
    default:
      break;
  }
}

void AstDumper::dump_members(const Declaration& declaration) {
  switch (declaration.kind) {
    case DeclarationKind::kError:
    case DeclarationKind::kEdition:
    case DeclarationKind::kPackage:
    case DeclarationKind::kImport:
    case DeclarationKind::kScalar:
    case DeclarationKind::kDomain:
      return;
    case DeclarationKind::kSchema:
      label("file", llvm::cast<SchemaDeclaration>(declaration).file);
      return;
    case DeclarationKind::kStruct:
      dump_fields(llvm::cast<StructDeclaration>(declaration).fields);
      return;
    case DeclarationKind::kErrorType:
      dump_fields(llvm::cast<ErrorTypeDeclaration>(declaration).fields);
      return;
    case DeclarationKind::kSlots:
      dump_fields(llvm::cast<SlotsDeclaration>(declaration).slots);
      return;
    case DeclarationKind::kEnum:
      for (const EnumMember& member : llvm::cast<EnumDeclaration>(declaration).members)
        dump_enum_member(member);
      return;
    case DeclarationKind::kExternType:
      label("type", llvm::cast<ExternTypeDeclaration>(declaration).cpp_name);
      label("header", llvm::cast<ExternTypeDeclaration>(declaration).header);
      return;
    case DeclarationKind::kAdapter:
      dump_fields(llvm::cast<AdapterDeclaration>(declaration).parameters);
      for (const Operation& operation : llvm::cast<AdapterDeclaration>(declaration).operations) {
        dump_operation(operation);
      }
      return;
    case DeclarationKind::kTarget:
      dump_settings(llvm::cast<TargetDeclaration>(declaration).settings);
      return;
    case DeclarationKind::kPolicy:
      dump_settings(llvm::cast<PolicyDeclaration>(declaration).settings);
      return;
    case DeclarationKind::kService:
      dump_settings(llvm::cast<ServiceDeclaration>(declaration).settings);
      return;
    case DeclarationKind::kStep:
      dump_step(llvm::cast<StepDeclaration>(declaration));
      return;
    case DeclarationKind::kChain:
      dump_block(llvm::cast<ChainDeclaration>(declaration).body);
      return;
    case DeclarationKind::kFlow:
      dump_flow_body(llvm::cast<FlowDeclaration>(declaration).body);
      return;
    case DeclarationKind::kJob:
      dump_flow_body(llvm::cast<JobDeclaration>(declaration).body);
      return;
    case DeclarationKind::kCron:
      label("schedule", llvm::cast<CronDeclaration>(declaration).schedule);
      label("time zone", llvm::cast<CronDeclaration>(declaration).time_zone);
      dump_flow_body(llvm::cast<CronDeclaration>(declaration).body);
      return;
  }
  llvm_unreachable("not a declaration");
}

void AstDumper::dump_fields(llvm::ArrayRef<Field> fields) {
  for (const Field& field : fields) {
    begin(field);
    if (field.is_private) out_ << "private ";
    out_ << field.name.text << ": ";
    dump(*field.type, out_);
    if (field.default_value != nullptr) {
      out_ << " = ";
      dump(*field.default_value, out_);
    }
    finish(field.span);
    dump_inner(field.doc, field.traits);
  }
}

void AstDumper::dump_inner(const Doc& doc, llvm::ArrayRef<Trait> traits) {
  ++depth_;
  dump_doc(doc);
  for (const Trait& trait : traits)
    line([&] { dump(trait, out_); });
  --depth_;
}

void AstDumper::dump_enum_member(const EnumMember& member) {
  begin(member);
  out_ << member.name.text;
  if (member.value != nullptr) {
    out_ << " = ";
    dump(*member.value, out_);
  }
  finish(member.span);
  dump_inner(member.doc, member.traits);
}

void AstDumper::dump_operation(const Operation& operation) {
  begin(operation);
  out_ << "operation " << operation.name.text;
  if (!operation.type_parameters.empty()) {
    out_ << "<";
    list(operation.type_parameters, [&](const Name& name) { out_ << name.text; });
    out_ << ">";
  }
  if (operation.result != nullptr) {
    out_ << " -> ";
    dump(*operation.result, out_);
  }
  dump_fails(operation.fails);
  finish(operation.span);
  dump_inner(operation.doc, operation.traits);
  ++depth_;
  dump_fields(operation.parameters);
  --depth_;
}

void AstDumper::dump_settings(llvm::ArrayRef<Setting> settings) {
  for (const Setting& setting : settings) {
    begin(setting);
    out_ << "setting ";
    dump(setting, out_);
    finish(setting.span);
    dump_inner(setting.doc, {});
  }
}

void dump_ast(const SyntaxTree& tree, const SourceManager& sources, llvm::raw_ostream& out) {
  AstDumper dumper(sources, out);
  for (const Declaration* declaration : tree.declarations)
    dumper.dump_declaration(*declaration);
}

}  // namespace zc::syntax
