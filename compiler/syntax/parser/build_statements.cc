// Builds the statements of flows, jobs, crons and chains.

#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/syntax/parser/builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/Casting.h>

#include <array>

namespace zc::syntax {
namespace {

using diagnostics::Kind;

// What a statement can begin with: a slip there reads like a setting.
constexpr std::array<llvm::StringRef, 10> kStatementKeywords{
    "parallel", "sequential", "saga", "tx", "when", "each", "rescue", "call", "enqueue", "return"};

}  // namespace

const Statement* TreeBuilder::error_statement(Span span) {
  auto* error = make<ErrorStatement>();
  error->span = span;
  saw_error_ = true;
  return error;
}

// Settings go to `settings`; where that is null they have no meaning.
Block TreeBuilder::block(Grammar::BlockContext* context, llvm::SmallVectorImpl<Setting>* settings) {
  if (context == nullptr) {
    saw_error_ = true;
    return {};
  }
  if (context->exception != nullptr) saw_error_ = true;
  Block block;
  block.span = span(context);
  llvm::SmallVector<const Statement*, 16> statements;
  for (Grammar::StatementContext* member : context->statement())
    statement(member, statements, settings);
  block.statements = copy(statements);
  return block;
}

FlowBody TreeBuilder::flow_body(Grammar::BlockContext* context, llvm::ArrayRef<llvm::StringRef> flags) {
  flags_ = flags;
  llvm::SmallVector<Setting, 8> settings;
  FlowBody body;
  body.block = block(context, &settings);
  body.settings = copy(settings);
  return body;
}

void TreeBuilder::statement(Grammar::StatementContext* context,
                            llvm::SmallVectorImpl<const Statement*>& statements,
                            llvm::SmallVectorImpl<Setting>* settings) {
  const Span place = span(context);
  if (context->exception != nullptr) {
    statements.push_back(error_statement(place));
    add_blocks(context, statements);
    return;
  }
  if (context->flowSetting() != nullptr) {
    flow_setting(context->flowSetting(), statements, settings);
    return;
  }
  ErrorScope scope(*this);
  const auto finish = [&](Statement* node) {
    node->span = place;
    node->erroneous = scope.failed(context);
    statements.push_back(node);
  };
  if (context->useStatement() != nullptr) {
    if (settings != nullptr && statements.empty() && flag(context->useStatement(), *settings)) return;
    statements.push_back(use(context->useStatement()));
  } else if (context->transactionStatement() != nullptr) {
    statements.push_back(transaction(context->transactionStatement()));
  } else if (context->whenStatement() != nullptr) {
    statements.push_back(when(context->whenStatement()));
  } else if (context->eachStatement() != nullptr) {
    statements.push_back(each(context->eachStatement()));
  } else if (context->returnStatement() != nullptr) {
    statements.push_back(return_statement(context->returnStatement()));
  } else if (context->ENQUEUE() != nullptr) {
    statements.push_back(enqueue(context));
  } else if (context->CALL() != nullptr) {
    auto* node = make<CallStatement>();
    node->flow =
        context->qualifiedName().empty() ? QualifiedName() : qualified_name(context->qualifiedName(0));
    if (context->arguments() != nullptr) node->arguments = arguments(context->arguments());
    finish(node);
  } else if (context->RESCUE() != nullptr) {
    auto* node = make<RescueStatement>();
    node->errors = qualified_names(context->qualifiedName());
    node->body = block(context->block(), nullptr);
    finish(node);
  } else if (context->ON() != nullptr) {
    auto* node = make<HandlerStatement>();
    if (context->CANCEL() != nullptr) node->event = HandlerEvent::kCancel;
    if (context->OVERLOAD() != nullptr) node->event = HandlerEvent::kOverload;
    node->errors = qualified_names(context->qualifiedName());
    node->body = block(context->block(), nullptr);
    finish(node);
  } else {
    auto* node = make<BlockStatement>();
    if (context->SEQUENTIAL() != nullptr) node->block_kind = BlockKind::kSequential;
    if (context->SAGA() != nullptr) node->block_kind = BlockKind::kSaga;
    node->body = block(context->block(), nullptr);
    finish(node);
  }
}

// The blocks of a statement whose head is wrong: what stands in them is looked at all the same.
void TreeBuilder::add_blocks(Grammar::StatementContext* context,
                             llvm::SmallVectorImpl<const Statement*>& statements) {
  for (antlr4::tree::ParseTree* child : context->children) {
    auto* inner = dynamic_cast<Grammar::BlockContext*>(child);
    if (inner == nullptr) continue;
    auto* node = make<BlockStatement>();
    node->block_kind = BlockKind::kSequential;
    node->span = span(inner);
    node->body = block(inner, nullptr);
    node->erroneous = true;
    statements.push_back(node);
  }
}

// `name terms;`: a setting, or a step whose `;` is missing before the next line.
void TreeBuilder::flow_setting(Grammar::FlowSettingContext* context,
                               llvm::SmallVectorImpl<const Statement*>& statements,
                               llvm::SmallVectorImpl<Setting>* settings) {
  const std::vector<Grammar::SettingTermContext*> contexts = context->settingTerm();
  ErrorScope scope(*this);
  Setting setting;
  setting.span = span(context);
  setting.doc = doc_before(context);
  setting.name = name_of(context->useName());
  if (const auto meant = diagnostics::did_you_mean(setting.name.text, kStatementKeywords)) {
    engine_
        .report(Kind::kUnexpectedToken, setting.name.span, "a statement", "`" + setting.name.text.str() + "`")
        .help("did you mean `" + *meant + "`?")
        .fix("write `" + *meant + "`", setting.name.span, *meant);
    statements.push_back(error_statement(setting.span));
    return;
  }
  const std::size_t count = count_terms(context, contexts);
  if (count == 0) {
    auto* node = make<UseStatement>();
    node->name = {copy(llvm::SmallVector<Name, 1>{setting.name}), setting.name.span};
    node->span = setting.name.span;
    statements.push_back(node);
  } else {
    llvm::SmallVector<SettingTerm, 4> terms;
    for (Grammar::SettingTermContext* value : llvm::ArrayRef(contexts).take_front(count))
      terms.push_back(term(value));
    setting.terms = copy(terms);
    setting.erroneous = scope.failed(context);
    if (settings == nullptr) {
      engine_.report(Kind::kMisplacedSetting, setting.name.span, setting.name.text, "has no meaning here")
          .note(
              "settings stand at the top of a flow, job or cron; a statement that only names a step is "
              "`step;`");
      saw_error_ = true;
    } else if (!statements.empty()) {
      engine_.report(Kind::kMisplacedSetting, setting.name.span, setting.name.text, "comes after a statement")
          .secondary(statements.front()->span, "the first statement")
          .help("move it to the top of the block");
      settings->push_back(setting);
    } else {
      settings->push_back(setting);
    }
  }
  if (count == contexts.size()) return;
  // The rest is a statement of its own: of a step or chain, where it is a single path.
  const auto rest = llvm::ArrayRef(contexts).drop_front(count);
  const SettingTerm first = term(rest.front());
  const auto* path =
      rest.size() == 1 && first.size() == 1 ? llvm::dyn_cast<PathExpr>(first.front()) : nullptr;
  if (path == nullptr) {
    statements.push_back(error_statement(span(rest.front(), rest.back())));
    return;
  }
  auto* node = make<UseStatement>();
  node->name = {path->segments, path->span};
  node->span = path->span;
  statements.push_back(node);
}

// True when it is a setting without a value.
bool TreeBuilder::flag(Grammar::UseStatementContext* context, llvm::SmallVectorImpl<Setting>& settings) {
  const Name name = name_of(context->useName());
  if (!context->memberName().empty() || !llvm::is_contained(flags_, name.text)) return false;
  Setting setting;
  setting.span = span(context);
  setting.doc = doc_before(context);
  setting.name = name;
  settings.push_back(setting);
  return true;
}

const Statement* TreeBuilder::use(Grammar::UseStatementContext* context) {
  llvm::SmallVector<Name, 4> segments{name_of(context->useName())};
  for (Grammar::MemberNameContext* member : context->memberName())
    segments.push_back(name_of(member));
  auto* node = make<UseStatement>();
  node->name = {copy(segments), cover(segments.front().span, segments.back().span)};
  node->span = span(context);
  node->erroneous = context->exception != nullptr;
  return node;
}

const Statement* TreeBuilder::transaction(Grammar::TransactionStatementContext* context) {
  ErrorScope scope(*this);
  auto* node = make<TransactionStatement>();
  node->span = span(context);
  node->keyword = span(context->TX());
  if (context->qualifiedName() != nullptr) node->target = qualified_name(context->qualifiedName());
  std::vector<Grammar::FailureContext*> failing;
  for (Grammar::TransactionClauseContext* clause : context->transactionClause()) {
    if (clause->ISOLATION() != nullptr) {
      if (!node->isolation.empty())
        report_duplicate(span(clause), "isolation",
                         cover(node->isolation.front().span, node->isolation.back().span));
      llvm::SmallVector<Name, 2> words;
      for (antlr4::tree::TerminalNode* word : clause->IDENTIFIER())
        words.push_back(name_of(token(word)));
      if (node->isolation.empty()) node->isolation = copy(words);
    } else if (clause->RETRY() != nullptr) {
      const Expr* given = expression(clause->expression(), span(clause));
      if (node->retry != nullptr) {
        report_duplicate(span(clause), "retry", node->retry->span);
      } else {
        node->retry = given;
      }
    } else {
      const auto named = clause->failure();
      failing.insert(failing.end(), named.begin(), named.end());
    }
  }
  node->fails = failures(failing);
  node->body = block(context->block(), nullptr);
  node->erroneous = scope.failed(context);
  return node;
}

const Statement* TreeBuilder::when(Grammar::WhenStatementContext* context) {
  ErrorScope scope(*this);
  auto* node = make<WhenStatement>();
  node->span = span(context);
  const std::vector<Grammar::ExpressionContext*> conditions = context->expression();
  const std::vector<Grammar::BlockContext*> blocks = context->block();
  llvm::SmallVector<WhenArm, 4> arms;
  for (std::size_t index = 0; index < conditions.size() && index < blocks.size(); ++index) {
    arms.push_back({expression(conditions[index], node->span), block(blocks[index], nullptr)});
  }
  node->arms = copy(arms);
  if (blocks.size() > conditions.size()) {
    auto* otherwise = make<Block>();
    *otherwise = block(blocks.back(), nullptr);
    node->otherwise = otherwise;
  }
  node->erroneous = scope.failed(context);
  return arms.empty() ? error_statement(node->span) : node;
}

const Statement* TreeBuilder::each(Grammar::EachStatementContext* context) {
  ErrorScope scope(*this);
  auto* node = make<EachStatement>();
  node->span = span(context);
  node->variable = name_of(context->name());
  node->collection = expression(context->expression(), node->span);
  for (Grammar::EachClauseContext* clause : context->eachClause()) {
    const bool is_max = clause->MAX() != nullptr;
    const Expr*& value = is_max ? node->max : node->parallel;
    const Expr* given = expression(clause->expression(), span(clause));
    if (value != nullptr) {
      report_duplicate(span(clause), is_max ? "max" : "parallel", value->span);
    } else {
      value = given;
    }
  }
  node->body = block(context->block(), nullptr);
  node->results = qualified_names(context->qualifiedName());
  node->erroneous = scope.failed(context);
  return node;
}

const Statement* TreeBuilder::enqueue(Grammar::StatementContext* context) {
  ErrorScope scope(*this);
  auto* node = make<EnqueueStatement>();
  node->span = span(context);
  node->job = context->qualifiedName().empty() ? QualifiedName() : qualified_name(context->qualifiedName(0));
  if (context->arguments() != nullptr) node->arguments = arguments(context->arguments());
  for (Grammar::EnqueueClauseContext* clause : context->enqueueClause()) {
    const Expr** value = &node->after;
    if (clause->PRIORITY() != nullptr) value = &node->priority;
    if (clause->UNIQUE() != nullptr) value = &node->unique;
    const Expr* given = expression(clause->expression(), span(clause));
    if (*value != nullptr) {
      report_duplicate(span(clause), token(clause->getStart()).text(), (*value)->span);
    } else {
      *value = given;
    }
  }
  node->erroneous = scope.failed(context);
  return node;
}

const Statement* TreeBuilder::return_statement(Grammar::ReturnStatementContext* context) {
  ErrorScope scope(*this);
  auto* node = make<ReturnStatement>();
  node->span = span(context);
  if (context->NUMBER() != nullptr) {
    const ParserToken& written = token(context->NUMBER());
    node->status_span = span(written);
    node->status = status(written);
  }
  if (Grammar::ReturnBodyContext* body = context->returnBody()) {
    node->body_kind = BodyKind::kValue;
    if (body->STREAM() != nullptr) node->body_kind = BodyKind::kStream;
    if (body->SSE() != nullptr) node->body_kind = BodyKind::kSse;
    node->body = expression(body->expression(), span(body));
  }
  llvm::SmallVector<HeaderClause, 4> headers;
  llvm::SmallVector<QualifiedName, 4> reveals;
  Span format_span;
  for (Grammar::ReturnClauseContext* clause : context->returnClause()) {
    if (clause->AS() != nullptr) {
      if (format_span.is_valid()) report_duplicate(span(clause), "as", format_span);
      format_span = span(clause);
      if (clause->string() != nullptr) {
        node->media_type = string(clause->string(), StringUse::kPlain);
      } else {
        node->format = name_of(clause->name());
      }
    } else if (clause->LOCATION() != nullptr) {
      headers.push_back({name_of(token(clause->LOCATION())), expression(clause->expression(), span(clause))});
    } else if (clause->REVEAL() != nullptr) {
      node->reveals_span = span(clause);
      for (const QualifiedName& revealed : qualified_names(clause->qualifiedName()))
        reveals.push_back(revealed);
    }
    for (Grammar::HeaderContext* header : clause->header()) {
      HeaderClause value;
      if (header->string() != nullptr) {
        const StringExpr* quoted = string(header->string(), StringUse::kPlain);
        value.name = {quoted->plain_text(), quoted->span};
      } else if (header->headerName() != nullptr) {
        const Span place = span(header->headerName());
        value.name = {text_.slice(place.begin, place.end), place};
      }
      value.value = expression(header->expression(), span(header));
      headers.push_back(value);
    }
  }
  node->headers = copy(headers);
  node->reveals = copy(reveals);
  node->erroneous = scope.failed(context);
  return node;
}

}  // namespace zc::syntax
