// Text to syntax tree: lexes the file, then parses one declaration at a time.

#include "compiler/syntax/parse.h"

#include "FlowParser.h"
#include "compiler/base/source_manager.h"
#include "compiler/syntax/lexer/suppressions.h"
#include "compiler/syntax/parser/builder.h"
#include "compiler/syntax/parser/error_strategy.h"
#include "compiler/syntax/parser/unit_reader.h"
#include "compiler/syntax/parser/unit_stream.h"

#include <llvm/Support/Casting.h>

#include <memory>
#include <utility>
#include <vector>

namespace zc::syntax {
namespace {

using diagnostics::Kind;
using grammar::FlowParser;

constexpr std::uint32_t kEdition = 2026;

// Parses units, one after the other. The parse tree of a unit lives until the next one.
class UnitParser {
 public:
  UnitParser(llvm::StringRef text, FileId file, diagnostics::DiagnosticEngine& engine)
      : stream_(text),
        parser_(&stream_),
        giving_up_(std::make_shared<GiveUpStrategy>()),
        recovering_(std::make_shared<RecoveringStrategy>(stream_, file, text, engine)) {
    parser_.removeErrorListeners();
  }

  // First with a prediction that looks at no context and without recovery, which is nearly always enough and
  // fast.
  FlowParser::UnitContext* parse(const Unit& unit) {
    stream_.assign(unit);
    try {
      return attempt(giving_up_, antlr4::atn::PredictionMode::SLL);
    } catch (const antlr4::ParseCancellationException&) {
      return attempt(recovering_, antlr4::atn::PredictionMode::LL);
    }
  }

 private:
  FlowParser::UnitContext* attempt(const std::shared_ptr<antlr4::ANTLRErrorStrategy>& strategy,
                                   antlr4::atn::PredictionMode mode) {
    parser_.reset();
    parser_.setErrorHandler(strategy);
    parser_.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
    return parser_.unit();
  }

  UnitStream stream_;
  FlowParser parser_;
  std::shared_ptr<antlr4::ANTLRErrorStrategy> giving_up_;
  std::shared_ptr<antlr4::ANTLRErrorStrategy> recovering_;
};

// Edition, package, imports, then the rest.
int head_rank(const Declaration& declaration) {
  switch (declaration.kind) {
    case DeclarationKind::kEdition:
      return 0;
    case DeclarationKind::kPackage:
      return 1;
    case DeclarationKind::kImport:
      return 2;
    default:
      return 3;
  }
}

void check_head(llvm::ArrayRef<const Declaration*> declarations, diagnostics::DiagnosticEngine& engine) {
  const Declaration* latest = nullptr;
  for (const Declaration* declaration : declarations) {
    if (declaration->kind == DeclarationKind::kError) continue;
    const int rank = head_rank(*declaration);
    if (latest != nullptr && rank < head_rank(*latest)) {
      const std::string what =
          head_rank(*latest) == 3 ? "other declarations" : "`" + keyword(latest->kind).str() + "`";
      engine
          .report(Kind::kMisplacedDeclaration, declaration->span,
                  "`" + keyword(declaration->kind).str() + "`", what)
          .secondary(latest->span, "comes before it");
      continue;
    }
    if (latest != nullptr && rank < 2 && rank == head_rank(*latest)) {
      engine.report(Kind::kDuplicateClause, declaration->span, keyword(declaration->kind))
          .secondary(latest->span, "first written here");
    }
    if (const auto* edition = llvm::dyn_cast<EditionDeclaration>(declaration);
        edition != nullptr && !edition->erroneous && edition->year != kEdition) {
      engine.report(Kind::kUnknownEdition, edition->span, edition->year)
          .help("this compiler knows `edition " + llvm::Twine(kEdition) + ";`");
    }
    latest = declaration;
  }
}

}  // namespace

SyntaxTree parse(const SourceManager& sources, FileId file, diagnostics::DiagnosticEngine& engine) {
  return parse(sources, file, lex(sources, file, engine), engine);
}

SyntaxTree parse(const SourceManager& sources, FileId file, TokenList tokens,
                 diagnostics::DiagnosticEngine& engine) {
  SyntaxTree tree;
  tree.file = file;
  tree.tokens = std::move(tokens);
  collect_suppressions(sources, file, tree.tokens, engine);

  const llvm::StringRef text = sources.text(file);
  UnitReader reader(sources, file, tree.tokens, engine);
  UnitParser parser(text, file, engine);
  TreeBuilder builder(text, file, tree.tokens, tree.arenas, engine);
  Unit unit;
  while (reader.next(unit)) {
    tree.declarations.push_back(unit.is_parsable ? builder.build(parser.parse(unit), unit)
                                                 : builder.build_error(unit));
  }
  check_head(tree.declarations, engine);
  // Files that are no text have no tokens.
  tree.has_errors = builder.saw_error() || (tree.tokens.empty() && engine.has_errors());
  if (!tree.has_errors) builder.report_dangling_docs();
  return tree;
}

}  // namespace zc::syntax
