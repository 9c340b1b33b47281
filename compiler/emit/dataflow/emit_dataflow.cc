#include "compiler/emit/dataflow/emit_dataflow.h"

#include "compiler/emit/written_names.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <utility>
#include <vector>

namespace zc::emit {
namespace {

namespace json = llvm::json;
using model::Departure;
using model::DepartureKind;

constexpr std::pair<model::Label, const char*> kLabels[] = {{model::kPii, "pii"}, {model::kSecret, "secret"}};

const char* word_of(model::Label label) { return label == model::kSecret ? "secret" : "pii"; }

// A declaration that carries labels.
struct Declared {
  std::string label, kind, name;
};

// A part of a target's configuration that comes from a secret.
struct Credential {
  std::string target, part, secret;
};

class Report {
 public:
  Report(const model::Program& program, model::PackageId package) : program_(program), package_(package) {
    find_declared();
    find_credentials();
    for (const Departure& departure : program.departures.departures) {
      if (program.flows[departure.flow].origin.package == package) departures_.push_back(&departure);
    }
    for (const model::Drop& drop : program.departures.drops) {
      if (program.flows[drop.flow].origin.package == package) drops_.push_back(&drop);
    }
  }

  [[nodiscard]] std::string markdown() const {
    std::string text;
    llvm::raw_string_ostream out(text);
    out << "# Labelled data of package `" << program_.packages[package_].name << "`\n\n"
        << "What carries `@pii` or `@secret`, where it leaves the service, and what lets it.\n";
    table(out, "Where it is declared", {"label", "declaration"}, declared_, [](const Declared& each) {
      return std::vector<std::string>{each.label, each.kind + " " + code(each.name)};
    });
    table(out, "Where it leaves", {"flow", "step", "data", "to", "as", "allowed by"}, departures_,
          [this](const Departure* each) {
            std::vector<std::string> cells{code(flow_of(*each)), code(step_of(each->step)),
                                           data_text(each->data)};
            append_place(*each, cells);
            return cells;
          });
    table(out, "Where a label is dropped", {"flow", "step", "data", "reason"}, drops_,
          [this](const model::Drop* each) {
            return std::vector<std::string>{code(flow_of(*each)), code(step_of(each->step)),
                                            data_text(each->data), program_.steps[each->step].origin.doc};
          });
    table(out, "Secrets that targets are configured with", {"target", "part", "secret"}, credentials_,
          [](const Credential& each) {
            return std::vector<std::string>{code(each.target), code(each.part), code(each.secret)};
          });
    return text;
  }

  [[nodiscard]] std::string json_text() const {
    json::Array declared, leaves, dropped, credentials;
    for (const Declared& each : declared_)
      declared.push_back(json::Object{{"label", each.label}, {"kind", each.kind}, {"name", each.name}});
    for (const Departure* each : departures_) {
      leaves.push_back(json::Object{{"flow", flow_of(*each)},
                                    {"step", step_of(each->step)},
                                    {"data", array_of(each->data)},
                                    {"to", place_of(*each)},
                                    {"gate", gate_of(*each)}});
    }
    for (const model::Drop* each : drops_) {
      dropped.push_back(json::Object{{"flow", flow_of(*each)},
                                     {"step", step_of(each->step)},
                                     {"data", array_of(each->data)},
                                     {"reason", program_.steps[each->step].origin.doc}});
    }
    for (const Credential& each : credentials_)
      credentials.push_back(
          json::Object{{"target", each.target}, {"part", each.part}, {"secret", each.secret}});
    json::Object whole{{"schema", 1},
                       {"package", program_.packages[package_].name},
                       {"declared", std::move(declared)},
                       {"leaves", std::move(leaves)},
                       {"dropped", std::move(dropped)},
                       {"credentials", std::move(credentials)}};
    return llvm::formatv("{0:2}", json::Value(std::move(whole))).str() + "\n";
  }

 private:
  [[nodiscard]] std::string name(const model::Origin& origin) const {
    return written_name(program_, origin, package_);
  }

  // The package itself and those that it imports, whose slots and types it may use.
  [[nodiscard]] bool sees(const model::Origin& origin) const {
    return origin.package == package_ ||
           llvm::any_of(program_.packages[package_].imports,
                        [&](const model::Import& import) { return import.package == origin.package; });
  }

