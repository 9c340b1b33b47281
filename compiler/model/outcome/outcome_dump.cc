// How flows end, as text.

#include "compiler/model/outcome/outcome.h"
#include "compiler/model/type_table.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::model {

namespace {

class Printer {
 public:
  Printer(const Program& program, llvm::raw_ostream& out) : program_(program), out_(out) {}

  void print(FlowId id) {
    const Flow& flow = program_.flows[id];
    out_ << "flow " << program_.packages[flow.origin.package].name << '.' << flow.origin.name;
    if (flow.trigger == Trigger::kJob) out_ << " (job)";
    if (flow.trigger == Trigger::kCron) out_ << " (cron)";
    out_ << '\n';
    const FlowAnswers result = answers_of(program_, id);
    for (const FlowAnswer& answer : result.answers)
      print(answer, flow);
    for (const StepId step : result.may_answer)
      out_ << "  any answer of step " << program_.steps[step].origin.name << '\n';
    print_handlers(flow);
  }

  void print_server() {
    out_ << "server\n";
    for (const ServerAnswer& answer : server_answers())
      out_ << "  " << answer.status << ' ' << answer.why << '\n';
  }

 private:
  void print(const FlowAnswer& answer, const Flow& flow) {
    const bool answers = flow.trigger == Trigger::kRoute || flow.trigger == Trigger::kSlug;
    out_ << "  ";
    if (answers) {
      if (answer.status == 0) {
        out_ << "no status";
      } else {
        out_ << answer.status;
      }
      out_ << ' ';
    }
    switch (answer.source) {
      case FlowAnswer::Source::kReturn:
        print_return(answer);
        break;
      case FlowAnswer::Source::kError:
        print_error(answer);
        break;
      case FlowAnswer::Source::kRuntime:
        out_ << "runtime: " << answer.why;
        break;
    }
    out_ << '\n';
  }

  void print_return(const FlowAnswer& answer) {
    if (answer.body.is_valid()) {
      out_ << type_text(program_, answer.body) << " as " << answer.media_type;
    } else {
      out_ << "no body";
    }
    const char* separator = ", header ";
    for (const std::string& header : answer.headers) {
      out_ << separator << header;
      separator = ", ";
    }
  }

  void print_error(const FlowAnswer& answer) {
    out_ << "error " << program_.errors[answer.error].origin.name << " of "
         << domain_name(program_, answer.error);
    const char* separator = ": ";
    for (const StepId id : answer.raisers) {
      const Step& step = program_.steps[id];
      out_ << separator << step.origin.name << ", when " << cause_text(program_, step, answer.error);
      separator = "; ";
    }
  }

  // What handlers take, so that it does not leave the flow.
  void print_handlers(const Flow& flow) {
    for_each_statement(flow, [this](const Statement& statement) {
      if (statement.kind == StatementKind::kOnOverload) out_ << "  on overload\n";
      if (statement.kind != StatementKind::kRescue && statement.kind != StatementKind::kOnError) return;
      out_ << (statement.kind == StatementKind::kRescue ? "  rescue" : "  on error");
      const char* separator = " ";
      for (const ErrorId error : statement.errors) {
        out_ << separator << (error.is_valid() ? llvm::StringRef(program_.errors[error].origin.name) : "?");
        separator = ", ";
      }
      out_ << '\n';
    });
  }

  const Program& program_;
  llvm::raw_ostream& out_;
};

}  // namespace

void dump_outcomes(const Program& program, llvm::raw_ostream& out) {
  Printer printer(program, out);
  for (std::size_t i = 0; i < program.flows.size(); ++i) {
    const FlowId flow(i);
    if (program.packages[program.flows[flow].origin.package].is_root) printer.print(flow);
  }
  printer.print_server();
}

}  // namespace zc::model
