// Statements, clause by clause.

#include "compiler/sql/syntax/parser.h"

#include "compiler/sql/syntax/expression_parser.h"

#include <utility>

namespace zc::sql {

namespace {

class Parser final : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  std::optional<Statement> run() {
    Statement statement = parse_statement();
    take_symbol(";");
    if (failed() || !at_end()) return std::nullopt;
    return statement;
  }

 protected:
  Query parse_query() override {
    const Depth depth(*this);
    Query query;
    if (failed()) return query;
    query.tables = parse_common_tables();
    finish_query(query);
    return query;
  }

 private:
  Statement parse_statement() {
    const Depth depth(*this);
    Statement statement;
    if (failed()) return statement;
    std::vector<CommonTable> tables = parse_common_tables();
    if (at_word("insert") || at_word("replace")) {
      parse_insert(statement);
    } else if (take_word("update")) {
      parse_update(statement);
    } else if (take_word("delete")) {
      parse_delete(statement);
    } else if (at_word("select") || at_word("values") || at_symbol("(")) {
      finish_query(statement.query);
    } else {
      fail();
    }
    statement.tables = std::move(tables);
    return statement;
  }

  std::vector<CommonTable> parse_common_tables() {
    std::vector<CommonTable> tables;
    if (!take_word("with")) return tables;
    take_word("recursive");
    do {
      CommonTable table;
      table.name = expect_name();
      if (at_symbol("(")) table.columns = parse_names();
      expect_word("as");
      if (take_word("not")) expect_word("materialized");
      take_word("materialized");
      expect_symbol("(");
      table.statement = std::make_unique<Statement>(parse_statement());
      expect_symbol(")");
      tables.push_back(std::move(table));
    } while (!failed() && take_symbol(","));
    return tables;
  }

  // (a, b)
  std::vector<std::string> parse_names() {
    std::vector<std::string> names;
    expect_symbol("(");
    do {
      names.push_back(expect_name());
    } while (!failed() && take_symbol(","));
    expect_symbol(")");
    return names;
  }

  void finish_query(Query& query) {
    do {
      parse_core(query);
    } while (!failed() && take_set_operator());
    if (take_words({"order", "by"})) {
      do {
        query.order_by.push_back(parse_expression());
        if (!take_word("asc")) take_word("desc");
        if (take_word("nulls") && !take_word("first")) expect_word("last");
      } while (!failed() && take_symbol(","));
    }
    while (!failed() && (at_word("limit") || at_word("offset"))) {
      advance();
      if (take_word("all")) continue;
      query.limits.push_back(parse_expression());
      if (take_symbol(",")) query.limits.push_back(parse_expression());
      if (!take_word("rows")) take_word("row");
    }
    if (take_word("for")) {  // update, no key update, share ..., of, nowait, skip locked
      while (!at_end() && !at_symbol(")"))
        advance();
    }
  }

  bool take_set_operator() {
    if (!take_word("union") && !take_word("intersect") && !take_word("except")) return false;
    if (!take_word("all")) take_word("distinct");
    return true;
  }

  // `select ...`, `values ...`; in PostgreSQL also a query in brackets.
  void parse_core(Query& query) {
    if (take_symbol("(")) {
      Query inner = parse_query();
      expect_symbol(")");
      if (failed()) return;
      // Its `with`, order and limits may hold parameters; they are rare enough to be left alone.
      if (!inner.tables.empty() || !inner.order_by.empty() || !inner.limits.empty()) return fail();
      for (Core& core : inner.cores)
        query.cores.push_back(std::move(core));
      return;
    }
    Core core;
    if (take_word("values")) {
      core.is_values = true;
      do {
        expect_symbol("(");
        core.rows.push_back(parse_list());
        expect_symbol(")");
      } while (!failed() && take_symbol(","));
    } else {
      expect_word("select");
      if (take_word("distinct")) {
        if (at_word("on") && at_symbol("(", 1)) {
          advance();
          skip_brackets();
        }
      } else {
        take_word("all");
      }
      core.items = parse_items();
      if (take_word("from")) core.from = parse_from();
      if (take_word("where")) core.where = parse_expression();
      if (take_words({"group", "by"})) core.group_by = parse_list();
      if (take_word("having")) core.having = parse_expression();
      if (take_word("window")) {
        do {
          expect_name();
          expect_word("as");
          if (!at_symbol("(")) return fail();
          skip_brackets();
        } while (!failed() && take_symbol(","));
      }
    }
    query.cores.push_back(std::move(core));
  }

  std::vector<Item> parse_items() {
    std::vector<Item> items;
    do {
      Item item;
      item.begin = token().begin;
      if (take_symbol("*")) {
        item.is_star = true;
      } else if (at_name() && at_symbol(".", 1) && at_symbol("*", 2)) {
        item.is_star = true;
        item.qualifier = expect_name();
        advance();
        advance();
      } else {
        item.value = parse_expression();
        if (take_word("as")) {
          item.alias = expect_name_or_text();
        } else if (at_alias()) {
          item.alias = expect_name();
        }
      }
      item.end = last_end();
      items.push_back(std::move(item));
    } while (!failed() && take_symbol(","));
    return items;
  }

  std::string expect_name_or_text() {
    if (token().kind == TokenKind::kText) fail();  // `as 'name'`, an old form of SQLite
    return expect_name();
  }

  // Words that may stand behind an item or a source, and are no alias there.
  [[nodiscard]] bool at_alias() const { return at_name() && !at_word("window"); }

