// Recognises declarations by their first words.

#include "compiler/syntax/lexer/declaration_keywords.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <array>
#include <optional>

namespace zc::syntax {
namespace {

// What stands behind the keyword, and what may stand behind the name that follows it.
struct Beginning {
  llvm::StringRef keyword;
  enum Second { kName, kNumber, kQuote, kBrace, kTypeKeyword } second = kName;
  llvm::StringRef third;  // the characters one of which must follow the name; empty: no name or anything
};

constexpr std::array kBeginnings{
    Beginning{"edition", Beginning::kNumber, ""}, Beginning{"package", Beginning::kName, ".;"},
    Beginning{"import", Beginning::kName, ".;a"}, Beginning{"schema", Beginning::kQuote, ""},
    Beginning{"scalar", Beginning::kName, ":"},   Beginning{"struct", Beginning::kName, "{"},
    Beginning{"enum", Beginning::kName, "{"},     Beginning{"extern", Beginning::kTypeKeyword, ""},
    Beginning{"error", Beginning::kName, "{;"},   Beginning{"adapter", Beginning::kName, "{("},
    Beginning{"target", Beginning::kName, "="},   Beginning{"policy", Beginning::kName, "{"},
    Beginning{"slots", Beginning::kBrace, ""},    Beginning{"step", Beginning::kName, "(-=;fmtuwkdp"},
    Beginning{"chain", Beginning::kName, "={"},   Beginning{"flow", Beginning::kName, "{obp"},
    Beginning{"job", Beginning::kName, "({"},     Beginning{"cron", Beginning::kName, "\""},
    Beginning{"service", Beginning::kName, "{"},  Beginning{"domain", Beginning::kName, ";"},
};

constexpr llvm::StringRef kBlanks = " \t";

llvm::StringRef take_word(llvm::StringRef& text) {
  const llvm::StringRef word = text.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
  text = text.drop_front(word.size());
  return word;
}

}  // namespace

llvm::ArrayRef<llvm::StringRef> declaration_keywords() {
  static constexpr std::array kKeywords{
      llvm::StringRef("edition"), llvm::StringRef("package"), llvm::StringRef("import"),
      llvm::StringRef("schema"),  llvm::StringRef("scalar"),  llvm::StringRef("struct"),
      llvm::StringRef("enum"),    llvm::StringRef("extern"),  llvm::StringRef("error"),
      llvm::StringRef("adapter"), llvm::StringRef("target"),  llvm::StringRef("policy"),
      llvm::StringRef("slots"),   llvm::StringRef("step"),    llvm::StringRef("chain"),
      llvm::StringRef("flow"),    llvm::StringRef("job"),     llvm::StringRef("cron"),
      llvm::StringRef("service"), llvm::StringRef("domain"),
  };
  static_assert(kKeywords.size() == kBeginnings.size());
  return kKeywords;
}

bool begins_declaration(llvm::StringRef line) {
  const llvm::StringRef keyword = take_word(line);
  if (keyword.empty()) return false;
  const auto* beginning =
      llvm::find_if(kBeginnings, [&](const Beginning& known) { return known.keyword == keyword; });
  if (beginning == kBeginnings.end()) return false;
  const bool has_blank = line.ltrim(kBlanks).size() != line.size();
  line = line.ltrim(kBlanks);
  if (beginning->second == Beginning::kBrace) return line.starts_with("{");
  if (beginning->second == Beginning::kQuote) return line.starts_with("\"");
  if (!has_blank) return false;
  const llvm::StringRef second = take_word(line);
  if (second.empty()) return false;
  switch (beginning->second) {
    case Beginning::kNumber:
      return llvm::isDigit(second.front());
    case Beginning::kTypeKeyword:
      return second == "type";
    default:
      break;
  }
  if (llvm::isDigit(second.front())) return false;
  line = line.ltrim(" \t\r\n");
  // The rest of the declaration may not be written yet.
  return line.empty() || beginning->third.contains(line.front());
}

}  // namespace zc::syntax
