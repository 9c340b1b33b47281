// The readers of settings, and the settings that policies and effects share.

#include "compiler/check/steps/settings.h"

#include "compiler/check/errors/error_names.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <algorithm>
#include <limits>

namespace zc::check {

using syntax::LiteralKind;

llvm::StringRef bare_word(const syntax::Expr* expr) {
  const auto* path = llvm::dyn_cast_or_null<syntax::PathExpr>(expr);
  return path != nullptr && path->is_single_name() ? path->segments.front().text : llvm::StringRef();
}

std::optional<syntax::QualifiedName> path_name(const syntax::Expr* expr) {
  const auto* path = llvm::dyn_cast_or_null<syntax::PathExpr>(expr);
  if (path == nullptr) return std::nullopt;
  return syntax::QualifiedName{path->segments, path->span};
}

const syntax::Expr* SettingReader::after(llvm::StringRef word) const {
  const syntax::SettingTerm term = setting_.after(word);
  return term.empty() ? nullptr : term.front();
}

bool SettingReader::has(llvm::StringRef word) const {
  return std::any_of(setting_.terms.begin(), setting_.terms.end(), [&](const syntax::SettingTerm& term) {
    return term.size() == 1 && bare_word(term.front()) == word;
  });
}

void SettingReader::bad(const syntax::Expr* value, llvm::StringRef expected) {
  if (setting_.erroneous || (value != nullptr && value->erroneous)) return;
  context_.engine.report(Kind::kBadSetting, value != nullptr ? value->span : setting_.name.span,
                         setting_.name.text, expected);
}

std::optional<model::Nanoseconds> SettingReader::duration(const syntax::Expr* value,
                                                          model::Nanoseconds least) {
  const auto* literal = literal_of(value, LiteralKind::kDuration);
  if (literal != nullptr && literal->value >= least) return literal->value;
  bad(value, literal == nullptr ? "a duration such as `50ms`" : "a duration that is not zero");
  return std::nullopt;
}

std::optional<std::uint32_t> SettingReader::count(const syntax::Expr* value, std::uint32_t least) {
  const auto* literal = literal_of(value, LiteralKind::kInteger);
  if (literal != nullptr && literal->value >= least &&
      literal->value <= std::numeric_limits<std::int32_t>::max()) {
    return static_cast<std::uint32_t>(literal->value);
  }
  const bool is_too_large = literal != nullptr && literal->value >= least;
  bad(value, is_too_large ? "a number of at most 2147483647"
             : least == 0 ? "a number"
                          : "a number that is not zero");
  return std::nullopt;
}

std::optional<std::uint32_t> SettingReader::percent(const syntax::Expr* value) {
  constexpr std::uint64_t kOne = 10'000;  // millionths
  const auto* literal = literal_of(value, LiteralKind::kPercent);
  if (literal != nullptr && literal->value <= 100 * kOne && literal->value % kOne == 0) {
    return static_cast<std::uint32_t>(literal->value / kOne);
  }
  bad(value, "a whole percentage from `0%` to `100%`");
  return std::nullopt;
}

std::optional<std::uint64_t> SettingReader::size(const syntax::Expr* value) {
  if (const auto* literal = literal_of(value, LiteralKind::kSize)) return literal->value;
  bad(value, "a size such as `64KiB`");
  return std::nullopt;
}

std::optional<std::string> SettingReader::text(const syntax::Expr* value) {
  const auto* string = llvm::dyn_cast_or_null<syntax::StringExpr>(value);
  if (string != nullptr && string->tag.is_missing() && !string->has_interpolation())
    return string->plain_text().str();
  bad(value, "a plain string");
  return std::nullopt;
}

std::optional<std::string> SettingReader::owner(const syntax::Expr* value) {
  std::optional<std::string> name = text(value);
  if (name && (name->empty() || llvm::StringRef(*name).trim() != *name))
    bad(value, "a name that is not empty, without spaces around it");
  return name;
}

std::optional<llvm::StringRef> SettingReader::word(const syntax::Expr* value,
                                                   llvm::ArrayRef<llvm::StringRef> words) {
  const llvm::StringRef written = bare_word(value);
  if (const auto* found = std::find(words.begin(), words.end(), written); found != words.end()) return *found;
  bad(value, alternatives_text(words));
  return std::nullopt;
}

std::optional<model::Backoff> SettingReader::backoff(const syntax::Expr* value) {
  if (const auto* range = llvm::dyn_cast_or_null<syntax::RangeExpr>(value)) {
    if (range->low == nullptr || range->high == nullptr) {
      bad(value, "a range of durations such as `20ms..40ms`");
      return std::nullopt;
    }
    const auto least = duration(range->low);
    const auto most = duration(range->high);
    if (!least || !most) return std::nullopt;
    if (*most < *least) bad(value, "a range whose first duration is the shorter one");
    return model::Backoff{*least, *most};
  }
  const auto both = duration(value);
  if (!both) return std::nullopt;
  return model::Backoff{*both, *both};
}

std::vector<model::ErrorId> SettingReader::errors(syntax::SettingTerm term) {
  std::vector<model::ErrorId> result;
  for (const syntax::Expr* value : term) {
    const std::optional<syntax::QualifiedName> name = path_name(value);
    if (!name) {
      bad(value, "names of errors");
      continue;
    }
    if (const std::optional<NamedErrors> named = resolve_error_set(context_, package_, *name))
      result.insert(result.end(), named->errors.begin(), named->errors.end());
  }
  return result;
}

void SettingReader::allow_words(llvm::ArrayRef<llvm::StringRef> known) {
  for (std::size_t i = 1; i < setting_.terms.size(); ++i) {
    const syntax::SettingTerm& term = setting_.terms[i];
    // Behind each word stands its value, which may be a bare word itself.
    const llvm::StringRef written = term.size() == 1 ? bare_word(term.front()) : llvm::StringRef();
    if (!written.empty() && std::find(known.begin(), known.end(), written) != known.end()) {
      ++i;
      continue;
    }
    const syntax::Expr* value = term.empty() ? nullptr : term.front();
    if (known.empty()) {
      bad(value, "one value");
    } else {
      bad(value, alternatives_text(known) + " behind its value");
    }
    return;
  }
}

void report_unknown_setting(Context& context, const syntax::Setting& setting, llvm::StringRef owner,
                            llvm::ArrayRef<llvm::StringRef> known) {
  if (setting.name.is_missing()) return;
  auto& diagnostic =
      context.engine.report(Kind::kUnknownSetting, setting.name.span, owner, setting.name.text);
  if (const auto guess = diagnostics::did_you_mean(setting.name.text, known)) {
    diagnostic.fix("write `" + *guess + "`", setting.name.span, *guess);
  } else {
    diagnostic.note(owner + " has " + alternatives_text(known));
  }
}

void report_double_settings(Context& context, llvm::ArrayRef<syntax::Setting> settings,
                            llvm::ArrayRef<llvm::StringRef> repeatable) {
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const llvm::StringRef name = settings[i].name.text;
    if (name.empty() || std::find(repeatable.begin(), repeatable.end(), name) != repeatable.end()) continue;
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (settings[earlier].name.text != name) continue;
      context.engine.report(Kind::kDuplicateEntry, settings[i].name.span, "setting", name)
          .secondary(settings[earlier].name.span, "first written here");
      break;
    }
  }
}

