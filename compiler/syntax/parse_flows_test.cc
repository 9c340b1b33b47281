// The syntax tree of flows and their statements, as `dump_ast` shows it.

#include "compiler/syntax/test_support.h"

#include <gtest/gtest.h>

namespace zc::syntax {
namespace {

TEST(Parse, ReadsChains) {
  EXPECT_EQ(dump_of(R"(chain guard = auth.bearer, check;
chain wide { parallel { check; sequential { a; b; } } }
)"),
            R"(chain guard @1:1
  use auth.bearer @1:15
  use check @1:28
chain wide @2:1
  parallel @2:14
    use check @2:25
    sequential @2:32
      use a @2:45
      use b @2:48
)");
}

TEST(Parse, ReadsFlows) {
  EXPECT_EQ(dump_of(R"(flow create on POST "/todos/{id}" before guard, auth.admin public {
  deadline 1500ms;
  priority interactive;
  deprecated since "1.2" successor show;
  parse;
  auth.check;
}
flow rest on ANY "/{path...}" { echo; }
)"),
            R"(flow create on POST "/todos/{id}" before guard, auth.admin public @1:1
  setting deadline [1500ms] @2:3
  setting priority [interactive] @3:3
  setting deprecated [since] ["1.2"] [successor] [show] @4:3
  use parse @5:3
  use auth.check @6:3
flow rest on ANY "/{path...}" @8:1
  use echo @8:33
)");
}

TEST(Parse, ReadsStatements) {
  EXPECT_EQ(dump_of(R"(flow f {
  when a == 1 && !b { x; } else when c > 2 { y; } else { z; }
  each item in items max 100 parallel 4 { x; } -> results, more
  saga { reserve; enqueue index(todo.id, at: now) after 5s priority 3 unique todo.id; }
  rescue NotFound, auth.Denied { x; }
  on error { x; }
  on error E { x; }
  on cancel { y; }
  call show;
  call other.show(id);
}
)"),
            R"(flow f @1:1
  when @2:3
    condition: ((a == 1) && !b)
    then
      use x @2:23
    condition: (c > 2)
    then
      use y @2:46
    else
      use z @2:58
  each item in items -> results, more @3:3
    max: 100
    parallel: 4
    use x @3:43
  saga @4:3
    use reserve @4:10
    enqueue index(todo.id, at: now) @4:19
      after: 5s
      priority: 3
      unique: todo.id
  rescue NotFound, auth.Denied @5:3
    use x @5:34
  on error @6:3
    use x @6:14
  on error E @7:3
    use x @7:16
  on cancel @8:3
    use y @8:15
  call show() @9:3
  call other.show(id) @10:3
)");
}

TEST(Parse, ReadsAnswers) {
  EXPECT_EQ(dump_of(R"(flow f {
  return 201 todo header location "/todos/{todo.id}", x-request-id id reveal owner, user.mail;
  return 200 "Hello" as text;
  return 200 image as "image/png";
  return 204;
  return 200 { message: greeting, todo };
  return 200 stream rows;
  return 200 stream;
  return 200 sse events;
  return 303 location "/x";
  return 200 body header "X-Id" id;
}
)"),
            R"(flow f @1:1
  return 201 @2:3
    body: todo
    header location: "/todos/{todo.id}"
    header x-request-id: id
    reveal owner, user.mail
  return 200 @3:3
    body: "Hello"
    as: text
  return 200 @4:3
    body: image
    as: "image/png"
  return 204 @5:3
  return 200 @6:3
    body: {message: greeting, todo: todo}
  return 200 @7:3
    stream: rows
  return 200 @8:3
    body: stream
  return 200 @9:3
    sse: events
  return 303 @10:3
    header location: "/x"
  return 200 @11:3
    body: body
    header X-Id: id
)");
}

TEST(Parse, ReadsJobsAndCrons) {
  EXPECT_EQ(dump_of(R"(job index(id, tenant?) { attempts 8 backoff 1s..5m; lease 30s; load; }
cron nightly "0 3 * * *" UTC { overlap skip; purge; }
cron local "* * * * *" "Europe/Berlin" { purge; }
cron plain "* * * * *" { purge; }
)"),
            R"(job index (id, tenant?) @1:1
  setting attempts [8] [backoff] [1s..5m] @1:26
  setting lease [30s] @1:53
  use load @1:64
cron nightly @2:1
  schedule: "0 3 * * *"
  time zone: UTC
  setting overlap [skip] @2:32
  use purge @2:46
cron local @3:1
  schedule: "* * * * *"
  time zone: "Europe/Berlin"
  use purge @3:42
cron plain @4:1
  schedule: "* * * * *"
  use purge @4:26
)");
}

}  // namespace
}  // namespace zc::syntax
