// Reads settings: durations, counts, percentages, words.

#pragma once

#include "compiler/check/context.h"

#include <cstdint>
#include <utility>

namespace zc::check {

// Readers of one value of a setting. Each reports what does not fit and then answers none; a null expression
// is a value that is missing.
class SettingReader {
 public:
  SettingReader(Context& context, model::PackageId package, const syntax::Setting& setting)
      : context_(context), package_(package), setting_(setting) {}

  [[nodiscard]] llvm::StringRef name() const { return setting_.name.text; }
  [[nodiscard]] const syntax::Expr* value() const { return setting_.value(); }
  // The value behind the bare word, null when it is not there.
  [[nodiscard]] const syntax::Expr* after(llvm::StringRef word) const;
  [[nodiscard]] bool has(llvm::StringRef word) const;
  // Of the value, of the name where there is none.
  [[nodiscard]] Span place() const { return value() != nullptr ? value()->span : setting_.name.span; }

  std::optional<model::Nanoseconds> duration(const syntax::Expr* value, model::Nanoseconds least = 0);
  std::optional<std::uint32_t> count(const syntax::Expr* value, std::uint32_t least = 0);
  std::optional<std::uint32_t> percent(const syntax::Expr* value);  // whole, 0 to 100
  std::optional<std::uint64_t> size(const syntax::Expr* value);     // bytes
  std::optional<std::string> text(const syntax::Expr* value);       // a plain string
  std::optional<std::string> owner(const syntax::Expr* value);      // a text that names somebody
  // One bare word of `words`.
  std::optional<llvm::StringRef> word(const syntax::Expr* value, llvm::ArrayRef<llvm::StringRef> words);
  // `20ms..40ms`, or one duration for both.
  std::optional<model::Backoff> backoff(const syntax::Expr* value);
  // The errors of a comma list.
  std::vector<model::ErrorId> errors(syntax::SettingTerm term);
  // Reports bare words other than `known` in the setting, and values behind the expected ones.
  void allow_words(llvm::ArrayRef<llvm::StringRef> known);
  // Reports a value as something else than `expected`; one that could not be parsed was reported.
  void bad(const syntax::Expr* value, llvm::StringRef expected);

 private:
  Context& context_;
  model::PackageId package_;
  const syntax::Setting& setting_;
};

// A bare word, empty for anything else.
[[nodiscard]] llvm::StringRef bare_word(const syntax::Expr* expr);
// A path as a name to resolve; none for anything else.
[[nodiscard]] std::optional<syntax::QualifiedName> path_name(const syntax::Expr* expr);

// Reports a setting that `owner` ("a policy") does not have.
void report_unknown_setting(Context& context, const syntax::Setting& setting, llvm::StringRef owner,
                            llvm::ArrayRef<llvm::StringRef> known);
// Reports settings that stand twice, but for those in `repeatable`.
void report_double_settings(Context& context, llvm::ArrayRef<syntax::Setting> settings,
                            llvm::ArrayRef<llvm::StringRef> repeatable = {});

// Reads `timeout`, `retry`, `backoff`, `on`, `hedge` and `rate` of a policy or an effect; false for another
// name.
bool read_policy_setting(Context& context, model::PackageId package, const syntax::Setting& setting,
                         model::PolicySettings& settings);

}  // namespace zc::check