  void declare(model::Labels labels, const char* kind, const std::string& named) {
    for (const auto& [label, word] : kLabels) {
      if ((labels & label) != 0) declared_.push_back({word, kind, named});
    }
  }

  void declare_fields(const model::Origin& owner, llvm::ArrayRef<model::Field> fields) {
    if (!sees(owner)) return;
    for (const model::Field& field : fields)
      declare(field.traits.labels, "field", name(owner) + "." + field.origin.name);
  }

  void find_declared() {
    for (const model::Scalar& scalar : program_.scalars) {
      if (sees(scalar.origin)) declare(scalar.traits.labels, "scalar", name(scalar.origin));
    }
    for (const model::Struct& structure : program_.structs)
      declare_fields(structure.origin, structure.fields);
    for (const model::ErrorType& error : program_.errors)
      declare_fields(error.origin, error.fields);
    for (const model::Slot& slot : program_.slots) {
      if (sees(slot.origin)) declare(slot.labels, "slot", name(slot.origin));
    }
  }

  void find_secrets(const model::Target& target, const std::string& part, const model::Expression& value) {
    if (value.kind == model::ExpressionKind::kSecret) {
      credentials_.push_back({name(target.origin), part, "secret." + value.name});
    }
    for (const model::Expression& operand : value.operands)
      find_secrets(target, part, operand);
  }

  void find_credentials() {
    for (const model::Target& target : program_.targets) {
      if (!sees(target.origin) || !target.adapter.is_valid()) continue;
      const std::vector<model::OperationParameter>& parameters = program_.adapters[target.adapter].parameters;
      for (std::size_t i = 0; i < target.arguments.size() && i < parameters.size(); ++i)
        find_secrets(target, parameters[i].name, target.arguments[i]);
      if (target.bearer) find_secrets(target, "bearer", *target.bearer);
    }
  }

  template <typename Found> [[nodiscard]] std::string flow_of(const Found& found) const {
    return name(program_.flows[found.flow].origin);
  }
  [[nodiscard]] std::string step_of(model::StepId step) const {
    return step.is_valid() ? name(program_.steps[step].origin) : std::string();
  }
  [[nodiscard]] const model::Target& target_of(const Departure& departure) const {
    return program_.targets[departure.target];
  }
  [[nodiscard]] const std::string& operation_of(const Departure& departure) const {
    return program_.adapters[target_of(departure).adapter].operations[departure.operation].origin.name;
  }

  // The cells "to", "as" and "allowed by".
  void append_place(const Departure& departure, std::vector<std::string>& cells) const {
    const std::string label = word_of(departure.data.front().label);
    const std::string place = code(departure.place);
    switch (departure.kind) {
      case DepartureKind::kArgument:
      case DepartureKind::kUrl:
      case DepartureKind::kKey:
        cells.push_back(code(name(target_of(departure).origin) + "." + operation_of(departure)) +
                        (departure.is_undo ? ", as compensation" : ""));
        cells.push_back(departure.kind == DepartureKind::kKey   ? "idempotency key"
                        : departure.kind == DepartureKind::kUrl ? "URL " + place
                                                                : "argument " + place);
        cells.push_back(code("accepts " + label) + " of the target");
        break;
      case DepartureKind::kBody:
      case DepartureKind::kHeader:
        cells.push_back("client, status " + std::to_string(departure.status));
        cells.push_back(departure.kind == DepartureKind::kBody ? "body" : "header " + place);
        cells.push_back(code("reveal") + " of the answer");
        break;
      case DepartureKind::kParameter:
      case DepartureKind::kUniqueKey:
        cells.push_back("queue of job " + code(name(program_.flows[departure.job].origin)));
        cells.push_back(departure.kind == DepartureKind::kParameter ? "parameter " + place : "unique key");
        cells.push_back(code("@" + label) + " of a parameter of the job");
        break;
      case DepartureKind::kReason:
        cells.push_back("client, error " + code(name(program_.errors[departure.error].origin)));
        cells.push_back("perhaps in " + place);
        cells.push_back("nothing: the text is made in C++");
        break;
    }
  }

