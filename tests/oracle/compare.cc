// Holds the compiler's verdict against the oracle's.

#include "tests/oracle/compare.h"

#include "tests/oracle/compiler.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace oracle {

namespace {

std::string text_of(Time time) {
  return time == kUnbounded ? "for ever" : std::to_string(time / kMillisecond) + " ms";
}

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

std::set<std::string> without(const std::set<std::string>& words, const std::set<std::string>& others) {
  std::set<std::string> rest;
  std::set_difference(words.begin(), words.end(), others.begin(), others.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

std::string describe(const Program& program, const Finding& finding) {
  const std::string flow =
      finding.flow == kNone ? "?" : program.flows[static_cast<std::size_t>(finding.flow)].name;
  return std::string(fault_name(finding.fault)) + " in " + flow +
         (finding.subject.empty() ? "" : ": " + finding.subject);
}

// Of two findings about one slot, and of handlers in code that nothing reaches, one is enough: which one is a
// matter of taste.
bool is_open(const Finding& finding, const std::set<Finding>& others) {
  if (finding.fault == Fault::kHandlerNever) return others.contains({Fault::kUnreachable, finding.flow, ""});
  return finding.fault == Fault::kRace &&
         (others.contains({Fault::kRead, finding.flow, finding.subject}) ||
          others.contains({Fault::kDoubleWrite, finding.flow, finding.subject}));
}

}  // namespace

Comparison compare(const Program& program, const std::string& prelude) {
  Comparison result;
  const std::optional<Verdict> expected = enumerate(program);
  if (!expected) {
    result.is_skipped = true;
    return result;
  }
  const Compiled got = compile(program, print(program), prelude);
  for (const std::string& text : got.unexpected)
    result.differences.push_back("the compiler alone: " + text);
  for (const Finding& finding : expected->findings) {
    ++result.counts[fault_name(finding.fault)];
    if (!got.verdict.findings.contains(finding) && !is_open(finding, got.verdict.findings))
      result.differences.push_back("the oracle alone: " + describe(program, finding));
  }
  for (const Finding& finding : got.verdict.findings) {
    if (!expected->findings.contains(finding) && !is_open(finding, expected->findings))
      result.differences.push_back("the compiler alone: " + describe(program, finding));
  }
  for (std::size_t i = 0; i < program.flows.size(); ++i) {
    const FlowVerdict& mine = expected->flows[i];
    const FlowVerdict& its = got.verdict.flows[i];
    const std::string& name = program.flows[i].name;
    // What nothing reaches is wrong enough: what it would raise may be counted or not.
    const bool has_all =
        std::includes(its.errors.begin(), its.errors.end(), mine.errors.begin(), mine.errors.end());
    if (mine.has_dead_code ? !has_all : mine.errors != its.errors) {
      result.differences.push_back("errors of " + name + ": the oracle says " + joined(mine.errors) +
                                   ", the compiler " + joined(its.errors));
    }
    if (mine.worst != its.worst) {
      result.differences.push_back("longest wait of " + name + ": the oracle says " + text_of(mine.worst) +
                                   ", the compiler " + text_of(its.worst));
    }
    const std::set<std::string> maybe = without(mine.maybe_slots, mine.raced_slots);
    const std::set<std::string> its_maybe = without(its.maybe_slots, mine.raced_slots);
    if (maybe != its_maybe) {
      result.differences.push_back("slots of " + name + " that may be unset: the oracle says " +
                                   joined(maybe) + ", the compiler " + joined(its_maybe));
    }
  }
  return result;
}

}  // namespace oracle
