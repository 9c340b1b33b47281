// Compares flows as clients see them: by where they are reached, not by their names.

#include "compiler/lock/compare/comparison.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace zc::lock {
namespace {

constexpr Use kAnswerUse{Direction::kAnswer, Concern::kClients, false};

// A path without the names of its parameters: "/todos/{}", "/files/{...}".
std::string shape_of(llvm::StringRef path) {
  std::string shape;
  while (!path.empty()) {
    const std::size_t open = path.find('{');
    shape += path.take_front(open);
    if (open == llvm::StringRef::npos) break;
    const std::size_t close = path.find('}', open);
    shape += path.slice(open, close).ends_with("...") ? "{...}" : "{}";
    path = close == llvm::StringRef::npos ? llvm::StringRef() : path.drop_front(close + 1);
  }
  return shape;
}

std::string route_of(const Entry& flow) {
  return (flow.value("method") + " ").str() + shape_of(flow.value("path"));
}

std::string name_of_input(const Entry& input, const Entry& flow) {
  const std::string of = " of flow `" + flow.name + "`";
  if (input.kind == "body") return (input.name == "json" ? "the JSON body" : "the body") + of;
  if (input.kind == "header") return "header field `" + input.name + "`" + of;
  if (input.kind == "cookie") return "cookie `" + input.name + "`" + of;
  return input.kind + " parameter `" + input.name + "`" + of;
}

bool is_input(const Entry& member) {
  return member.kind == "query" || member.kind == "header" || member.kind == "cookie" ||
         member.kind == "body";
}

std::vector<const Entry*> members_of(const Entry& entry, llvm::StringRef kind) {
  std::vector<const Entry*> result;
  for (const Entry& member : entry.members) {
    if (member.kind == kind) result.push_back(&member);
  }
  return result;
}

// The forms and types of an answer's body, one text each: "json todo.v1.Todo", "empty".
std::vector<std::string> bodies_of(const Entry& answer) {
  std::vector<std::string> bodies;
  for (const Attribute& form : answer.attributes) {
    if (form.name == "headers") continue;
    llvm::SmallVector<llvm::StringRef> types;
    llvm::StringRef(form.value).split(types, '|');
    for (const llvm::StringRef type : types)
      bodies.push_back(type.empty() ? form.name : form.name + " " + type.str());
  }
  return bodies;
}

std::string body_text(llvm::StringRef body) {
  if (body == "empty") return "without a body";
  const auto [form, type] = body.split(' ');
  return ("`" + type + "` as " + form).str();
}

class ApiComparison {
 public:
  ApiComparison(const Lock& before, const Lock& after, const Names& names, Types& types, Changes& changes)
      : before_(before), after_(after), names_(names), types_(types), changes_(changes) {
    for (const Entry& entry : after.entries) {
      if (entry.kind != "flow") continue;
      if (entry.has("path")) by_route_.try_emplace(route_of(entry), &entry);
      for (const std::string& slug : slugs_of(entry))
        by_slug_.try_emplace(slug, &entry);
    }
    for (const Names::Pair& pair : names.pairs()) {
      if (pair.before->kind != "flow") continue;
      by_former_[pair.before->name] = pair.after;
      known_.insert(pair.after);
    }
  }

  void run() {
    for (const Entry& flow : before_.entries) {
      if (flow.kind == "flow") compare_flow(flow);
    }
    for (const Entry& flow : after_.entries) {
      if (flow.kind == "flow" && !known_.contains(&flow)) add(Rule::kFlowAdded, subject(nullptr, &flow));
    }
  }

 private:
  void add(Rule rule, const Subject& subject, llvm::StringRef before = {}, llvm::StringRef after = {}) {
    changes_.add(rule, Concern::kClients, subject, before.str(), after.str());
  }

  static std::vector<std::string> slugs_of(const Entry& flow) {
    std::vector<std::string> slugs;
    if (flow.has("slug")) slugs.push_back(flow.value("slug").str());
    for (const Entry* alias : members_of(flow, "alias"))
      slugs.push_back(alias->name);
    return slugs;
  }

  static Subject subject(const Entry* before, const Entry* after) {
    return {"flow `" + (after == nullptr ? before : after)->name + "`",
            before == nullptr ? Span() : before->span, after == nullptr ? Span() : after->span};
  }

  // The flow that answers what clients of `flow` send, else the one that it became.
  [[nodiscard]] const Entry* successor_of(const Entry& flow) const {
    const auto route = flow.has("path") ? by_route_.find(route_of(flow)) : by_route_.end();
    if (route != by_route_.end()) return route->second;
    const auto slug = flow.has("slug") ? by_slug_.find(flow.value("slug").str()) : by_slug_.end();
    if (slug != by_slug_.end()) return slug->second;
    const auto same = by_former_.find(flow.name);
    return same == by_former_.end() ? nullptr : same->second;
  }

