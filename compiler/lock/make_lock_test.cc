// The locks of small programs, and renames with `@was`.

#include "compiler/lock/make_lock.h"

#include "compiler/check/test/program.h"
#include "compiler/lock/compare.h"
#include "compiler/lock/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/ADT/Twine.h>
#include <llvm/Support/MemoryBuffer.h>

#include <string>
#include <vector>

namespace zc::lock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Lock lock_of(const std::string& text) {
  const check::test::Checked checked = check::test::check_text("package p;\n" + text);
  EXPECT_EQ(checked.report.error_count, 0U) << text;
  for (const diagnostics::Diagnostic& each : checked.report.diagnostics)
    EXPECT_NE(each.severity, diagnostics::Severity::kError) << each.message;
  return make_lock(checked.program);
}

std::string text_of(const std::string& program) { return print_lock(lock_of(program)); }

std::vector<std::string> changes_of(const std::string& before, const std::string& after) {
  std::vector<std::string> result;
  for (const Change& change : compare(lock_of(before), lock_of(after)))
    result.push_back((class_name(change.severity()) + " " + info(change.rule).name).str());
  return result;
}

constexpr const char* kBank = R"(
adapter bank(url: string) {
  @write reserve(amount: i32) -> string fails rejected, unavailable, timeout;
  @write @idempotent release(hold: string) fails unavailable, timeout;
  @read rate() -> i32 fails unavailable, timeout;
}
target pay = bank("https://pay.example.com");
policy once { timeout 200ms; }
)";

