// Parameters of paths against the steps that read them.

#include "compiler/check/routes/routes.h"
#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/model/graph/cfg.h"

#include <algorithm>
#include <set>
#include <utility>

namespace zc::check {

namespace {

struct Reader {
  std::string name;
  Span span;
};

void collect_readers(const model::Expression& expression, std::vector<Reader>& readers) {
  if (expression.kind == model::ExpressionKind::kRequest && expression.part == model::RequestPart::kPath) {
    readers.push_back({expression.name, expression.span});
  }
  for (const model::Expression& operand : expression.operands)
    collect_readers(operand, readers);
}

std::vector<std::vector<Reader>> readers_of_steps(const Context& context) {
  std::vector<std::vector<Reader>> readers(context.program.steps.size());
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const model::Step& step = context.program.steps[model::StepId(i)];
    if (step.value) collect_readers(*step.value, readers[i]);
  }
  return readers;
}

struct PathParameter {
  llvm::StringRef name;
  bool is_rest = false;
};

std::vector<PathParameter> parameters_of(const model::Flow& flow) {
  std::vector<PathParameter> parameters;
  if (!flow.route) return parameters;
  for (const model::PathSegment& segment : flow.route->segments) {
    if (segment.kind == model::PathSegment::Kind::kLiteral) continue;
    parameters.push_back({segment.text, segment.kind == model::PathSegment::Kind::kRest});
    for (const model::SegmentParameter& more : segment.more)
      parameters.push_back({more.name, false});
  }
  return parameters;
}

class PathParameterChecker {
 public:
  explicit PathParameterChecker(Context& context) : context_(context), readers_(readers_of_steps(context)) {}

  void check(const model::Flow& flow) {
    if (flow.route && flow.route->segments.empty() && flow.route->pattern != "/") return;  // reported
    const std::vector<PathParameter> parameters = parameters_of(flow);
    std::vector<bool> is_read(parameters.size());
    bool is_complete = true;
    model::for_each_statement(flow, [&](const model::Statement& statement) {
      if (statement.kind != model::StatementKind::kStep) return;
      if (!statement.step.is_valid()) {
        is_complete = false;
        return;
      }
      for (const Reader& reader : readers_[statement.step.index()]) {
        const auto found =
            std::find_if(parameters.begin(), parameters.end(),
                         [&](const PathParameter& parameter) { return parameter.name == reader.name; });
        if (found != parameters.end()) {
          is_read[static_cast<std::size_t>(found - parameters.begin())] = true;
        } else {
          report_unknown(flow, parameters, reader, statement.span);
        }
      }
    });
    if (!is_complete || context_.is_incomplete) return;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (is_read[i] || parameters[i].is_rest) continue;
      context_.engine
          .report(Kind::kUnreadPathParameter, flow.route->span, parameters[i].name, flow.origin.name)
          .help("read it in a step: `step read_" + parameters[i].name + " -> slot = request.path." +
                parameters[i].name + ";`");
    }
  }

 private:
  void report_unknown(const model::Flow& flow, const std::vector<PathParameter>& parameters,
                      const Reader& reader, Span use) {
    if (!reported_.insert({reader.span, flow.origin.span}).second) return;
    auto& diagnostic =
        context_.engine.report(Kind::kUnknownPathParameter, use, flow.origin.name, reader.name);
    diagnostic.secondary(reader.span, "read here");
    if (!flow.route) {
      diagnostic.note("`" + flow.origin.name + "` is not reached by a path");
      return;
    }
    diagnostic.secondary(flow.route->span, "the path of the flow");
    std::vector<llvm::StringRef> names;
    for (const PathParameter& parameter : parameters)
      names.push_back(parameter.name);
    if (const auto guess = diagnostics::did_you_mean(reader.name, names)) {
      diagnostic.help("did you mean `request.path." + *guess + "`?");
    }
  }

  Context& context_;
  std::vector<std::vector<Reader>> readers_;
  std::set<std::pair<Span, Span>> reported_;
};

}  // namespace

void check_path_parameters(Context& context) {
  PathParameterChecker checker(context);
  for (const model::Flow& flow : context.program.flows)
    checker.check(flow);
}

}  // namespace zc::check
