// Writes expressions back as text.

#include "compiler/model/dump/dump_expression.h"

#include "compiler/model/type_table.h"

#include <llvm/Support/FormatVariadic.h>

#include <array>
#include <cstddef>

namespace zc::model {
namespace {

constexpr std::array kParts{
    "json", "body", "path", "query", "header", "cookie", "client_ip", "idempotency_key", "method"};
constexpr std::array kOperators{"||", "&&", "??", "==", "!=", "<", "<=", ">",
                                ">=", "+",  "-",  "*",  "/",  "%", "!",  "-"};

class ExpressionPrinter {
 public:
  ExpressionPrinter(const Program& program, llvm::raw_ostream& out) : program_(program), out_(out) {}

  void print(const Expression& expression) {
    switch (expression.kind) {
      case ExpressionKind::kError:
        out_ << '?';
        break;
      case ExpressionKind::kConstant:
        dump(program_, expression.constant, expression.type, out_);
        break;
      case ExpressionKind::kSlot:
        out_ << (expression.slot.is_valid() ? program_.slots[expression.slot].origin.name : "?");
        break;
      case ExpressionKind::kParameter:
        out_ << '$' << expression.parameter;
        break;
      case ExpressionKind::kRequest:
        out_ << "request." << kParts[static_cast<std::size_t>(expression.part)];
        if (!expression.name.empty()) out_ << '.' << expression.name;
        break;
      case ExpressionKind::kField:
        print_field(expression);
        break;
      case ExpressionKind::kUnary:
        out_ << kOperators[static_cast<std::size_t>(expression.op)];
        print(expression.operands.front());
        break;
      case ExpressionKind::kBinary:
        print_list("(", expression,
                   std::string(" ") + kOperators[static_cast<std::size_t>(expression.op)] + " ", ")");
        break;
      case ExpressionKind::kObject:
        print_object(expression);
        break;
      case ExpressionKind::kList:
        print_list("[", expression, ", ", "]");
        break;
      case ExpressionKind::kStruct:
        print_list(type_text(program_, expression.type) + "{", expression, ", ", "}");
        break;
      case ExpressionKind::kInterpolation:
        print_text("", expression);
        break;
      case ExpressionKind::kUrl:
        print_text("url", expression);
        break;
      case ExpressionKind::kStatement:
        print_text("sql", expression);
        break;
      case ExpressionKind::kEnvironment:
        out_ << "env." << expression.name;
        break;
      case ExpressionKind::kSecret:
        out_ << "secret." << expression.name;
        break;
      case ExpressionKind::kConvert:
        print_list(type_text(program_, expression.type) + "(", expression, ", ", ")");
        break;
    }
  }

 private:
  void print_field(const Expression& expression) {
    print(expression.operands.front());
    out_ << '.';
    if (expression.structure.is_valid()) {
      out_ << program_.structs[expression.structure].fields[expression.field].origin.name;
    } else {
      out_ << '?';
    }
  }

  void print_list(llvm::StringRef open, const Expression& expression, llvm::StringRef separator,
                  llvm::StringRef close) {
    out_ << open;
    for (std::size_t i = 0; i != expression.operands.size(); ++i) {
      if (i != 0) out_ << separator;
      print(expression.operands[i]);
    }
    out_ << close;
  }

  void print_object(const Expression& expression) {
    out_ << '{';
    for (std::size_t i = 0; i != expression.operands.size(); ++i) {
      out_ << (i == 0 ? "" : ", ") << expression.names[i] << ": ";
      print(expression.operands[i]);
    }
    out_ << '}';
  }

  // Constants of text as they are, everything else in braces.
  void print_text(llvm::StringRef tag, const Expression& expression) {
    out_ << tag << '"';
    for (const Expression& part : expression.operands) {
      if (part.kind == ExpressionKind::kConstant && part.constant.kind == Constant::Kind::kString) {
        out_.write_escaped(part.constant.text);
      } else {
        out_ << '{';
        print(part);
        out_ << '}';
      }
    }
    out_ << '"';
  }

  const Program& program_;
  llvm::raw_ostream& out_;
};

}  // namespace

void dump(const Program& program, const Expression& expression, llvm::raw_ostream& out) {
  ExpressionPrinter(program, out).print(expression);
}

void dump(const Program& program, const Constant& constant, TypeId enumeration, llvm::raw_ostream& out) {
  switch (constant.kind) {
    case Constant::Kind::kNull:
      out << "null";
      break;
    case Constant::Kind::kBool:
      out << (constant.boolean ? "true" : "false");
      break;
    case Constant::Kind::kInteger:
      out << (constant.negative ? "-" : "") << constant.integer;
      break;
    case Constant::Kind::kFloat:
      out << (constant.text.empty() ? llvm::formatv("{0}", constant.floating).str() : constant.text);
      break;
    case Constant::Kind::kString:
      out << '"';
      out.write_escaped(constant.text) << '"';
      break;
    case Constant::Kind::kDuration:
      if (constant.negative) out << '-';
      dump_duration(constant.integer, out);
      break;
    case Constant::Kind::kEnumerator:
      if (enumeration.is_valid() && program.types[enumeration].kind == TypeKind::kEnum) {
        out << program.enums[EnumId(program.types[enumeration].declaration)]
                   .values[constant.integer]
                   .origin.name;
      } else {
        out << '#' << constant.integer;
      }
      break;
    case Constant::Kind::kEmptyList:
      out << "[]";
      break;
    case Constant::Kind::kEmptyMap:
      out << "{}";
      break;
  }
}

void dump_duration(std::uint64_t nanoseconds, llvm::raw_ostream& out) {
  struct Unit {
    const char* name;
    std::uint64_t size;
  };
  static constexpr std::array kUnits{Unit{"d", 86'400'000'000'000}, Unit{"h", 3'600'000'000'000},
                                     Unit{"m", 60'000'000'000},     Unit{"s", 1'000'000'000},
                                     Unit{"ms", 1'000'000},         Unit{"us", 1'000}};
  for (const Unit& unit : kUnits) {
    if (nanoseconds != 0 && nanoseconds % unit.size == 0) {
      out << nanoseconds / unit.size << unit.name;
      return;
    }
  }
  out << nanoseconds << "ns";
}

}  // namespace zc::model