  // Joins in the order in which they are written; a comma is one.
  std::vector<Join> parse_from() {
    std::vector<Join> joins;
    joins.emplace_back().source = parse_source();
    while (!failed()) {
      Join join;
      if (take_symbol(",")) {
        join.source = parse_source();
      } else if (!take_join(join)) {
        break;
      }
      joins.push_back(std::move(join));
    }
    return joins;
  }

  bool take_join(Join& join) {
    join.is_natural = take_word("natural");
    bool is_join = join.is_natural;
    if (at_word("left") || at_word("right") || at_word("full")) {
      join.kind = at_word("left") ? JoinKind::kLeft : at_word("right") ? JoinKind::kRight : JoinKind::kFull;
      advance();
      take_word("outer");
      is_join = true;
    } else if (take_word("inner") || take_word("cross")) {
      is_join = true;
    }
    if (!take_word("join")) {
      if (is_join) fail();
      return false;
    }
    join.source = parse_source();
    if (take_word("on")) {
      join.on = parse_expression();
    } else if (take_word("using")) {
      join.shared = parse_names();
    }
    return true;
  }

  Source parse_source() {
    const Depth depth(*this);
    Source source;
    if (failed()) return source;
    take_word("lateral");
    if (take_symbol("(")) {
      if (at_query()) {
        source.query = std::make_unique<Query>(parse_query());
      } else {
        source.joins = parse_from();
      }
      expect_symbol(")");
    } else {
      take_word("only");
      source.name = expect_name();
      if (take_symbol(".")) source.name = expect_name();
      if (take_symbol("(")) {
        source.is_function = true;
        if (!at_symbol(")")) source.arguments = parse_list();
        expect_symbol(")");
      }
    }
    if (take_words({"not", "indexed"})) return source;
    if (take_word("as")) {
      source.alias = expect_name();
    } else if (at_alias() && !at_word("indexed") && !at_word("tablesample")) {
      source.alias = expect_name();
    }
    if (!source.alias.empty() && at_symbol("(")) source.columns = parse_names();
    if (take_word("indexed")) {
      expect_word("by");
      expect_name();
    }
    return source;
  }

  void parse_table(Statement& statement) {
    statement.table_begin = token().begin;
    statement.table = expect_name();
    if (take_symbol(".")) {
      statement.table_begin = token().begin;
      statement.table = expect_name();
    }
    statement.table_end = last_end();
  }

  void parse_insert(Statement& statement) {
    statement.kind = StatementKind::kInsert;
    if (take_word("replace")) {
      statement.has_action = true;
    } else {
      expect_word("insert");
      if (take_word("or")) {
        statement.has_action = true;
        expect_name();
      }
    }
    expect_word("into");
    parse_table(statement);
    if (take_word("as")) statement.alias = expect_name();
    if (at_symbol("(")) statement.columns = parse_names();
    if (take_words({"overriding", "system", "value"}) || take_words({"overriding", "user", "value"})) {
      statement.has_action = true;
    }
    if (take_words({"default", "values"})) {
      statement.inserts_defaults = true;
    } else {
      statement.query = parse_query();
    }
    while (!failed() && take_words({"on", "conflict"}))
      parse_conflict(statement);
    parse_returning(statement);
  }

  void parse_conflict(Statement& statement) {
    if (take_word("on")) {
      expect_word("constraint");
      expect_name();
    } else if (at_symbol("(")) {
      skip_brackets();
      if (take_word("where")) statement.conditions.push_back(parse_expression());
    }
    expect_word("do");
    if (take_word("nothing")) return;
    expect_word("update");
    expect_word("set");
    parse_assignments(statement);
    if (take_word("where")) statement.conditions.push_back(parse_expression());
  }

  void parse_assignments(Statement& statement) {
    do {
      Assignment assignment;
      if (at_symbol("(")) {
        assignment.columns = parse_names();
      } else {
        assignment.columns.push_back(expect_name());
      }
      expect_symbol("=");
      assignment.value = parse_expression();
      statement.assignments.push_back(std::move(assignment));
    } while (!failed() && take_symbol(","));
  }

  void parse_update(Statement& statement) {
    statement.kind = StatementKind::kUpdate;
    if (take_word("or")) {
      statement.has_action = true;
      expect_name();
    }
    take_word("only");
    parse_table(statement);
    if (take_word("as")) {
      statement.alias = expect_name();
    } else if (at_alias() && !at_word("indexed")) {
      statement.alias = expect_name();
    }
    expect_word("set");
    parse_assignments(statement);
    if (take_word("from")) statement.from = parse_from();
    finish_change(statement);
  }

  void parse_delete(Statement& statement) {
    statement.kind = StatementKind::kDelete;
    expect_word("from");
    take_word("only");
    parse_table(statement);
    if (take_word("as")) {
      statement.alias = expect_name();
    } else if (at_alias() && !at_word("indexed")) {
      statement.alias = expect_name();
    }
    if (take_word("using")) statement.from = parse_from();
    finish_change(statement);
  }

  void finish_change(Statement& statement) {
    if (take_word("where")) statement.conditions.push_back(parse_expression());
    parse_returning(statement);
  }

  void parse_returning(Statement& statement) {
    if (take_word("returning")) statement.returning = parse_items();
  }
};

}  // namespace

std::optional<Statement> parse_statement(llvm::StringRef text, llvm::ArrayRef<Token> tokens,
                                         Dialect dialect) {
  return Parser(text, tokens, dialect).run();
}

}  // namespace zc::sql
