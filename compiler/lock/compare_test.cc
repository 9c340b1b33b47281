// Each rule by two small locks, and what the direction of a value means.

#include "compiler/lock/compare.h"

#include "compiler/lock/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/Error.h>

#include <set>
#include <string>
#include <vector>

namespace zc::lock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Lock parsed(const std::string& text) {
  SourceManager sources;
  diagnostics::DiagnosticEngine engine(sources);
  const FileId file = llvm::cantFail(sources.add("api.lock", "zerver-lock 1\npackage p\n" + text));
  std::optional<Lock> lock = parse_lock(sources, file, engine);
  const diagnostics::Report report = engine.finish();
  EXPECT_TRUE(lock.has_value()) << (report.diagnostics.empty() ? "" : report.diagnostics.front().message)
                                << text;
  return lock.value_or(Lock());
}

std::vector<std::string> changes(const std::string& before, const std::string& after) {
  std::vector<std::string> result;
  for (const Change& change : compare(parsed(before), parsed(after)))
    result.push_back((class_name(change.severity()) + " " + info(change.rule).name).str());
  return result;
}

// `takes` is in the request, `gives` in the answer.
std::string api(const std::string& takes, const std::string& gives = "i32", const std::string& more = "") {
  return "flow p.f access=public method=GET path=/f\n  query q type=" + takes +
         "\n  answer 200 json=" + gives + "\n" + more;
}
std::string request(const std::string& body) { return api("i32", "i32", "  body json type=p.T\n" + body); }
std::string answer(const std::string& body) { return api("i32", "p.T", body); }
std::string stored(const std::string& body) { return "job p.j\n  argument a type=p.T\n" + body; }
std::string fields(const std::string& lines) { return "struct p.T\n" + lines; }