  void compare_flow(const Entry& before) {
    const Entry* after = successor_of(before);
    if (after == nullptr) return add(Rule::kFlowRemoved, subject(&before, nullptr));
    known_.insert(after);
    const Subject flow = subject(&before, after);
    compare_reach(before, *after, flow);
    compare_access(before, *after, flow);
    compare_formats(before, *after, flow);
    compare_inputs(before, *after);
    compare_answers(before, *after, flow);
    compare_errors(before, *after, flow);
  }

  void compare_reach(const Entry& before, const Entry& after, const Subject& flow) {
    const std::vector<std::string> old_slugs = slugs_of(before);
    bool lost_one = false;
    for (const std::string& slug : old_slugs) {
      if (by_slug_.find(slug) != by_slug_.end()) continue;
      lost_one = true;
      add(Rule::kSlugRemoved, flow, slug);
    }
    for (const std::string& slug : slugs_of(after)) {
      if (!lost_one && !llvm::is_contained(old_slugs, slug)) add(Rule::kSlugAdded, flow, {}, slug);
    }
    if (!before.has("path")) return;
    if (!after.has("path")) return add(Rule::kPathChanged, flow, before.value("path"), "its slug alone");
    if (shape_of(before.value("path")) != shape_of(after.value("path")))
      return add(Rule::kPathChanged, flow, before.value("path"), after.value("path"));
    if (before.value("method") != after.value("method")) {
      add(after.value("method") == "ANY" ? Rule::kMethodWidened : Rule::kMethodChanged, flow,
          before.value("method"), after.value("method"));
    }
    compare_path_parameters(members_of(before, "path"), members_of(after, "path"), after);
  }

  // By their places in the path.
  void compare_path_parameters(const std::vector<const Entry*>& before,
                               const std::vector<const Entry*>& after, const Entry& flow) {
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
      const Subject parameter{name_of_input(*after[i], flow), before[i]->span, after[i]->span};
      if (before[i]->name != after[i]->name)
        add(Rule::kPathParameterRenamed, parameter, before[i]->name, after[i]->name);
      types_.compare_values(*before[i], *after[i], {Direction::kRequest, Concern::kClients, true}, parameter);
    }
  }

  void compare_access(const Entry& before, const Entry& after, const Subject& flow) {
    if (before.value("access") == after.value("access")) return;
    add(after.value("access") == "public" ? Rule::kAccessOpened : Rule::kAccessTightened, flow);
  }

  void compare_formats(const Entry& before, const Entry& after, const Subject& flow) {
    if (before.has("msgpack") != after.has("msgpack"))
      add(after.has("msgpack") ? Rule::kFormatAdded : Rule::kFormatRemoved, flow);
  }

  void compare_inputs(const Entry& before, const Entry& after) {
    const auto use = [](const Entry& input) {
      return Use{Direction::kRequest, Concern::kClients, input.kind != "body"};
    };
    for (const Entry& input : before.members) {
      if (!is_input(input)) continue;
      const Entry* same = after.member(input.kind, input.name);
      const Subject what{name_of_input(input, after), input.span, same == nullptr ? after.span : same->span};
      if (same == nullptr) {
        types_.remove_value(input, use(input), what);
      } else {
        types_.compare_values(input, *same, use(input), what);
      }
    }
    for (const Entry& input : after.members) {
      if (!is_input(input) || before.member(input.kind, input.name) != nullptr) continue;
      types_.add_value(input, use(input), {name_of_input(input, after), before.span, input.span});
    }
  }

  void compare_answers(const Entry& before, const Entry& after, const Subject& flow) {
    bool lost_one = false;
    for (const Entry* answer : members_of(before, "answer")) {
      const Entry* same = after.member("answer", answer->name);
      if (same != nullptr) {
        compare_answer(*answer, *same, after);
      } else if (answer->name != "any") {
        lost_one = true;
        add(Rule::kStatusRemoved, {flow.text, answer->span, flow.new_span}, answer->name);
      }
    }
    if (lost_one) return;  // what is new takes its place
    const std::set<std::string> known = statuses_of(before, /*is_old=*/true);
    for (const Entry* answer : members_of(after, "answer")) {
      if (before.member("answer", answer->name) != nullptr || known.contains(answer->name)) continue;
      add(Rule::kStatusAdded, {flow.text, flow.old_span, answer->span}, {},
          answer->name == "any" ? "any status" : answer->name);
    }
  }

  void compare_answer(const Entry& before, const Entry& after, const Entry& flow) {
    const Subject answer{"answer " + after.name + " of flow `" + flow.name + "`", before.span, after.span};
    compare_bodies(bodies_of(before), bodies_of(after), answer);
    llvm::SmallVector<llvm::StringRef> old_headers, new_headers;
    before.value("headers").split(old_headers, ',', -1, /*KeepEmpty=*/false);
    after.value("headers").split(new_headers, ',', -1, /*KeepEmpty=*/false);
    for (const llvm::StringRef header : old_headers) {
      if (!llvm::is_contained(new_headers, header)) add(Rule::kHeaderRemoved, answer, header);
    }
    for (const llvm::StringRef header : new_headers) {
      if (!llvm::is_contained(old_headers, header)) add(Rule::kHeaderAdded, answer, {}, header);
    }
  }

