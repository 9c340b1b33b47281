// How the routes and slugs of a program stand to each other.

#include "compiler/check/routes/routes.h"

#include <llvm/ADT/StringMap.h>

#include <algorithm>

namespace zc::check {

using model::PathSegment;

namespace {

const char* method_name(model::Method method) {
  static constexpr const char* kNames[] = {"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                           "DELETE", "OPTIONS", "TRACE", "CONNECT", "ANY"};
  return kNames[static_cast<std::size_t>(method)];
}

bool is_pattern(const PathSegment& segment) {
  return segment.kind == PathSegment::Kind::kParameter &&
         (!segment.prefix.empty() || !segment.suffix.empty() || !segment.more.empty());
}

llvm::StringRef last_text(const PathSegment& segment) {
  return segment.more.empty() ? segment.suffix : segment.more.back().suffix;
}

std::size_t literal_length(const PathSegment& segment) {
  std::size_t length = segment.prefix.size() + segment.suffix.size();
  for (const model::SegmentParameter& more : segment.more)
    length += more.suffix.size();
  return length;
}

// Two routes are of equal rank when this is the same: literals as they are, parameters without their names,
// patterns by the length of their text. What is left is whether the patterns can match one text.
std::string rank_key(const model::Route& route) {
  std::string key = method_name(route.method);
  for (const PathSegment& segment : route.segments) {
    key += '/';
    if (segment.kind == PathSegment::Kind::kLiteral) {
      key += segment.text;
    } else if (segment.kind == PathSegment::Kind::kRest) {
      key += "\x01rest";
    } else if (is_pattern(segment)) {
      key += "\x01pattern" + std::to_string(literal_length(segment));
    } else {
      key += "\x01parameter";
    }
  }
  return key;
}

bool can_overlap(const model::Route& left, const model::Route& right) {
  for (std::size_t i = 0; i < left.segments.size(); ++i) {
    const PathSegment& a = left.segments[i];
    const PathSegment& b = right.segments[i];
    if (!is_pattern(a)) continue;
    const bool begins =
        llvm::StringRef(a.prefix).starts_with(b.prefix) || llvm::StringRef(b.prefix).starts_with(a.prefix);
    const bool ends = last_text(a).ends_with(last_text(b)) || last_text(b).ends_with(last_text(a));
    if (!begins || !ends) return false;
  }
  return true;
}

void check_ambiguity(Context& context) {
  llvm::StringMap<std::vector<model::FlowId>> by_rank;
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    const model::FlowId id(i);
    const model::Flow& flow = context.program.flows[id];
    // A template that was reported has no pattern to compare.
    if (!flow.route || (flow.route->segments.empty() && flow.route->pattern != "/")) continue;
    std::vector<model::FlowId>& same = by_rank[rank_key(*flow.route)];
    const auto other = std::find_if(same.begin(), same.end(), [&](model::FlowId earlier) {
      return can_overlap(*context.program.flows[earlier].route, *flow.route);
    });
    if (other != same.end()) {
      const model::Flow& first = context.program.flows[*other];
      context.engine
          .report(Kind::kAmbiguousRoute, flow.route->span, method_name(flow.route->method),
                  flow.route->pattern, first.route->pattern)
          .secondary(first.route->span, "flow `" + first.origin.name + "` answers the same requests");
    }
    same.push_back(id);
  }
}

// Packages of one program share their addresses, those of slugs as those of routes.
void check_slugs(Context& context) {
  llvm::StringMap<Span> known;
  for (const model::Flow& flow : context.program.flows) {
    if (flow.route &&
        (flow.route->method == model::Method::kPost || flow.route->method == model::Method::kAny)) {
      llvm::StringRef slug = flow.route->pattern;
      if (slug.consume_front("/flow/v1/")) known.try_emplace(slug, flow.route->span);
    }
  }
  const auto add = [&](const std::string& slug, Span place) {
    const auto [first, is_new] = known.try_emplace(slug, place);
    if (is_new) return;
    context.engine.report(Kind::kDuplicateSlug, place, slug)
        .secondary(first->second, "a flow has this address already");
  };
  for (const model::Flow& flow : context.program.flows) {
    if (flow.trigger == model::Trigger::kSlug) add(flow.slug, flow.origin.span);
    for (const model::Alias& alias : flow.aliases)
      add(alias.slug, alias.span);
  }
}

}  // namespace

void check_routes(Context& context) {
  check_ambiguity(context);
  check_slugs(context);
}

}  // namespace zc::check