struct Case {
  const char* rule;
  std::string before, after;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"request-input-added", api("i32"), api("i32", "i32", "  query r type=i32\n")},
      {"request-input-added", request(fields("")), request(fields("  field x type=i32\n"))},
      {"request-input-added-optional", api("i32"), api("i32", "i32", "  query r type=i32 optional\n")},
      {"request-input-added-optional", request(fields("")),
       request(fields("  field x type=i32 default=1\n"))},
      {"request-input-removed", api("i32", "i32", "  header h type=i32\n"), api("i32")},
      {"request-field-renamed", request(fields("  field x type=i32\n")),
       request(fields("  field x type=i32 json=y\n"))},
      {"request-input-required", api("i32 optional"), api("i32")},
      {"request-input-required", request(fields("  field x type=i32 default=1\n")),
       request(fields("  field x type=i32\n"))},
      {"request-input-optional", api("i32"), api("i32 optional")},
      {"request-type-changed", api("i32"), api("bool")},
      {"request-type-changed", api("i64"), api("i32")},
      {"request-type-changed", api("list<i32>"), api("list<bool>")},
      {"request-type-changed", request(fields("  field x type=i32\n")),
       request(fields("  field x type=string\n"))},
      {"request-type-widened", api("i32"), api("i64")},
      {"request-type-widened", api("i32"), api("string")},
      {"request-type-widened", api("list<uuid>"), api("list<string>")},
      {"request-limit-tightened", api("string length=..20"), api("string length=..10")},
      {"request-limit-tightened", api("string"), api("string pattern=a+")},
      {"request-limit-tightened", api("string pattern=b+"), api("string pattern=a+")},
      {"request-limit-tightened", api("decimal range=0..18446744073709551615"),
       api("decimal range=0..18446744073709551614")},
      {"request-limit-loosened", api("i32 range=1..5"), api("i32 range=0..5")},
      {"request-default-changed", api("i32 optional default=1"), api("i32 optional default=2")},
      {"request-value-removed", api("p.E") + "enum p.E\n  value a\n  value b\n",
       api("p.E") + "enum p.E\n  value a\n"},
      {"request-value-added", api("p.E") + "enum p.E\n  value a\n",
       api("p.E") + "enum p.E\n  value a\n  value b\n"},
      {"answer-field-added", answer(fields("")), answer(fields("  field x type=i32\n"))},
      {"answer-field-removed", answer(fields("  field x type=i32\n")), answer(fields(""))},
      {"answer-optional-field-removed", answer(fields("  field x type=i32 optional\n")), answer(fields(""))},
      {"answer-field-renamed", answer(fields("  field x type=i32\n")),
       answer(fields("  field x type=i32 json=y\n"))},
      {"answer-field-optional", answer(fields("  field x type=i32\n")),
       answer(fields("  field x type=i32 optional\n"))},
      {"answer-field-required", answer(fields("  field x type=i32 optional\n")),
       answer(fields("  field x type=i32\n"))},
      {"answer-type-changed", api("i32", "i32"), api("i32", "i64")},
      {"answer-type-changed", api("i32", "i32"), api("i32", "i32?")},
      {"answer-type-narrowed", api("i32", "string"), api("i32", "uuid")},
      {"answer-limit-loosened", answer(fields("  field x type=i32 range=1..2\n")),
       answer(fields("  field x type=i32 range=1..3\n"))},
      {"answer-limit-tightened", answer(fields("  field x type=i32\n")),
       answer(fields("  field x type=i32 range=1..3\n"))},
      {"answer-value-added", api("i32", "p.E") + "enum p.E\n  value a\n",
       api("i32", "p.E") + "enum p.E\n  value a\n  value b json=x\n"},
      {"answer-value-removed", api("i32", "p.E") + "enum p.E\n  value a\n  value b\n",
       api("i32", "p.E") + "enum p.E\n  value a\n"},
      {"flow-added", "", api("i32")},
      {"flow-removed", api("i32"), ""},
      {"path-changed", "flow p.f access=public method=GET path=/a\n",
       "flow p.f access=public method=GET path=/b\n"},
      {"path-changed", "flow p.f access=public method=GET path=/a/{x}\n  path x type=i32\n",
       "flow p.f access=public method=GET path=/a/{x...}\n  path x type=i32\n"},
      {"method-changed", "flow p.f access=public method=GET path=/a\n",
       "flow p.f access=public method=POST path=/a\n"},
      {"method-widened", "flow p.f access=public method=GET path=/a\n",
       "flow p.f access=public method=ANY path=/a\n"},
      {"path-parameter-renamed", "flow p.f access=public method=GET path=/a/{x}\n  path x type=i32\n",
       "flow p.f access=public method=GET path=/a/{y}\n  path y type=i32\n"},
      {"slug-removed", "flow p.f access=public slug=f\n", "flow p.f access=public slug=g\n"},
      {"slug-removed", "flow p.f access=public slug=f\n  alias g\n", "flow p.f access=public slug=f\n"},
      {"slug-added", "flow p.f access=public slug=f\n", "flow p.f access=public slug=f\n  alias g\n"},
      {"access-tightened", "flow p.f access=public slug=f\n", "flow p.f access=authenticated slug=f\n"},
      {"access-opened", "flow p.f access=authenticated slug=f\n", "flow p.f access=public slug=f\n"},
      {"format-removed", "flow p.f access=public slug=f msgpack\n", "flow p.f access=public slug=f\n"},
      {"format-added", "flow p.f access=public slug=f\n", "flow p.f access=public slug=f msgpack\n"},
      {"status-added", api("i32"), api("i32", "i32", "  answer 204 empty\n")},
      {"status-added", api("i32"), api("i32", "i32", "  answer any\n")},
      {"status-removed", api("i32", "i32", "  answer 204 empty\n"), api("i32")},
      {"answer-form-changed", "flow p.f access=public slug=f\n  answer 200 json=string\n",
       "flow p.f access=public slug=f\n  answer 200 text=string\n"},
      {"answer-form-added", "flow p.f access=public slug=f\n  answer 200 json=string\n",
       "flow p.f access=public slug=f\n  answer 200 json=string image/png=bytes\n"},
      {"answer-form-removed", "flow p.f access=public slug=f\n  answer 200 json=string|i32\n",
       "flow p.f access=public slug=f\n  answer 200 json=string\n"},
      {"answer-header-removed", "flow p.f access=public slug=f\n  answer 204 empty headers=etag,location\n",
       "flow p.f access=public slug=f\n  answer 204 empty headers=etag\n"},
      {"answer-header-added", "flow p.f access=public slug=f\n  answer 204 empty\n",
       "flow p.f access=public slug=f\n  answer 204 empty headers=etag\n"},
      {"error-status-added", "error q.E status=404\n" + api("i32"),
       "error q.E status=404\n" + api("i32", "i32", "  fails q.E\n")},
      {"error-added", "error q.E status=404\nerror q.F status=404\n" + api("i32", "i32", "  fails q.E\n"),
       "error q.E status=404\nerror q.F status=404\n" + api("i32", "i32", "  fails q.E\n  fails q.F\n")},
      {"error-removed", "error q.E status=404\n" + api("i32", "i32", "  fails q.E\n"),
       "error q.E status=404\n" + api("i32")},
      {"error-status-changed", "error p.E status=404\n" + api("i32", "i32", "  fails E\n"),
       "error p.E status=409\n" + api("i32", "i32", "  fails E\n")},
      {"foreign-type-changed", api("p.X") + "extern p.X cpp=a::X\n", api("p.X") + "extern p.X cpp=b::X\n"},
      {"stored-value-added", "job p.j\n", "job p.j\n  argument a type=i32\n"},
      {"stored-value-added-optional", "job p.j\n", "job p.j\n  argument a type=i32 optional\n"},
      {"stored-value-removed", "job p.j\n  argument a type=i32\n", "job p.j\n"},
      {"stored-value-required", "job p.j\n  argument a type=i32 optional\n",
       "job p.j\n  argument a type=i32\n"},
      {"stored-value-optional", "job p.j\n  argument a type=i32\n",
       "job p.j\n  argument a type=i32 optional\n"},
      {"stored-type-changed", "job p.j\n  argument a type=i32\n", "job p.j\n  argument a type=string\n"},
      {"stored-type-widened", "job p.j\n  argument a type=i32\n", "job p.j\n  argument a type=i64\n"},
      {"stored-limit-tightened", stored("scalar p.T type=i32\n"), stored("scalar p.T type=i32 range=1..\n")},
      {"stored-limit-loosened", stored("scalar p.T type=i32 range=1..\n"), stored("scalar p.T type=i32\n")},
      {"stored-enum-value-removed", stored("enum p.T\n  value a\n  value b\n"),
       stored("enum p.T\n  value a\n")},
      {"stored-enum-value-added", stored("enum p.T\n  value a\n"),
       stored("enum p.T\n  value a\n  value b\n")},
      {"job-added", "", "job p.j\n"},
      {"job-removed", "job p.j\n", ""},
      {"suspension-added", "job p.j\n", "job p.j\n  suspend s\n"},
      {"suspension-removed", "job p.j\n  suspend s\n", "job p.j\n"},
      {"suspension-moved", "job p.j\n  suspend s\n  suspend t\n", "job p.j\n  suspend t\n  suspend s\n"},
      {"suspension-repeated", "job p.j\n  suspend s\n", "job p.j\n  suspend s\n  suspend s#2\n"},
      {"journal-changed", "job p.j durable\n", "job p.j durable\n  suspend s\n"},
      {"durable-dropped", "job p.j durable\n", "job p.j\n"},
      {"stored-value-added", "job p.j\n  suspend s\n", "job p.j\n  suspend s\n    live a type=i32\n"},
      {"name-added", "", "step p.s\n"},
      {"name-removed", "target p.t adapter=sql\n", ""},
      {"renamed-without-was", "step p.load\n", "step p.load_todo\n"},
      {"renamed-without-was", "step p.load writes=todo\n", "step p.fetch writes=todo\n"},
      {"renamed-without-was", "flow p.f access=public method=GET path=/a\n",
       "flow p.show access=public method=GET path=/a\n"},
      {"number-changed", "message p.M\n  field a number=1 type=int64\n",
       "message p.M\n  field a number=2 type=int64\n"},
      {"number-reused", "message p.M\n  field a number=1 type=int64\n",
       "message p.M\n  field b number=1 type=string\n"},
      {"wire-type-changed", "message p.M\n  field a number=1 type=int64\n",
       "message p.M\n  field a number=1 type=sint64\n"},
  };
  return all;
}