  void compare_bodies(const std::vector<std::string>& before, const std::vector<std::string>& after,
                      const Subject& answer) {
    if (before.size() == 1 && after.size() == 1) return compare_body(before.front(), after.front(), answer);
    for (const std::string& body : before) {
      if (const std::string same = renamed_body(body); llvm::is_contained(after, same)) {
        compare_body(body, same, answer);
      } else {
        add(Rule::kFormRemoved, answer, body_text(body));
      }
    }
    for (const std::string& body : after) {
      const bool is_known =
          llvm::any_of(before, [&](const std::string& each) { return renamed_body(each) == body; });
      if (!is_known) add(Rule::kFormAdded, answer, {}, body_text(body));
    }
  }

  // The body with its type under the name that it has now.
  [[nodiscard]] std::string renamed_body(llvm::StringRef body) const {
    const auto [form, type] = body.split(' ');
    std::string name = names_.renamed("struct", type);
    if (name == type) name = names_.renamed("enum", type);
    if (name == type) name = names_.renamed("scalar", type);
    return name.empty() ? form.str() : (form + " " + name).str();
  }

  void compare_body(llvm::StringRef before, llvm::StringRef after, const Subject& answer) {
    const auto [old_form, old_text] = before.split(' ');
    const auto [new_form, new_text] = after.split(' ');
    if (old_form != new_form) return add(Rule::kFormChanged, answer, body_text(before), body_text(after));
    const std::optional<TypeText> old_type = parse_type(old_text);
    const std::optional<TypeText> new_type = parse_type(new_text);
    const bool has_structure = old_form == "json" || old_form == "lines" || old_form == "events";
    if (has_structure && old_type && new_type) types_.compare_types(*old_type, *new_type, kAnswerUse, answer);
  }

  [[nodiscard]] std::set<std::string> statuses_of(const Entry& flow, bool is_old) const {
    std::set<std::string> statuses;
    for (const Entry* answer : members_of(flow, "answer"))
      statuses.insert(answer->name);
    for (const Entry* failure : members_of(flow, "fails"))
      statuses.insert(status_of(error_of(*failure, flow, is_old)));
    return statuses;
  }

  [[nodiscard]] const Entry* error_of(const Entry& failure, const Entry& flow, bool is_old) const {
    const std::string name = qualified(failure.name, flow);
    return is_old ? types_.old_error(name) : types_.new_error(name);
  }

  static std::string qualified(const std::string& name, const Entry& flow) {
    if (llvm::StringRef(name).contains('.')) return name;
    return (split_name(flow.name).first + "." + name).str();
  }

  // An error without a status answers 500.
  static std::string status_of(const Entry* error) {
    return error != nullptr && error->has("status") ? error->value("status").str() : "500";
  }

  void compare_errors(const Entry& before, const Entry& after, const Subject& flow) {
    std::set<std::string> old_names;
    for (const Entry* failure : members_of(before, "fails")) {
      const std::string name = qualified(failure->name, before);
      const std::string renamed = names_.renamed("error", name);
      old_names.insert(renamed);
      const auto is_same = [&](const Entry* each) { return qualified(each->name, after) == renamed; };
      const Entry* old_error = types_.old_error(name);
      const Entry* new_error = types_.new_error(renamed);
      if (llvm::none_of(members_of(after, "fails"), is_same)) {
        add(Rule::kErrorRemoved, {flow.text, failure->span, flow.new_span}, failure->name);
      } else if (old_error != nullptr && new_error != nullptr) {
        types_.compare_errors(*old_error, *new_error);
      }
    }
    const std::set<std::string> known = statuses_of(before, /*is_old=*/true);
    for (const Entry* failure : members_of(after, "fails")) {
      if (old_names.contains(qualified(failure->name, after))) continue;
      const bool is_known = known.contains(status_of(error_of(*failure, after, /*is_old=*/false)));
      add(is_known ? Rule::kErrorAdded : Rule::kErrorStatusAdded, {flow.text, flow.old_span, failure->span},
          {}, failure->name);
    }
  }

  const Lock& before_;
  const Lock& after_;
  const Names& names_;
  Types& types_;
  Changes& changes_;
  std::map<std::string, const Entry*> by_route_, by_slug_;  // of the new side
  std::map<std::string, const Entry*> by_former_;           // new flows by the old name
  std::set<const Entry*> known_;                            // new flows that were there before
};

}  // namespace

void compare_apis(const Lock& before, const Lock& after, const Names& names, Types& types, Changes& changes) {
  ApiComparison(before, after, names, types, changes).run();
}

}  // namespace zc::lock
