// Reads and checks what flows say about their end.

#include "compiler/check/governance/deprecation.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace zc::check {

namespace {

constexpr llvm::StringRef kWords[] = {"since", "sunset", "successor"};

class DeprecationReader {
 public:
  DeprecationReader(Context& context, model::Flow& flow, SettingReader& reader)
      : context_(context), flow_(flow), reader_(reader) {}

  void read(const syntax::Setting& setting) {
    deprecation_.span = setting.name.span;
    check_words(setting);
    deprecation_.since = date("since", deprecation_.since_span);
    deprecation_.sunset = date("sunset", deprecation_.sunset_span);
    std::string text = deprecation_.since.empty() ? "" : "deprecated since " + deprecation_.since;
    if (reader_.has("successor")) {
      const std::optional<syntax::QualifiedName> name = path_name(reader_.after("successor"));
      deprecation_.successor_span = name ? name->span : setting.name.span;
      if (!name) {
        reader_.bad(nullptr, "the name of a flow behind `successor`");
      } else if (resolve(*name)) {
        text += (text.empty() ? "use `" : "; use `") + dotted(*name) + "`";
      }
    }
    flow_.origin.deprecated = std::move(text);
    flow_.deprecation = std::move(deprecation_);
  }

 private:
  // Each term is one of the words, and behind it its value.
  void check_words(const syntax::Setting& setting) {
    for (std::size_t i = 0; i < setting.terms.size(); i += 2) {
      const syntax::SettingTerm& term = setting.terms[i];
      const syntax::Expr* value = term.empty() ? nullptr : term.front();
      if (llvm::is_contained(kWords, bare_word(value))) continue;
      return reader_.bad(value, alternatives_text(kWords) + ", each with its value");
    }
  }

  std::string date(llvm::StringRef word, Span& place) {
    if (!reader_.has(word)) return {};
    const syntax::Expr* value = reader_.after(word);
    place = value != nullptr ? value->span : deprecation_.span;
    std::optional<std::string> text = reader_.text(value);
    if (!text) return {};
    if (is_date(*text)) return *std::move(text);
    reader_.bad(value, "a month or a day such as `\"2026-01\"` or `\"2026-01-31\"`");
    return {};
  }

  // Whether a deprecated flow may take its place is said by the check, not by the warning about its use.
  bool resolve(const syntax::QualifiedName& name) {
    const model::PackageId package = flow_.origin.package;
    std::optional<Symbol> symbol = context_.find(package, NameSpace::kFlows, name);
    if (!symbol) {
      return context_.resolve(package, NameSpace::kFlows, name, Kind::kUnknownFlow, "a flow").has_value();
    }
    if (name.is_qualified()) context_.imported(package, name.segments.front().text);
    context_.mark_used(*symbol);
    deprecation_.successor = symbol->id<model::FlowId>();
    return true;
  }

  Context& context_;
  model::Flow& flow_;
  SettingReader& reader_;
  model::Deprecation deprecation_;
};

// What kind of thing a flow is to those who use it.
enum class Audience : std::uint8_t { kClients, kQueue, kClock };

Audience audience_of(const model::Flow& flow) {
  switch (flow.trigger) {
    case model::Trigger::kJob:
      return Audience::kQueue;
    case model::Trigger::kCron:
      return Audience::kClock;
    default:
      return Audience::kClients;
  }
}

std::optional<std::string> why_not(const Context& context, model::FlowId id) {
  const model::Flow& flow = context.program.flows[id];
  const model::FlowId successor = flow.deprecation->successor;
  if (successor == id) return "it is the same flow";
  const model::Flow& other = context.program.flows[successor];
  if (other.origin.deprecated) return "it is deprecated itself";
  if (audience_of(other) == audience_of(flow)) return std::nullopt;
  switch (audience_of(other)) {
    case Audience::kClients:
      return "it is asked by clients";
    case Audience::kQueue:
      return "it is a job";
    case Audience::kClock:
      return "it is a cron";
  }
  return std::nullopt;
}

// `2026-07` lasts until the end of the month, so it is not before `2026-07-15`.
bool is_before(llvm::StringRef earlier, llvm::StringRef later) {
  const std::size_t both = std::min(earlier.size(), later.size());
  return earlier.take_front(both) < later.take_front(both);
}

// `@deprecated` has no room for a successor.
void check_trait(Context& context, const model::Flow& flow) {
  if (audience_of(flow) != Audience::kClients) return;
  context.engine.report(Kind::kMissingSuccessor, flow.origin.span, flow.origin.name)
      .help("write it as a setting of the flow: `deprecated since \"2026-01\" successor other_flow;`");
}

void check_deprecation(Context& context, model::FlowId id) {
  const model::Flow& flow = context.program.flows[id];
  if (!flow.deprecation) {
    if (flow.origin.deprecated) check_trait(context, flow);
    return;
  }
  const model::Deprecation& deprecation = *flow.deprecation;
  if (!deprecation.successor_span.is_valid()) {
    context.engine.report(Kind::kMissingSuccessor, deprecation.span, flow.origin.name)
        .secondary(flow.origin.span, "this flow")
        .help("name what takes its place: `successor other_flow`");
  } else if (deprecation.successor.is_valid()) {
    if (const std::optional<std::string> reason = why_not(context, id)) {
      const model::Flow& other = context.program.flows[deprecation.successor];
      auto& diagnostic = context.engine.report(Kind::kBadSuccessor, deprecation.successor_span,
                                               other.origin.name, flow.origin.name, *reason);
      if (deprecation.successor != id) diagnostic.secondary(other.origin.span, "declared here");
      const bool has_next = other.deprecation && other.deprecation->successor.is_valid() &&
                            other.deprecation->successor != id && deprecation.successor != id;
      if (has_next) {
        diagnostic.help("name what takes the place of both: `" +
                        context.program.flows[other.deprecation->successor].origin.name + "`");
      }
    }
  }
  if (!deprecation.since_span.is_valid()) {
    context.engine.report(Kind::kUndatedDeprecation, deprecation.span, flow.origin.name)
        .help("say since when, as in `since \"2026-01\"`: clients are told");
  }
  if (!deprecation.since.empty() && !deprecation.sunset.empty() &&
      is_before(deprecation.sunset, deprecation.since)) {
    context.engine.report(Kind::kEarlySunset, deprecation.sunset_span, flow.origin.name)
        .secondary(deprecation.since_span, "deprecated from here on");
  }
}

}  // namespace

bool is_date(llvm::StringRef text) {
  const auto number = [&](std::size_t begin, std::size_t size) {
    unsigned value = 0;
    return text.substr(begin, size).getAsInteger(10, value) ? 0U : value;
  };
  if (text.size() != 7 && text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7 ? text[i] != '-' : !llvm::isDigit(text[i])) return false;
  }
  const unsigned year = number(0, 4);
  const unsigned month = number(5, 2);
  if (month < 1 || month > 12) return false;
  if (text.size() == 7) return true;
  constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const unsigned days = kDays[month - 1] + (month == 2 && is_leap ? 1 : 0);
  const unsigned day = number(8, 2);
  return day >= 1 && day <= days;
}

void read_deprecation(Context& context, model::Flow& flow, SettingReader& reader,
                      const syntax::Setting& setting) {
  DeprecationReader(context, flow, reader).read(setting);
}

void check_deprecations(Context& context) {
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    const model::FlowId id(i);
    if (!context.broken_flows[i]) check_deprecation(context, id);
  }
}

}  // namespace zc::check
