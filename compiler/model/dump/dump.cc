// Writes the tables of the program back as text: packages and declarations.

#include "compiler/model/dump/dump.h"

#include "compiler/model/dump/dump_body.h"
#include "compiler/model/dump/dump_expression.h"
#include "compiler/model/type_table.h"

#include <cstddef>
#include <string>

namespace zc::model {
namespace {

class ProgramPrinter {
 public:
  ProgramPrinter(const Program& program, llvm::raw_ostream& out) : program_(program), out_(out) {}

  void print() {
    for (std::size_t i = 0; i != program_.packages.size(); ++i) {
      const PackageId package = program_.packages.id_at(i);
      if (program_.packages[package].is_root) print(package);
    }
  }

 private:
  void print(PackageId package) {
    package_ = package;
    const Package& the = program_.packages[package];
    out_ << "package " << the.name << " -> " << the.output_path << '\n';
    for (const Import& import : the.imports) {
      if (import.package.is_valid())
        out_ << "import " << program_.packages[import.package].name << " as " << import.alias << '\n';
    }
    if (!the.schema_path.empty()) out_ << "schema " << the.schema_path << '\n';
    if (the.service.is_valid()) print(program_.services[the.service]);
    print_all(program_.scalars);
    print_all(program_.structs);
    print_all(program_.enums);
    print_all(program_.externs);
    print_all(program_.domains);
    print_all(program_.errors);
    print_all(program_.adapters);
    print_all(program_.policies);
    print_all(program_.targets);
    print_all(program_.slots);
    print_all(program_.steps);
    print_all(program_.chains);
    print_all(program_.flows);
  }

  template <typename Table> void print_all(const Table& table) {
    for (const auto& entry : table) {
      if (entry.origin.package == package_) print(entry);
    }
  }

  void print(const Service& service) {
    out_ << "service " << service.origin.name << " base \"" << service.base << "\" auth "
         << (service.auth_deny ? "deny" : "allow") << " body " << service.limits.body << " headers "
         << service.limits.headers << " json_depth " << service.limits.json_depth;
    if (service.message_pack) out_ << " formats json, msgpack";
    if (service.deadline) print_duration(" deadline ", *service.deadline);
    if (service.owner) out_ << " owner \"" << *service.owner << '"';
    for (const std::string& word : service.denied_words)
      out_ << " deny " << word;
    out_ << '\n';
    for (const ServiceMiddleware& middleware : service.middleware) {
      out_ << "  before";
      for (const Middleware& use : middleware.uses)
        out_ << ' ' << name(use);
      for (const ScopePath& path : middleware.paths)
        out_ << " on " << path.text;
      out_ << '\n';
    }
  }

  void print(const Scalar& scalar) {
    out_ << "scalar " << scalar.origin.name << ": " << text(scalar.base);
    print(scalar.traits);
    out_ << '\n';
  }

  void print(const Struct& structure) {
    out_ << "struct " << structure.origin.name << '\n';
    print(structure.fields);
  }

  void print(const Enum& enumeration) {
    out_ << "enum " << enumeration.origin.name << '\n';
    for (const Enumerator& value : enumeration.values) {
      out_ << "  " << value.origin.name << " = \"" << value.json_name << "\"\n";
    }
  }

  void print(const ExternType& type) {
    out_ << "extern type " << type.origin.name << " = " << type.cpp_name << " from " << type.header
         << (type.opaque ? " opaque" : "") << '\n';
  }

  void print(const Domain& domain) {
    out_ << "domain " << domain.origin.name;
    if (domain.http_status) out_ << " http " << *domain.http_status;
    out_ << '\n';
  }

  void print(const ErrorType& error) {
    out_ << "error " << error.origin.name;
    if (error.http_status) out_ << " http " << *error.http_status;
    if (error.kinds != 0) out_ << " kind " << kinds_text(error.kinds);
    out_ << (error.retryable ? " retryable" : "");
    if (error.domain.is_valid()) out_ << " domain " << program_.domains[error.domain].origin.name;
    out_ << '\n';
    print(error.fields);
  }

  void print(const std::vector<Field>& fields) {
    for (const Field& field : fields) {
      out_ << "  " << field.origin.name << ": " << text(field.type);
      if (field.json_name != field.origin.name) out_ << " json \"" << field.json_name << '"';
      if (field.default_value) {
        out_ << " = ";
        dump(program_, *field.default_value, field.type, out_);
      }
      print(field.traits);
      out_ << '\n';
    }
  }

  void print(const Traits& traits) {
    if (traits.length) {
      out_ << " length ";
      if (traits.length->least) out_ << *traits.length->least;
      out_ << "..";
      if (traits.length->most) out_ << *traits.length->most;
    }
    if (traits.range) {
      out_ << " range ";
      if (traits.range->least) dump(program_, *traits.range->least, TypeId(), out_);
      out_ << "..";
      if (traits.range->most) dump(program_, *traits.range->most, TypeId(), out_);
    }
    if (traits.pattern) out_ << " pattern " << *traits.pattern;
    print_labels(" label ", traits.labels);
  }

