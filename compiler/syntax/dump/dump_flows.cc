// The syntax tree as text: flows and their statements.

#include "compiler/syntax/dump/ast_dumper.h"

#include <llvm/Support/Casting.h>
#include <llvm/Support/ErrorHandling.h>

namespace zc::syntax {
namespace {

llvm::StringRef block_name(BlockKind kind) {
  switch (kind) {
    case BlockKind::kParallel:
      return "parallel";
    case BlockKind::kSequential:
      return "sequential";
    case BlockKind::kSaga:
      return "saga";
  }
  llvm_unreachable("not a block");
}

const char* event_word(HandlerEvent event) {
  switch (event) {
    case HandlerEvent::kError:
      return "on error";
    case HandlerEvent::kCancel:
      return "on cancel";
    case HandlerEvent::kOverload:
      break;
  }
  return "on overload";
}

}  // namespace

void AstDumper::dump_flow_head(const FlowDeclaration& flow) {
  if (flow.trigger != nullptr) {
    out_ << " on " << flow.trigger->method.text << " ";
    dump(*flow.trigger->path, out_);
  }
  if (!flow.before.empty()) {
    out_ << " before ";
    dump_names(flow.before);
  }
  if (flow.is_public) out_ << " public";
}

void AstDumper::dump_flow_body(const FlowBody& body) {
  dump_settings(body.settings);
  dump_block(body.block);
}

void AstDumper::dump_block(const Block& block) {
  for (const Statement* statement : block.statements)
    dump_statement(*statement);
}

void AstDumper::dump_branch(llvm::StringRef title, const Block& block) {
  line([&] { out_ << title; });
  ++depth_;
  dump_block(block);
  --depth_;
}

void AstDumper::dump_transaction_head(const TransactionStatement& transaction) {
  out_ << "tx";
  if (!transaction.target.is_missing()) {
    out_ << " ";
    dump(transaction.target, out_);
  }
  if (!transaction.isolation.empty()) out_ << " isolation";
  for (const Name& word : transaction.isolation)
    out_ << " " << word.text;
  dump_fails(transaction.fails);
}

void AstDumper::dump_statement(const Statement& statement) {
  begin(statement);
  switch (statement.kind) {
    case StatementKind::kError:
      out_ << "<error>";
      break;
    case StatementKind::kUse:
      out_ << "use ";
      dump(llvm::cast<UseStatement>(statement).name, out_);
      break;
    case StatementKind::kBlock:
      out_ << block_name(llvm::cast<BlockStatement>(statement).block_kind);
      break;
    case StatementKind::kTransaction:
      dump_transaction_head(llvm::cast<TransactionStatement>(statement));
      break;
    case StatementKind::kWhen:
      out_ << "when";
      break;
    case StatementKind::kEach: {
      const auto& each = llvm::cast<EachStatement>(statement);
      out_ << "each " << each.variable.text << " in ";
      dump(*each.collection, out_);
      if (!each.results.empty()) out_ << " -> ";
      dump_names(each.results);
      break;
    }
    case StatementKind::kRescue:
      out_ << "rescue ";
      dump_names(llvm::cast<RescueStatement>(statement).errors);
      break;
    case StatementKind::kHandler: {
      const auto& handler = llvm::cast<HandlerStatement>(statement);
      out_ << event_word(handler.event);
      if (!handler.errors.empty()) out_ << " ";
      dump_names(handler.errors);
      break;
    }
    case StatementKind::kCall: {
      const auto& call = llvm::cast<CallStatement>(statement);
      out_ << "call ";
      dump(call.flow, out_);
      out_ << "(";
      dump(call.arguments, out_);
      out_ << ")";
      break;
    }
    case StatementKind::kEnqueue: {
      const auto& enqueue = llvm::cast<EnqueueStatement>(statement);
      out_ << "enqueue ";
      dump(enqueue.job, out_);
      out_ << "(";
      dump(enqueue.arguments, out_);
      out_ << ")";
      break;
    }
    case StatementKind::kReturn:
      out_ << "return " << llvm::cast<ReturnStatement>(statement).status;
      break;
  }
  finish(statement.span);
  ++depth_;
  dump_inside(statement);
  --depth_;
}

void AstDumper::dump_inside(const Statement& statement) {
  if (const auto* block = llvm::dyn_cast<BlockStatement>(&statement)) {
    dump_block(block->body);
  } else if (const auto* transaction = llvm::dyn_cast<TransactionStatement>(&statement)) {
    label("retry", transaction->retry);
    dump_block(transaction->body);
  } else if (const auto* when = llvm::dyn_cast<WhenStatement>(&statement)) {
    for (const WhenArm& arm : when->arms) {
      label("condition", arm.condition);
      dump_branch("then", arm.body);
    }
    if (when->otherwise != nullptr) dump_branch("else", *when->otherwise);
  } else if (const auto* each = llvm::dyn_cast<EachStatement>(&statement)) {
    label("max", each->max);
    label("parallel", each->parallel);
    dump_block(each->body);
  } else if (const auto* rescue = llvm::dyn_cast<RescueStatement>(&statement)) {
    dump_block(rescue->body);
  } else if (const auto* handler = llvm::dyn_cast<HandlerStatement>(&statement)) {
    dump_block(handler->body);
  } else if (const auto* enqueue = llvm::dyn_cast<EnqueueStatement>(&statement)) {
    label("after", enqueue->after);
    label("priority", enqueue->priority);
    label("unique", enqueue->unique);
  } else if (const auto* answer = llvm::dyn_cast<ReturnStatement>(&statement)) {
    dump_return(*answer);
  }
}

void AstDumper::dump_return(const ReturnStatement& answer) {
  switch (answer.body_kind) {
    case BodyKind::kNone:
      break;
    case BodyKind::kValue:
      label("body", answer.body);
      break;
    case BodyKind::kStream:
      label("stream", answer.body);
      break;
    case BodyKind::kSse:
      label("sse", answer.body);
      break;
  }
  if (!answer.format.is_missing()) line([&] { out_ << "as: " << answer.format.text; });
  label("as", answer.media_type);
  for (const HeaderClause& header : answer.headers) {
    line([&] {
      out_ << "header " << header.name.text << ": ";
      dump(*header.value, out_);
    });
  }
  if (!answer.reveals.empty()) {
    line([&] {
      out_ << "reveal ";
      dump_names(answer.reveals);
    });
  }
}

}  // namespace zc::syntax
