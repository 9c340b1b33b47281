// The syntax tree of every kind of declaration, as `dump_ast` shows it.

#include "compiler/syntax/test_support.h"

#include <gtest/gtest.h>

namespace zc::syntax {
namespace {

TEST(Parse, ReadsTheHeadOfAFile) {
  EXPECT_EQ(dump_of(R"(edition 2026;
package todo.v1;
import zerver.auth;
import billing.api as bank;
schema "schema.sql";
)"),
            R"(edition 2026 @1:1
package todo.v1 @2:1
import zerver.auth @3:1
import billing.api as bank @4:1
schema @5:1
  file: "schema.sql"
)");
}

TEST(Parse, ReadsTypes) {
  EXPECT_EQ(dump_of(R"(/// Known by.
scalar Id: uuid;
extern type Money = "bank::Money" from "bank/money.hpp";
enum Color { red, @deprecated green = "GREEN", blue }
struct Page { items: list<Item?>; by_name: map<string, list<i32>>?; @length(1..200) @json("n") name: string = "x"; open: i32 = -1; }
)"),
            R"(scalar Id: uuid @2:1
  /// Known by.
extern type Money @3:1
  type: "bank::Money"
  header: "bank/money.hpp"
enum Color @4:1
  red @4:14
  green = "GREEN" @4:19
    @deprecated
  blue @4:48
struct Page @5:1
  items: list<Item?> @5:15
  by_name: map<string, list<i32>>? @5:35
  name: string = "x" @5:69
    @length(1..200)
    @json("n")
  open: i32 = -1 @5:116
)");
}

TEST(Parse, ReadsErrors) {
  EXPECT_EQ(dump_of(R"(@http(404) @kind(missing) error NotFound { id: Id; }
error OverQuota;
)"),
            R"(error NotFound @1:1
  @http(404)
  @kind(missing)
  id: Id @1:44
error OverQuota @2:1
)");
}

TEST(Parse, ReadsSlots) {
  EXPECT_EQ(dump_of(R"(slots {
  /// Who asks.
  @pii user: auth.User?;
  private hold: string;
}
)"),
            R"(slots @1:1
  user: auth.User? @3:3
    /// Who asks.
    @pii
  private hold: string @4:3
)");
}

TEST(Parse, ReadsAdapters) {
  EXPECT_EQ(dump_of(R"(adapter sql(url: string, pool: i32 = 8) {
  /// One row.
  @read @idempotent one<T>(query: string) -> T fails missing, unavailable;
  @write run(query: string);
}
)"),
            R"(adapter sql @1:1
  url: string @1:13
  pool: i32 = 8 @1:26
  operation one<T> -> T fails missing, unavailable @3:3
    /// One row.
    @read
    @idempotent
    query: string @3:28
  operation run @4:3
    @write
    query: string @4:14
)");
}

TEST(Parse, ReadsTargetsAndPolicies) {
  EXPECT_EQ(
      dump_of(
          R"(target db = sql(env.DB ?? "sqlite:x.db", pool: 4) { in_flight 64; breaker 50% of 20 open 5s; accepts pii, secret; }
target clock = zerver.clock();
target bare = kv;
policy money { timeout 300ms; retry 2 backoff 20ms..40ms on Unavailable, Timeout; }
)"),
      R"(target db = sql((env.DB ?? "sqlite:x.db"), pool: 4) @1:1
  setting in_flight [64] @1:53
  setting breaker [50%] [of] [20] [open] [5s] @1:67
  setting accepts [pii, secret] @1:94
target clock = zerver.clock() @2:1
target bare = kv() @3:1
policy money @4:1
  setting timeout [300ms] @4:16
  setting retry [2] [backoff] [20ms..40ms] [on] [Unavailable, Timeout] @4:31
)");
}

TEST(Parse, ReadsServices) {
  EXPECT_EQ(dump_of(R"(service todos { base "/api"; auth deny; body 1MiB; regions eu, us; }
)"),
            R"(service todos @1:1
  setting base ["/api"] @1:17
  setting auth [deny] @1:30
  setting body [1MiB] @1:41
  setting regions [eu, us] @1:52
)");
}