TEST(Compare, JudgesEachChangeByItsRule) {
  for (const Case& each : cases()) {
    const std::vector<Change> found = compare(parsed(each.before), parsed(each.after));
    ASSERT_EQ(found.size(), 1U) << each.before << "->\n" << each.after;
    EXPECT_EQ(info(found.front().rule).name, each.rule) << each.before << "->\n" << each.after;
    EXPECT_TRUE(found.front().old_span.is_valid() || found.front().new_span.is_valid()) << each.rule;
    const std::string message = message_of(found.front());
    EXPECT_EQ(message.find("``"), std::string::npos) << message;
    EXPECT_EQ(message.find("{0}"), std::string::npos) << message;
  }
}

TEST(Compare, HasACaseForEachRule) {
  // These need `@was`, which is in programs only: make_lock_test.cc.
  std::set<std::string> shown = {"renamed", "stored-value-renamed", "error-renamed"};
  for (const Case& each : cases())
    shown.insert(each.rule);
  for (std::size_t i = 0; i < rule_count(); ++i)
    EXPECT_TRUE(shown.contains(info(static_cast<Rule>(i)).name.str()))
        << info(static_cast<Rule>(i)).name.str();
}

TEST(Compare, FindsNothingWhereNothingChanged) {
  for (const Case& each : cases()) {
    EXPECT_THAT(changes(each.before, each.before), IsEmpty()) << each.before;
    EXPECT_THAT(changes(each.after, each.after), IsEmpty()) << each.after;
  }
}