  [[nodiscard]] json::Object place_of(const Departure& departure) const {
    switch (departure.kind) {
      case DepartureKind::kArgument:
      case DepartureKind::kUrl:
      case DepartureKind::kKey: {
        const char* part = departure.kind == DepartureKind::kKey   ? "key"
                           : departure.kind == DepartureKind::kUrl ? "url"
                                                                   : "argument";
        return json::Object{{"kind", "target"},
                            {"target", name(target_of(departure).origin)},
                            {"operation", operation_of(departure)},
                            {"undo", departure.is_undo},
                            {"part", part},
                            {"name", departure.place}};
      }
      case DepartureKind::kBody:
      case DepartureKind::kHeader:
        return json::Object{{"kind", "answer"},
                            {"status", departure.status},
                            {"part", departure.kind == DepartureKind::kBody ? "body" : "header"},
                            {"name", departure.place}};
      case DepartureKind::kParameter:
      case DepartureKind::kUniqueKey:
        return json::Object{{"kind", "queue"},
                            {"job", name(program_.flows[departure.job].origin)},
                            {"part", departure.kind == DepartureKind::kParameter ? "parameter" : "unique"},
                            {"name", departure.place}};
      case DepartureKind::kReason:
        return json::Object{{"kind", "error"},
                            {"error", name(program_.errors[departure.error].origin)},
                            {"part", "field"},
                            {"name", departure.place}};
    }
    return {};
  }

  static const char* gate_of(const Departure& departure) {
    switch (departure.kind) {
      case DepartureKind::kArgument:
      case DepartureKind::kUrl:
      case DepartureKind::kKey:
        return "accepts";
      case DepartureKind::kBody:
      case DepartureKind::kHeader:
        return "reveal";
      case DepartureKind::kParameter:
      case DepartureKind::kUniqueKey:
        return "parameter";
      case DepartureKind::kReason:
        return "none";
    }
    return "";
  }

  [[nodiscard]] static std::string data_text(const std::vector<model::LabelledData>& data) {
    std::vector<std::string> texts;
    for (const model::LabelledData& each : data) {
      std::string text = std::string(word_of(each.label)) + " ";
      text += each.name.empty() ? each.declaration : code(each.name);
      // Where a step made something of it, its own name does not say what it was.
      if (!each.steps.empty()) text += " (of " + each.declaration + ")";
      texts.push_back(std::move(text));
    }
    return llvm::join(texts, ", ");
  }

  [[nodiscard]] json::Array array_of(const std::vector<model::LabelledData>& data) const {
    json::Array result;
    for (const model::LabelledData& each : data) {
      json::Array steps;
      for (const model::StepId step : each.steps)
        steps.push_back(step_of(step));
      result.push_back(json::Object{{"label", word_of(each.label)},
                                    {"name", each.name},
                                    {"declaration", each.declaration},
                                    {"steps", std::move(steps)}});
    }
    return result;
  }

  static std::string code(const std::string& text) { return text.empty() ? text : "`" + text + "`"; }

  // A cell is one line, and a bar would end it.
  static std::string cell(llvm::StringRef text) {
    std::string result;
    for (const char c : text) {
      if (c == '|') result += '\\';
      result += c == '\n' ? ' ' : c;
    }
    return result;
  }

  template <typename Rows, typename Cells>
  static void table(llvm::raw_ostream& out, const char* title, llvm::ArrayRef<const char*> head,
                    const Rows& rows, const Cells& cells) {
    out << "\n## " << title << "\n\n";
    if (rows.empty()) {
      out << "Nowhere.\n";
      return;
    }
    out << '|';
    for (const char* column : head)
      out << ' ' << column << " |";
    out << "\n|";
    for (std::size_t i = 0; i < head.size(); ++i)
      out << "---|";
    out << '\n';
    for (const auto& row : rows) {
      out << '|';
      for (const std::string& text : cells(row))
        out << ' ' << cell(text) << " |";
      out << '\n';
    }
  }

  const model::Program& program_;
  model::PackageId package_;
  std::vector<Declared> declared_;
  std::vector<const Departure*> departures_;
  std::vector<const model::Drop*> drops_;
  std::vector<Credential> credentials_;
};

}  // namespace

DataflowReport emit_dataflow(const model::Program& program, model::PackageId package) {
  const Report report(program, package);
  return {report.markdown(), report.json_text()};
}

}  // namespace zc::emit