  void print_labels(const char* word, Labels labels) {
    if (labels == kNoLabel) return;
    out_ << word << ((labels & kPii) != 0 ? "pii" : "") << (labels == (kPii | kSecret) ? ", " : "")
         << ((labels & kSecret) != 0 ? "secret" : "");
  }

  void print(const Adapter& adapter) {
    out_ << "adapter " << adapter.origin.name;
    print(adapter.parameters);
    out_ << '\n';
    for (const Operation& operation : adapter.operations) {
      static constexpr const char* kAccess[] = {"read", "write", "by statement"};
      static constexpr const char* kFormats[] = {"", "row ", "json "};
      out_ << "  " << operation.origin.name;
      print(operation.parameters);
      out_ << " -> " << kFormats[static_cast<std::size_t>(operation.format)] << text(operation.result) << ", "
           << kAccess[static_cast<std::size_t>(operation.access)]
           << (operation.idempotent ? ", idempotent" : "") << (operation.stream ? ", stream" : "")
           << (operation.status ? ", status" : "") << (operation.commits ? ", commits" : "");
      if (!operation.method.empty()) out_ << ", calls " << adapter.service << "/" << operation.method;
      if (operation.fails != 0) out_ << ", fails " << kinds_text(operation.fails);
      out_ << '\n';
    }
  }

  void print(const std::vector<OperationParameter>& parameters) {
    out_ << '(';
    for (std::size_t i = 0; i != parameters.size(); ++i) {
      out_ << (i == 0 ? "" : ", ") << parameters[i].name << ": " << text(parameters[i].type);
      if (parameters[i].default_value) {
        out_ << " = ";
        dump(program_, *parameters[i].default_value, parameters[i].type, out_);
      }
    }
    out_ << ')';
  }

  void print(const Policy& policy) {
    out_ << "policy " << policy.origin.name;
    dump(program_, policy.settings, out_);
    out_ << '\n';
  }

  void print(const Target& target) {
    out_ << "target " << target.origin.name << " = "
         << (target.adapter.is_valid() ? program_.adapters[target.adapter].origin.name : "?") << '(';
    for (std::size_t i = 0; i != target.arguments.size(); ++i) {
      if (i != 0) out_ << ", ";
      dump(program_, target.arguments[i], out_);
    }
    out_ << ')';
    if (target.in_flight) out_ << " in_flight " << *target.in_flight;
    if (target.queue_bound) out_ << " queue " << *target.queue_bound;
    if (target.pool) out_ << " pool " << *target.pool;
    if (target.compress_over) out_ << " compress gzip over " << *target.compress_over;
    if (target.message_pack) out_ << " format msgpack";
    if (target.retry_budget_percent) out_ << " retry_budget " << *target.retry_budget_percent << '%';
    if (target.breaker) {
      out_ << " breaker " << target.breaker->percent << "% of " << target.breaker->of;
      print_duration(" open ", target.breaker->open);
    }
    if (target.bearer) {
      out_ << " bearer ";
      dump(program_, *target.bearer, out_);
    }
    if (target.default_policy.is_valid())
      out_ << " policy " << program_.policies[target.default_policy].origin.name;
    print_labels(" accepts ", labels_of(target.accepts));
    out_ << '\n';
  }

  void print(const Slot& slot) {
    out_ << "slot " << slot.origin.name << ": " << text(slot.type) << (slot.is_private ? " private" : "");
    print_labels(" label ", slot.labels);
    out_ << '\n';
  }

  void print(const Step& step) { dump(program_, step, out_); }

  void print(const Chain& chain) {
    out_ << "chain " << chain.origin.name;
    for (const OrderRule& rule : chain.order)
      out_ << ' ' << word_of(rule.kind) << ' ' << name(rule.other);
    out_ << '\n';
    dump(program_, chain.body, 1, out_);
  }

  void print(const Flow& flow) { dump(program_, flow, out_); }

  static const char* word_of(OrderRule::Kind kind) {
    switch (kind) {
      case OrderRule::Kind::kBefore:
        return "before";
      case OrderRule::Kind::kAfter:
        return "after";
      case OrderRule::Kind::kRequires:
        break;
    }
    return "requires";
  }

  [[nodiscard]] std::string name(const Middleware& middleware) const {
    if (middleware.chain.is_valid()) return program_.chains[middleware.chain].origin.name;
    return middleware.step.is_valid() ? program_.steps[middleware.step].origin.name : "?";
  }

  void print_duration(const char* word, Nanoseconds nanoseconds) {
    out_ << word;
    dump_duration(nanoseconds, out_);
  }

  [[nodiscard]] std::string text(TypeId type) const {
    return type.is_valid() ? type_text(program_, type) : "?";
  }

  const Program& program_;
  llvm::raw_ostream& out_;
  PackageId package_;
};

}  // namespace

void dump_model(const Program& program, llvm::raw_ostream& out) { ProgramPrinter(program, out).print(); }

}  // namespace zc::model