TEST(MakeLock, HoldsWhatClientsSend) {
  const std::string text = text_of(R"(
slots { id: i64; size: i32; page: i32; trace: string; draft: Draft; out: i32; }
struct Draft { @length(1..9) title: string; done: bool = false; @json("dueAt") due: timestamp?; }
step a -> id = request.path.id;
step b -> size = request.query.size ?? 20;
step c -> page? = request.query.page;
step d -> trace = request.header.x_trace;
step e -> draft = request.json;
step f(id, size, page?, trace, draft) -> out;
flow show on POST "/x/{id}/{rest...}" public { a; b; c; d; e; f; return 200 { out: out } header etag "x"; }
)");
  EXPECT_THAT(text, HasSubstr(R"(flow p.show access=public method=POST path=/x/{id}/{rest...}
  path id type=i64
  path rest type=string
  query page type=i32 optional
  query size type=i32 default=20 optional
  header x-trace type=string
  body json type=p.Draft
  answer 200 json={out:i32} headers=etag
  fails zerver.Invalid
)"));
  EXPECT_THAT(text, HasSubstr(R"(struct p.Draft
  field done type=bool default=false
  field due type=timestamp optional json=dueAt
  field title type=string length=1..9
)"));
  EXPECT_THAT(text, HasSubstr("error zerver.Invalid status=400\n  field why type=string\n"));
}

TEST(MakeLock, KeepsTheSlotsThatASagaNeeds) {
  const std::string text = text_of(std::string(kBank) + R"(
slots { amount: i32; hold: string; rate: i32; note: string; }
step read -> amount = request.json;
step reserve(amount) -> hold = pay.reserve(amount) with once undo pay.release(hold);
step ask -> rate = pay.rate() with once;
step tell(rate, note?) -> note;
step book(rate) = pay.release("{rate}") with once;
flow buy on POST "/buy" public { read; saga { reserve; ask; book; } return 204; }
)");
  EXPECT_THAT(text, HasSubstr(R"(  suspend reserve
    live amount type=i32
  suspend ask
    live hold type=string
  suspend book
    live hold type=string
    live rate type=i32
)"));
}

TEST(MakeLock, APivotLetsGoOfWhatCannotBeUndone) {
  const std::string text = text_of(std::string(kBank) + R"(
slots { amount: i32; hold: string; other: string; }
step read -> amount = request.json;
step reserve(amount) -> hold = pay.reserve(amount) with once undo pay.release(hold);
step charge(amount) -> other = pay.reserve(amount) with once pivot;
step book(other) = pay.release(other) with once;
flow buy on POST "/buy" public { read; saga { reserve; charge; book; } return 204; }
)");
  EXPECT_THAT(text, HasSubstr("  suspend charge\n    live amount type=i32\n    live hold type=string\n"));
  EXPECT_THAT(text, HasSubstr("  suspend book\n    live other type=string\n"));
}

TEST(MakeLock, AJobWaitsAtEachEffect) {
  const std::string text = text_of(std::string(kBank) + R"(
slots { amount: i32; hold: string; time: timestamp; }
step reserve(amount) -> hold = pay.reserve(amount) with once;
step when_it_is -> time = clock.now();
step drop(hold, time?) = pay.release(hold) with once;
job pay_it(amount) { reserve; when_it_is; drop; drop; }
)");
  EXPECT_THAT(text, HasSubstr(R"(job p.pay_it
  argument amount type=i32
  suspend reserve
    live amount type=i32
  suspend drop
    live hold type=string
    live time type=timestamp optional
  suspend drop#2
    live hold type=string
    live time type=timestamp optional
)"));
}

TEST(MakeLock, LeavesOutWhatStaysInside) {
  const std::string text = text_of(R"(
struct Inner { x: i32; }
slots { inner: Inner; out: i32; }
step make -> inner;
step use(inner) -> out;
flow f on GET "/f" public { make; use; return 200 { out: out }; }
)");
  EXPECT_THAT(text, Not(HasSubstr("struct p.Inner")));
  EXPECT_THAT(text, HasSubstr("slot p.inner type=p.Inner\n"));
}

constexpr const char* kFlow = " flow f on GET \"/f\" public { load; return 200 { x: x }; }\n";

TEST(Renames, WithWasAreSafe) {
  const std::string slots = "slots { x: i32; } ";
  EXPECT_THAT(
      changes_of(
          slots + "step load -> x;" + kFlow,
          slots +
              "@was(\"load\") step fetch -> x; flow f on GET \"/f\" public { fetch; return 200 { x: x }; }"),
      ElementsAre("safe renamed"));
  EXPECT_THAT(
      changes_of(
          "slots { y: i32; } step load -> y; flow f on GET \"/f\" public { load; return 200 { x: y }; }",
          "slots { @was(\"y\") x: i32; } step load -> x;" + std::string(kFlow)),
      ElementsAre("safe renamed"));
}

TEST(Renames, OfErrorsShowInTheirType) {
  const std::string rest = "slots { x: i32; } step load -> x fails ";
  EXPECT_THAT(changes_of("@http(404) error Gone {} " + rest + "Gone;" + kFlow,
                         "@was(\"Gone\") @http(404) error Lost {} " + rest + "Lost;" + kFlow),
              ElementsAre("migrate error-renamed"));
}

TEST(Renames, OfJobsStepsAndSlotsKeepWhatIsStored) {
  const std::string before = std::string(kBank) + R"(
slots { amount: i32; hold: string; }
step reserve(amount) -> hold = pay.reserve(amount) with once;
step drop(hold) = pay.release(hold) with once;
job pay_it(amount) { reserve; drop; }
)";
  const std::string after = std::string(kBank) + R"(
slots { @was("amount") sum: i32; @was("hold") ticket: string; }
@was("reserve") step book(sum) -> ticket = pay.reserve(sum) with once;
@was("drop") step free(ticket) = pay.release(ticket) with once;
@was("pay_it") job collect(sum) { book; free; }
)";
  EXPECT_THAT(changes_of(before, after),
              ElementsAre("safe renamed", "safe renamed", "safe renamed", "safe renamed", "safe renamed"));
}

TEST(Renames, OfAFieldAreSafeInStorageOnly) {
  const std::string job = std::string(kBank) + R"(
slots { order: Order; hold: string; }
step reserve(order) -> hold = pay.reserve(order.sum) with once;
)";
  const std::string end = " job pay_it(order) { reserve; }";
  EXPECT_THAT(changes_of(job + "struct Order { sum: i32; text: string?; }" + end,
                         job + "struct Order { sum: i32; @was(\"text\") note: string?; }" + end),
              ElementsAre("safe stored-value-renamed", "safe stored-value-renamed"));
  const std::string flow =
      "slots { x: T; } step load -> x; flow f on GET \"/f\" public { load; return 200 x; } ";
  EXPECT_THAT(changes_of(flow + "struct T { a: i32; }", flow + "struct T { @was(\"a\") b: i32; }"),
              ElementsAre("breaking answer-field-renamed"));
  EXPECT_THAT(changes_of(flow + "struct T { a: i32; }", flow + "struct T { @json(\"a\") b: i32; }"),
              ElementsAre());
}

TEST(MakeLock, HoldsTheNumbersOfMessages) {
  const std::string text = text_of(R"(
enum Standing { @number(0) none, @number(3) open }
scalar Id: i64;
struct Person { @field(1) id: Id; @field(2, signed) at: i32?; @field(5) of: list<Standing>; @field(6) by: map<string, Person>; }
struct Plain { id: i64; }
@grpc("people.v1.People")
adapter people { @read get(@field(4) id: Id, @field(2, fixed) size: u32) -> Person; @write put(person: Person); }
)");
  EXPECT_THAT(text, HasSubstr("message p.Person\n"
                              "  field at number=2 type=sint32\n"
                              "  field by number=6 type=map<string,p.Person>\n"
                              "  field id number=1 type=int64\n"
                              "  field of number=5 type=list<p.Standing>\n"));
  EXPECT_THAT(text, HasSubstr("message p.Standing\n  field none number=0\n  field open number=3\n"));
  EXPECT_THAT(text, HasSubstr("message p.people.get\n"
                              "  field id number=4 type=int64\n"
                              "  field size number=2 type=fixed32\n"));
  EXPECT_THAT(text, Not(HasSubstr("Plain")));
  EXPECT_THAT(text, Not(HasSubstr("people.put")));
}

TEST(MakeLock, MessagesKeepTheirNumbersAndNotTheirNames) {
  const std::string person = "struct P { @field(1) id: i64; @field(2) name: string; } ";
  const auto from = [&](const std::string& after) { return changes_of(person, after); };
  EXPECT_THAT(from(person + "scalar Later: i64;"), ElementsAre());
  EXPECT_THAT(from("struct P { @field(2) name: string; @field(1) id: i64?; @field(3) age: u32; }"),
              ElementsAre());
  EXPECT_THAT(from("struct P { @field(1) number: i64; @field(2) name: string; }"), ElementsAre());
  EXPECT_THAT(from("struct P { @field(1) id: i64; }"), ElementsAre());
  EXPECT_THAT(from("scalar Id: i64; struct P { @field(1) id: Id; @field(2) name: string; }"), ElementsAre());
  EXPECT_THAT(from("@was(\"P\") struct Q { @field(3) id: i64; @field(2) name: string; }"),
              ElementsAre("breaking number-changed"));
  EXPECT_THAT(from("struct P { @field(1) id: i64; @field(3) name: string; }"),
              ElementsAre("breaking number-changed"));
  EXPECT_THAT(from("struct P { @field(1, signed) id: i64; @field(2) name: string; }"),
              ElementsAre("breaking wire-type-changed"));
  EXPECT_THAT(from("struct P { @field(1) id: i64; @field(2) other: i64; }"),
              ElementsAre("breaking number-reused"));
  EXPECT_THAT(from("struct P { @field(1) id: i64; @field(2) @was(\"name\") other: i64; }"),
              ElementsAre("breaking wire-type-changed"));
  const std::string holder = "struct H { @field(1) of: list<P>; } ";
  EXPECT_THAT(changes_of(person + holder,
                         "@was(\"P\") struct Q { @field(1) id: i64; @field(2) name: string; } "
                         "struct H { @field(1) of: list<Q>; }"),
              ElementsAre());
}

TEST(EvolutionPage, ListsTheRules) {
  std::string table = "| rule | about | class | change |\n|---|---|---|---|\n";
  constexpr const char* kAreas[] = {"requests", "answers",        "flows", "what is stored",
                                    "jobs",     "jobs and sagas", "names", "messages"};
  for (std::size_t i = 0; i < rule_count(); ++i) {
    const RuleInfo& rule = info(static_cast<Rule>(i));
    table += ("| `" + rule.name + "` | " + kAreas[static_cast<std::size_t>(rule.area)] + " | " +
              class_name(rule.severity) + " | " + rule.title + " |\n")
                 .str();
  }
  const auto page = llvm::MemoryBuffer::getFile(ZERVER_SOURCE_DIR "/docs/evolution.md");
  ASSERT_TRUE(page);
  EXPECT_THAT((*page)->getBuffer().str(), HasSubstr(table));
}

}  // namespace
}  // namespace zc::lock
