// Reads the template of a path: `/todos/{id}`, `/{base}...{head}`, `/files/{path...}`.

#include "compiler/check/routes/routes.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <algorithm>
#include <utility>

namespace zc::check {

using model::PathSegment;

namespace {

constexpr llvm::StringRef kMethods[] = {"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                        "DELETE", "OPTIONS", "TRACE", "CONNECT", "ANY"};

class TemplateReader {
 public:
  TemplateReader(Context& context, const syntax::StringExpr& path) : context_(context), path_(path) {}

  std::vector<PathSegment> read(std::string& pattern) {
    for (const syntax::StringPart& part : path_.parts) {
      if (is_bad_) return {};
      if (part.expression == nullptr) {
        pattern += part.text;
        text(part);
      } else {
        const std::string name = parameter_name(*part.expression);
        pattern += "{" + name + (part.is_rest ? "...}" : "}");
        parameter(part, name);
      }
    }
    if (is_bad_) return {};
    if (!begun_) bad(path_.span, "is empty");
    close_segment(path_.span);
    // "/" is one empty segment, which stands for none.
    if (segments_.size() == 1 && segments_[0].kind == PathSegment::Kind::kLiteral &&
        segments_[0].text.empty())
      segments_.clear();
    for (const PathSegment& segment : segments_) {
      const bool is_empty = segment.kind == PathSegment::Kind::kLiteral && segment.text.empty();
      if (is_empty) bad(path_.span, "has an empty segment");
      // RFC 3986, 5.2.4.
      if (segment.kind == PathSegment::Kind::kLiteral && (segment.text == "." || segment.text == ".."))
        bad(path_.span, "has the segment `" + segment.text + "`, which clients resolve before they send it");
    }
    return is_bad_ ? std::vector<PathSegment>() : std::move(segments_);
  }

 private:
  void bad(Span place, const llvm::Twine& what) {
    if (!is_bad_) context_.engine.report(Kind::kBadRoute, place, what.str());
    is_bad_ = true;
  }

  // `{name}`; `{two-words}` is read as `two_words`, which a step can name.
  std::string parameter_name(const syntax::Expr& expr) {
    if (const auto* path = llvm::dyn_cast<syntax::PathExpr>(&expr);
        path != nullptr && path->is_single_name()) {
      return path->segments.front().text.str();
    }
    if (const auto* difference = llvm::dyn_cast<syntax::BinaryExpr>(&expr);
        difference != nullptr && difference->first != nullptr) {
      std::string name = parameter_name(*difference->first);
      for (const syntax::BinaryLink& link : difference->links) {
        if (link.op != syntax::BinaryOperator::kSubtract || link.operand == nullptr) name.clear();
        if (name.empty()) break;
        name += "_" + parameter_name(*link.operand);
      }
      if (!name.empty()) return name;
    }
    if (!expr.erroneous) bad(expr.span, "has a parameter that is no name");
    is_bad_ = true;
    return {};
  }

  void text(const syntax::StringPart& part) {
    llvm::StringRef rest = part.text;
    if (!begun_ && !rest.starts_with("/")) return bad(path_.span, "does not begin with `/`");
    for (std::size_t i = 0; i < rest.size(); ++i) {
      const char c = rest[i];
      if (c == '/') {
        if (begun_) close_segment(part.span);
        begun_ = true;
        continue;
      }
      if (c == '%') {
        const bool is_escape =
            i + 2 < rest.size() && llvm::isHexDigit(rest[i + 1]) && llvm::isHexDigit(rest[i + 2]);
        if (!is_escape) return bad(part.span, "has a `%` without two hexadecimal digits");
        literal_ += static_cast<char>(llvm::hexFromNibbles(rest[i + 1], rest[i + 2]));
        i += 2;
        continue;
      }
      if (c == '?' || c == '#' || c == '\\' || static_cast<unsigned char>(c) <= ' ') {
        return bad(part.span, llvm::Twine("has a character that no path has: `") + llvm::Twine(c) + "`");
      }
      literal_ += c;
    }
  }

  void parameter(const syntax::StringPart& part, const std::string& name) {
    if (is_bad_) return;
    if (!begun_) return bad(path_.span, "does not begin with `/`");
    if (has_rest_) return bad(part.span, "goes on behind `{name...}`");
    const auto known =
        std::find_if(names_.begin(), names_.end(), [&](const auto& other) { return other.first == name; });
    if (known != names_.end()) {
      context_.engine.report(Kind::kDuplicateEntry, part.span, "path parameter", name)
          .secondary(known->second, "first written here");
      is_bad_ = true;
      return;
    }
    names_.emplace_back(name, part.span);
    if (part.is_rest) {
      if (has_parameter_ || !literal_.empty())
        return bad(part.span, "has text before `{name...}` in one segment");
      has_rest_ = true;
      current_.kind = PathSegment::Kind::kRest;
      current_.text = name;
      current_.span = part.span;
      has_parameter_ = true;
      return;
    }
    if (!has_parameter_) {
      current_.kind = PathSegment::Kind::kParameter;
      current_.text = name;
      current_.span = part.span;
      current_.prefix = std::exchange(literal_, {});
      has_parameter_ = true;
      return;
    }
    if (literal_.empty()) return bad(part.span, "has two parameters with nothing between them");
    (current_.more.empty() ? current_.suffix : current_.more.back().suffix) = std::exchange(literal_, {});
    current_.more.push_back({name, {}, part.span});
  }

  void close_segment(Span place) {
    if (has_rest_ && !literal_.empty()) bad(place, "goes on behind `{name...}`");
    if (has_rest_ && closed_rest_) bad(place, "goes on behind `{name...}`");
    closed_rest_ = has_rest_;
    if (!has_parameter_) {
      current_.kind = PathSegment::Kind::kLiteral;
      current_.text = literal_;
    } else {
      (current_.more.empty() ? current_.suffix : current_.more.back().suffix) = literal_;
    }
    literal_.clear();
    segments_.push_back(std::exchange(current_, {}));
    has_parameter_ = false;
  }

  Context& context_;
  const syntax::StringExpr& path_;
  std::vector<PathSegment> segments_;
  PathSegment current_;
  std::string literal_;
  std::vector<std::pair<std::string, Span>> names_;
  bool begun_ = false;
  bool has_parameter_ = false;
  bool has_rest_ = false;
  bool closed_rest_ = false;
  bool is_bad_ = false;
};

}  // namespace

model::Route resolve_route(Context& context, const syntax::RouteTrigger& trigger) {
  model::Route route;
  route.span = trigger.span;
  const std::optional<model::Method> method =
      llvm::StringSwitch<std::optional<model::Method>>(trigger.method.text)
          .Case("GET", model::Method::kGet)
          .Case("HEAD", model::Method::kHead)
          .Case("POST", model::Method::kPost)
          .Case("PUT", model::Method::kPut)
          .Case("PATCH", model::Method::kPatch)
          .Case("DELETE", model::Method::kDelete)
          .Case("OPTIONS", model::Method::kOptions)
          .Case("TRACE", model::Method::kTrace)
          .Case("CONNECT", model::Method::kConnect)
          .Case("ANY", model::Method::kAny)
          .Default(std::nullopt);
  if (method) {
    route.method = *method;
  } else if (!trigger.method.is_missing()) {
    auto& diagnostic = context.engine.report(Kind::kUnknownMethod, trigger.method.span, trigger.method.text);
    const std::string upper = trigger.method.text.upper();
    const auto* exact = std::find(std::begin(kMethods), std::end(kMethods), upper);
    const auto guess =
        exact != std::end(kMethods) ? std::optional(*exact) : diagnostics::did_you_mean(upper, kMethods);
    if (guess) {
      diagnostic.fix("write `" + *guess + "`", trigger.method.span, *guess);
    } else {
      diagnostic.note("the methods are those of RFC 9110 and 5789, and `ANY`");
    }
  }
  if (trigger.path != nullptr && !trigger.path->erroneous) {
    route.segments = TemplateReader(context, *trigger.path).read(route.pattern);
  }
  return route;
}

}  // namespace zc::check
