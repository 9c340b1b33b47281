// Making the values that templates are filled with.

#pragma once

#include "compiler/emit/templates.h"
#include "compiler/plan/plan.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace zc::emit {

inline Data object(std::initializer_list<std::pair<const char*, Data>> members) {
  Data result(Data::type::object);
  for (const auto& [name, value] : members)
    result.set(name, value);
  return result;
}

// A section that is shown, with the text inside, when there is text.
inline Data when_set(const std::string& text) { return text.empty() ? Data(false) : Data(text); }
inline Data flag(bool value) { return Data(value); }

template <typename Items, typename Make> Data list(const Items& items, Make make) {
  Data result(Data::type::list);
  for (const auto& item : items)
    result.push_back(make(item));
  return result;
}
inline Data list(const std::vector<std::string>& items) {
  return list(items, [](const std::string& item) { return Data(item); });
}
// Items with the `separator` that stands before them: "" for the first.
inline Data separated(const std::vector<std::string>& items) {
  bool is_first = true;
  return list(items, [&](const std::string& item) {
    return object({{"separator", std::exchange(is_first, false) ? "" : ", "}, {"text", item}});
  });
}
// "{a, b}": a template cannot write a brace beside a tag.
inline Data braced(const std::vector<std::string>& items) {
  return Data("{" + llvm::join(items, ", ") + "}");
}
// The lines of a documentation comment as they stand behind the slashes.
inline Data doc(const plan::Lines& lines) {
  return list(lines, [](llvm::StringRef line) {
    std::string text = (line.empty() || line.front() == ' ' ? "" : " ") + line.str();
    // At the end of a line it would make the next one part of the comment, also with spaces behind it.
    if (line.rtrim().ends_with("\\")) text += " .";
    return Data(std::move(text));
  });
}
// "[[deprecated(text)]] " or nothing; `text` is a C++ literal.
inline Data deprecated(bool is_deprecated, const std::string& text) {
  if (!is_deprecated) return Data("");
  return Data(text == "\"\"" ? std::string("[[deprecated]] ") : "[[deprecated(" + text + ")]] ");
}

// Whether the package declares an adapter with parameters.
inline bool has_configurations(const plan::Plan& plan) {
  return llvm::any_of(plan.adapters,
                      [](const plan::AdapterPlan& adapter) { return !adapter.configuration.name.empty(); });
}

[[nodiscard]] Data header_data(const plan::Plan& plan);
[[nodiscard]] Data source_data(const plan::Plan& plan);
[[nodiscard]] Data router_functions(const plan::Plan& plan);
[[nodiscard]] Data codec_data(const std::vector<plan::CodecFieldPlan>& fields);
// How many fields there are, for JsonWriter::begin_object: `2, value.due`.
[[nodiscard]] std::string codec_size(const std::vector<plan::CodecFieldPlan>& fields);
[[nodiscard]] Data message_data(const std::vector<plan::MessageFieldPlan>& fields);
// Whether operations of its adapters are calls over gRPC.
[[nodiscard]] bool has_rpcs(const plan::Plan& plan);
[[nodiscard]] Data type_data(const plan::TypePlan& type);
[[nodiscard]] Data call_data(const plan::CallPlan& call);
[[nodiscard]] Data assigns_data(const std::vector<plan::AssignPlan>& assigns);
[[nodiscard]] Data saga_steps_data(const plan::Plan& plan);
[[nodiscard]] Data body_data(const plan::Body& body);
[[nodiscard]] Data branch_data(const plan::BranchPlan& branch);
// Members of source_data() that are about routes.
void set_router(const plan::Plan& plan, Data& data);

}  // namespace zc::emit