TEST(Parse, ReadsStepsThatTakePartsOfTheRequest) {
  EXPECT_EQ(dump_of(R"(step page -> page = request.query.page ?? 1 fails BadInput;
step deep -> x = request.query.x ?? a ?? b;
step body -> raw = request.body;
)"),
            R"(step page -> page fails BadInput @1:1
  request query.page
  default: 1
step deep -> x @2:1
  request query.x
  default: (a ?? b)
step body -> raw @3:1
  request body
)");
}

TEST(Parse, ReadsStepsWithAnEffect) {
  EXPECT_EQ(
      dump_of(
          R"(step reserve(auth.user, left?) -> hold? = pay.post("/holds", { user: auth.user.id, "a-b": [1, 2], left })
  with money hedge 2 after 20ms timeout 50ms key request.idempotency_key
  fails NotFound on missing, Busy on conflict | timeout, Unavailable
  undo pay.delete("/holds/{hold}") with money key hold
  drops pii pivot;
step inline -> x = db.one(sql"select 1") with retry 1 backoff 5ms..10ms on A, B rate 100 per 1s;
)"),
      R"(step reserve (auth.user, left?) -> hold? fails NotFound on missing, Busy on conflict | timeout, Unavailable pivot @1:1
  effect pay.post("/holds", {user: auth.user.id, a-b: [1, 2], left: left})
    with money
    override hedge [2] [after] [20ms]
    override timeout [50ms]
    key: request.idempotency_key
  undo pay.delete("/holds/{hold}")
    with money
    key: hold
  drops pii
step inline -> x @6:1
  effect db.one(sql"select 1")
    override retry [1] [backoff] [5ms..10ms] [on] [A, B]
    override rate [100] [per] [1s]
)");
}

TEST(Parse, ReadsStepsWithADecision) {
  EXPECT_EQ(
      dump_of(
          R"(step admit(left?) may done, need load, mine, insert audit, replace denied then on_loaded(todo) -> price fails OverQuota;
step twice may done may insert audit;
)"),
      R"(step admit (left?) fails OverQuota @1:1
  may done
  may need load, mine
  may insert audit
  may replace denied
  then on_loaded (todo) -> price
step twice @2:1
  may done
  may insert audit
)");
}

TEST(Parse, ReadsGroups) {
  EXPECT_EQ(dump_of(R"(step enrich(todo) -> price, related? = all_required {
  price = billing.get("/price/{todo.id}") with fast;
  optional related = search.get("/like") with once key todo.id;
  required sequential { log.write(todo); }
} fails Unavailable;
step most = quorum 2 { a.b(); c.d(); e.f(); };
step again = hedge 2 after 20ms { x = a.b(); };
step plain -> x = { x = a.b(); };
step object -> x = { x: a.b };
)"),
            R"(step enrich (todo) -> price, related? fails Unavailable @1:1
  group all_required @1:40
    member price @2:3
      effect billing.get("/price/{todo.id}")
        with fast
    member optional related @3:3
      effect search.get("/like")
        with once
        key: todo.id
    member required @4:3
      group sequential @4:12
        member @4:25
          effect log.write(todo)
step most @6:1
  group quorum @6:13
    count: 2
    member @6:24
      effect a.b()
    member @6:31
      effect c.d()
    member @6:38
      effect e.f()
step again @7:1
  group hedge @7:14
    count: 2
    delay: 20ms
    member x @7:35
      effect a.b()
step plain -> x @8:1
  group all @8:19
    member x @8:21
      effect a.b()
step object -> x @9:1
  expression: {x: a.b}
)");
}

TEST(Parse, ResolvesPrecedence) {
  EXPECT_EQ(dump_of(R"(step p -> x = a ?? b ?? c || d && e == f + g * h - i / j % k;
step q -> x = (a + b) * -c.d[0] - !e;
step r -> x = size(list)[1].name + null + true + 1.5;
)"),
            R"(step p -> x @1:1
  expression: (a ?? b ?? (c || (d && (e == (f + (g * h) - (i / j % k))))))
step q -> x @2:1
  expression: (((a + b) * -c.d[0]) - !e)
step r -> x @3:1
  expression: (size(list)[1].name + null + true + 1.5)
)");
}

}  // namespace
}  // namespace zc::syntax