TEST(Compare, AStructThatIsUsedBothWaysFitsBothWays) {
  const std::string use = api("i32", "p.T", "  body json type=p.T\n");
  EXPECT_THAT(changes(use + fields("  field x type=i32\n"), use + fields("")),
              ElementsAre("breaking answer-field-removed"));
  EXPECT_THAT(changes(use + fields(""), use + fields("  field x type=i32\n")),
              ElementsAre("breaking request-input-added"));
}

TEST(Compare, ATypeBehindAnotherOneCounts) {
  const std::string chain = fields("  field x type=list<p.U>\n") + "struct p.U\n";
  EXPECT_THAT(changes(answer(chain + "  field y type=i32\n"), answer(chain)),
              ElementsAre("breaking answer-field-removed"));
}

TEST(Compare, WhatNobodyOutsideSeesMayChange) {
  EXPECT_THAT(changes(fields("  field x type=i32\n"), fields("  field x type=string\n")), IsEmpty());
}

TEST(Compare, AScalarIsWhatItStandsFor) {
  EXPECT_THAT(changes(api("p.S") + "scalar p.S type=i32\n", api("i32")), IsEmpty());
  EXPECT_THAT(changes(api("string length=..9"), api("p.S") + "scalar p.S type=string length=..9\n"),
              IsEmpty());
  EXPECT_THAT(changes(api("p.S") + "scalar p.S type=i32 range=1..\n", api("i32 range=2..")),
              ElementsAre("breaking request-limit-tightened"));
}

TEST(Compare, AnObjectIsAStructWithoutAName) {
  const std::string field = fields("  field x type=i32\n");
  EXPECT_THAT(changes(api("i32", "{x:i32}"), answer(field)), IsEmpty());
  EXPECT_THAT(changes(answer(field), api("i32", "{y:i32}")),
              ElementsAre("breaking answer-field-removed", "safe answer-field-added"));
}

TEST(Compare, ARouteBelongsToWhoeverAnswersIt) {
  const auto flow = [](const char* name, const char* path, const char* type) {
    return std::string("flow p.") + name + " access=public method=GET path=" + path +
           "\n  answer 200 json=" + type + "\n";
  };
  EXPECT_THAT(changes(flow("a", "/x", "i32") + flow("b", "/y", "string"),
                      flow("a", "/y", "string") + flow("b", "/x", "i32")),
              IsEmpty());
}

TEST(Compare, ATypeChainAsLongAsTheFileIsNoProblem) {
  std::string types;
  for (int i = 0; i < 20'000; ++i)
    types += "struct p.S" + std::to_string(i) + "\n  field next type=p.S" + std::to_string(i + 1) + "\n";
  const std::string use = api("i32", "p.S0") + types;
  EXPECT_THAT(changes(use + "struct p.S20000\n  field x type=i32\n", use + "struct p.S20000\n"),
              ElementsAre("breaking answer-field-removed"));
}

TEST(Compare, ScalarsInACircleEnd) {
  EXPECT_THAT(changes(api("p.A") + "scalar p.A type=p.B\nscalar p.B type=p.A\n", api("i32")),
              ElementsAre("breaking request-type-changed"));
}

TEST(Compare, TwoStepsThatAreGoneAndNewAreNotGuessed) {
  EXPECT_THAT(changes("step p.load writes=todo\nstep p.take writes=todo\n", "step p.fetch writes=todo\n"),
              ElementsAre("safe name-added", "safe name-removed", "safe name-removed"));
}

}  // namespace
}  // namespace zc::lock
