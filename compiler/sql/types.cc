// By the words that declared types are made of, in SQLite and PostgreSQL alike.

#include "compiler/sql/types.h"

#include <llvm/ADT/STLExtras.h>

#include <array>
#include <string>

namespace zc::sql {

namespace {

struct Word {
  llvm::StringLiteral text;
  Type type;
};

// Whole words, for which SQLite's rule (https://www.sqlite.org/datatype3.html, 3.1) is too coarse.
constexpr std::array kWords = {
    Word{"bool", Type::kBoolean},
    Word{"boolean", Type::kBoolean},
    Word{"serial", Type::kInteger},
    Word{"bigserial", Type::kInteger},
    Word{"smallserial", Type::kInteger},
    Word{"serial4", Type::kInteger},
    Word{"serial8", Type::kInteger},
    Word{"numeric", Type::kDecimal},
    Word{"decimal", Type::kDecimal},
    Word{"dec", Type::kDecimal},
    Word{"uuid", Type::kUuid},
    Word{"guid", Type::kUuid},
    Word{"uniqueidentifier", Type::kUuid},
    Word{"timestamp", Type::kTimestamp},
    Word{"timestamptz", Type::kTimestamp},
    Word{"datetime", Type::kTimestamp},
    Word{"date", Type::kDate},
    Word{"time", Type::kTime},
    Word{"timetz", Type::kTime},
    Word{"interval", Type::kInterval},
    Word{"duration", Type::kInterval},
    Word{"json", Type::kJson},
    Word{"jsonb", Type::kJson},
    Word{"bytea", Type::kBlob},
    Word{"binary", Type::kBlob},
    Word{"varbinary", Type::kBlob},
    Word{"string", Type::kText},
    Word{"citext", Type::kText},
    Word{"name", Type::kText},
    Word{"enum", Type::kText},
};

}  // namespace

Type type_of_declaration(llvm::StringRef declared) {
  if (declared.contains('[')) return Type::kUnknown;  // an array of PostgreSQL
  const std::string lower = declared.lower();
  const llvm::StringRef text(lower);
  const llvm::StringRef first = text.take_until([](char c) { return c == ' ' || c == '('; });
  const auto* word = llvm::find_if(kWords, [&](const Word& each) { return each.text == first; });
  if (word != kWords.end()) return word->type;
  if (first == "point" || text.contains("range")) return Type::kUnknown;  // contain "int" and "int4range"
  if (text.contains("int")) return Type::kInteger;
  if (text.contains("char") || text.contains("clob") || text.contains("text")) return Type::kText;
  if (text.contains("blob")) return Type::kBlob;
  if (text.contains("real") || text.contains("floa") || text.contains("doub")) return Type::kReal;
  return Type::kUnknown;
}

}  // namespace zc::sql
