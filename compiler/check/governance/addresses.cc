// How slugs and aliases are written: they are read aloud, typed by hand and compared for years.

#include "compiler/check/governance/governance.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <optional>

namespace zc::check {

namespace {

constexpr std::size_t kMaxLength = 63;  // as a DNS label (RFC 1035)

// A slug that is nothing but these says what is done and not to what.
constexpr llvm::StringRef kVerbs[] = {
    "add",    "call",  "change", "create", "delete", "discard", "do",      "edit",    "execute",
    "fetch",  "find",  "get",    "handle", "insert", "invoke",  "list",    "load",    "make",
    "modify", "patch", "put",    "read",   "remove", "run",     "perform", "process", "save",
    "send",   "set",   "show",   "stop",   "submit", "update",  "upsert",  "write"};
constexpr llvm::StringRef kJoiners[] = {"and", "or", "then", "it", "all"};

// A slug that is one of these invites guessing, or promises a credential.
constexpr llvm::StringRef kDenied[] = {"admin",  "administrator", "root",   "superuser", "debug",
                                       "passwd", "password",      "secret", "secrets",   "credential",
                                       "token",  "credentials",   "apikey", "api-key",   "private-key",
                                       "null",   "undefined"};

bool is_slug_character(char c) { return llvm::isDigit(c) || (c >= 'a' && c <= 'z') || c == '-'; }

// A character for a message: all bytes of one of UTF-8.
std::string character_at(llvm::StringRef text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    ++end;
  return text.slice(begin, end).str();
}

bool is_only_verbs(llvm::StringRef slug) {
  llvm::SmallVector<llvm::StringRef> words;
  slug.split(words, '-');
  return llvm::is_contained(kVerbs, words.front()) && llvm::all_of(words, [](llvm::StringRef word) {
           return llvm::is_contained(kVerbs, word) || llvm::is_contained(kJoiners, word);
         });
}

// What is wrong with the style, none when it is good.
std::optional<std::string> fault_of(llvm::StringRef slug) {
  if (slug.empty()) return "is empty";
  for (std::size_t i = 0; i < slug.size(); ++i) {
    if (!is_slug_character(slug[i]))
      return "has `" + character_at(slug, i) + "`: it is lower-case letters, digits and hyphens";
  }
  if (slug.front() == '-' || slug.back() == '-') return "begins or ends with a hyphen";
  if (slug.contains("--")) return "has two hyphens in a row";
  if (slug.size() > kMaxLength) return "is longer than " + std::to_string(kMaxLength) + " characters";
  if (llvm::all_of(slug, [](char c) { return llvm::isDigit(c) || c == '-'; })) return "is only digits";
  if (is_only_verbs(slug)) return "says what is done, and not to what";
  return std::nullopt;
}

// "ShowTodo", "show_todo" and "Show todo" as `show-todo`.
std::string tidied(llvm::StringRef slug) {
  std::string result;
  for (std::size_t i = 0; i < slug.size(); ++i) {
    const char c = slug[i];
    const bool is_break = llvm::isUpper(c) && i > 0 && llvm::isLower(slug[i - 1]);
    const bool is_hyphen = c == '_' || c == ' ' || c == '.' || c == '-';
    if ((is_break || is_hyphen) && !result.empty() && result.back() != '-') result += '-';
    if (!is_hyphen) result += llvm::toLower(c);
  }
  while (!result.empty() && result.back() == '-')
    result.pop_back();
  return result;
}

class AddressChecker {
 public:
  explicit AddressChecker(Context& context) : context_(context) {}

  void check(const model::Flow& flow) {
    const model::ServiceId service = context_.program.packages[flow.origin.package].service;
    denied_ = {};
    if (service.is_valid()) denied_ = context_.program.services[service].denied_words;
    if (flow.trigger == model::Trigger::kSlug) check_name(flow);
    for (const model::Alias& alias : flow.aliases)
      check_alias(alias);
    if (flow.route) check_route(*flow.route);
  }

 private:
  void check_name(const model::Flow& flow) {
    if (const std::optional<std::string> fault = fault_of(flow.slug)) {
      auto& diagnostic = context_.engine.report(Kind::kBadSlug, flow.origin.span, flow.slug, *fault)
                             .note("the slug of a flow without a path is its name, with hyphens");
      const std::string better = tidied(flow.slug);
      if (better != flow.slug && !fault_of(better))
        diagnostic.help("call it `" + llvm::join(llvm::split(better, '-'), "_") + "`");
      return;
    }
    check_words(flow.slug, "-", "the slug of a flow", flow.origin.span, /*is_slug=*/true);
  }

  void check_alias(const model::Alias& alias) {
    if (const std::optional<std::string> fault = fault_of(alias.slug)) {
      auto& diagnostic = context_.engine.report(Kind::kBadSlug, alias.span, alias.slug, *fault);
      const std::string better = tidied(alias.slug);
      if (better != alias.slug && !fault_of(better))
        diagnostic.fix("write `\"" + better + "\"`", alias.span, "\"" + better + "\"");
      return;
    }
    check_words(alias.slug, "-", "the slug of a flow", alias.span, /*is_slug=*/true);
  }

  void check_route(const model::Route& route) {
    for (const model::PathSegment& segment : route.segments) {
      if (segment.kind != model::PathSegment::Kind::kLiteral) continue;
      check_words(segment.text, "-_.~", "a path", route.span, /*is_slug=*/false);
    }
  }

  void check_words(llvm::StringRef text, const char* separators, llvm::StringRef where, Span place,
                   bool is_slug) {
    if (is_slug && llvm::is_contained(kDenied, text)) {
      context_.engine.report(Kind::kDeniedWord, place, text, where)
          .help("say what it is about, as in `change-password` or `issue-token`");
      return;
    }
    if (denied_.empty()) return;
    llvm::StringRef rest = text;
    while (!rest.empty()) {
      const std::size_t end = rest.find_first_of(separators);
      const std::string word = rest.take_front(end).lower();
      if (llvm::is_contained(denied_, word)) {
        context_.engine.report(Kind::kDeniedWord, place, word, where).note("the package's service denies it");
        return;
      }
      rest = end == llvm::StringRef::npos ? llvm::StringRef() : rest.drop_front(end + 1);
    }
  }

  Context& context_;
  llvm::ArrayRef<std::string> denied_;  // by the service of the flow at hand
};

}  // namespace

void check_addresses(Context& context) {
  AddressChecker checker(context);
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    if (!context.broken_flows[i]) checker.check(context.program.flows[model::FlowId(i)]);
  }
}

}  // namespace zc::check