namespace {

void read_retry(SettingReader& reader, const syntax::Setting& setting, model::PolicySettings& settings) {
  reader.allow_words({"backoff", "on"});
  model::Retry retry = settings.retry.value_or(model::Retry{});
  retry.times = reader.count(reader.value()).value_or(0);
  retry.span = setting.span;
  if (reader.has("backoff"))
    retry.backoff = reader.backoff(reader.after("backoff")).value_or(model::Backoff{});
  if (reader.has("on")) retry.on = reader.errors(setting.after("on"));
  settings.retry = std::move(retry);
}

}  // namespace

bool read_policy_setting(Context& context, model::PackageId package, const syntax::Setting& setting,
                         model::PolicySettings& settings) {
  SettingReader reader(context, package, setting);
  const llvm::StringRef name = reader.name();
  if (name == "timeout") {
    reader.allow_words({});
    settings.timeout = reader.duration(reader.value(), 1);
    settings.timeout_span = reader.place();
  } else if (name == "retry") {
    read_retry(reader, setting, settings);
  } else if (name == "backoff") {
    reader.allow_words({});
    if (!settings.retry) settings.retry.emplace();
    settings.retry->backoff = reader.backoff(reader.value()).value_or(model::Backoff{});
  } else if (name == "on") {
    if (!settings.retry) settings.retry.emplace();
    if (!setting.terms.empty()) settings.retry->on = reader.errors(setting.terms.front());
  } else if (name == "hedge") {
    reader.allow_words({"after"});
    const auto times = reader.count(reader.value(), 1);
    const auto after = reader.duration(reader.after("after"));
    if (times && after) settings.hedge = model::Hedge{*times, *after, setting.span};
  } else if (name == "rate") {
    reader.allow_words({"per"});
    const auto count = reader.count(reader.value(), 1);
    const auto per = reader.duration(reader.after("per"), 1);
    if (count && per) settings.rate = model::Rate{*count, *per};
    settings.rate_span = reader.place();
  } else {
    return false;
  }
  return true;
}

}  // namespace zc::check
