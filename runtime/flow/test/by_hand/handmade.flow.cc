// What zerver-compile is to make of handmade.flow: codecs, flows, router.
#include "handmade.flow.h"

#include "zerver.flow.h"
#include <zerver/flow/generated.h>

namespace handmade::v1 {

using zerver::Duration;
using zerver::Fault;
using zerver::FaultKind;
using zerver::FaultKinds;
using zerver::Result;
using zerver::flow::CallSite;
using zerver::flow::Exchange;
using zerver::flow::FlowTask;
using zerver::flow::Group;
using zerver::flow::Handled;
using zerver::flow::Join;
using zerver::flow::JsonObject;
using zerver::flow::JsonValue;
using zerver::flow::JsonWriter;
using zerver::flow::kOptional;
using zerver::flow::ProblemWriter;
using zerver::flow::RouteMatch;
using zerver::flow::RoutePath;
using zerver::flow::RowReader;
using zerver::flow::RowsCall;
using zerver::flow::to_value;
using zerver::flow::Value;
using zerver::flow::ValueCall;

// --- Codecs ---

std::string_view to_string(Urgency value) noexcept {
  switch (value) {
    case Urgency::kLow:
      return "low";
    case Urgency::kHigh:
      return "high";
  }
  return {};
}

bool from_string(std::string_view name, Urgency& out) noexcept {
  if (name == "low") {
    out = Urgency::kLow;
  } else if (name == "high") {
    out = Urgency::kHigh;
  } else {
    return false;
  }
  return true;
}

bool read_json(const JsonValue& in, NewTodo& out) {
  JsonObject fields(in);
  bool has_title = false;
  bool has_effort = false;
  bool has_urgency = false;
  bool has_tags = false;
  while (fields.next()) {
    const JsonValue& value = fields.value();
    if (fields.name() == "title") {
      if (!fields.first(has_title) || !read_json(value, out.title)) return false;
      if (!zerver::flow::has_length(out.title, 1, 200)) return value.reject("must have 1 to 200 characters");
    } else if (fields.name() == "effort") {
      if (!fields.first(has_effort) || !read_json(value, out.effort)) return false;
      if (out.effort < 0 || out.effort > 10) return value.reject("must be from 0 to 10");
    } else if (fields.name() == "urgency") {
      if (!fields.first(has_urgency) || !read_json(value, out.urgency)) return false;
    } else if (fields.name() == "tags") {
      if (!fields.first(has_tags) || !read_json(value, out.tags)) return false;
    }
  }
  if (!fields.complete()) return false;
  if (!has_title) return fields.missing("title");
  if (!has_tags) return fields.missing("tags");
  return true;
}

void write_json(JsonWriter& out, const NewTodo& value) {
  out.begin_object();
  out.key("title");
  write_json(out, value.title);
  out.key("effort");
  write_json(out, value.effort);
  if (value.urgency) {
    out.key("urgency");
    write_json(out, *value.urgency);
  }
  out.key("tags");
  write_json(out, value.tags);
  out.end_object();
}

bool read_json(const JsonValue& in, Todo& out) {
  JsonObject fields(in);
  bool has_id = false;
  bool has_title = false;
  bool has_done = false;
  bool has_due = false;
  while (fields.next()) {
    const JsonValue& value = fields.value();
    if (fields.name() == "id") {
      if (!fields.first(has_id) || !read_json(value, out.id)) return false;
    } else if (fields.name() == "title") {
      if (!fields.first(has_title) || !read_json(value, out.title)) return false;
    } else if (fields.name() == "done") {
      if (!fields.first(has_done) || !read_json(value, out.done)) return false;
    } else if (fields.name() == "due") {
      if (!fields.first(has_due) || !read_json(value, out.due)) return false;
    }
  }
  if (!fields.complete()) return false;
  if (!has_id) return fields.missing("id");
  if (!has_title) return fields.missing("title");
  return true;
}

void write_json(JsonWriter& out, const Todo& value) {
  out.begin_object();
  out.key("id");
  write_json(out, value.id);
  out.key("title");
  write_json(out, value.title);
  out.key("done");
  write_json(out, value.done);
  if (value.due) {
    out.key("due");
    write_json(out, *value.due);
  }
  out.end_object();
}

bool read_row(RowReader& row, Todo& out) {
  static constexpr zerver::flow::RowField kFields[] = {{"id"}, {"title"}, {"done"}, {"due"}};
  return row.has(kFields) && row.field(0, out.id) && row.field(1, out.title) && row.field(2, out.done) &&
         row.field(3, out.due);
}

namespace {

// --- Errors as answers ---

void answer_error(Exchange& exchange, const BadInput& error, const Fault& fault = {}) {
  ProblemWriter problem(exchange, 400, "urn:zerver:error:handmade.v1.BadInput", "Bad input");
  problem.fault({fault.kind, error.why, fault.pointer});
  problem.finish();
}

void answer_error(Exchange& exchange, const NotFound& error, const Fault& fault = {}) {
  ProblemWriter problem(exchange, 404, "urn:zerver:error:handmade.v1.NotFound", "Not found");
  problem.fault(fault);
  problem.field("id", error.id);
  problem.finish();
}

void answer_error(Exchange& exchange, const Duplicate&, const Fault& fault = {}) {
  ProblemWriter problem(exchange, 409, "urn:zerver:error:handmade.v1.Duplicate", "Duplicate");
  problem.fault(fault);
  problem.finish();
}

void answer_error(Exchange& exchange, const OverQuota& error, const Fault& fault = {}) {
  ProblemWriter problem(exchange, 429, "urn:zerver:error:handmade.v1.OverQuota", "Over quota");
  problem.fault(fault);
  problem.field("left", error.left);
  problem.finish();
}

void answer_error(Exchange& exchange, const Unavailable&, const Fault& fault = {}) {
  ProblemWriter problem(exchange, 503, "urn:zerver:error:handmade.v1.Unavailable", "Unavailable");
  problem.fault(fault);
  problem.retry_after(1);
  problem.finish();
}

// --- Effects ---

constexpr std::uint16_t kDb = 0;
constexpr std::uint16_t kRandom = 1;

constexpr CallSite kNewId{
    .step = "new_id", .target = kRandom, .operation = zerver::RandomAdapter::kUuid, .policy = {}};
constexpr CallSite kInsert{.step = "insert",
                           .target = kDb,
                           .operation = zerver::SqlAdapter::kOne,
                           .policy = {.timeout = Duration::from_milliseconds(50)}};
constexpr CallSite kLoad{
    .step = "load",
    .target = kDb,
    .operation = zerver::SqlAdapter::kOne,
    .policy = {.timeout = Duration::from_milliseconds(50),
               .retries = 1,
               .backoff_first = Duration::from_milliseconds(5),
               .backoff_cap = Duration::from_milliseconds(5),
               .retry_on = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout)}};
constexpr CallSite kTouch{.step = "touch",
                          .target = kDb,
                          .operation = zerver::SqlAdapter::kExec,
                          .policy = {.timeout = Duration::from_milliseconds(50)}};
constexpr CallSite kSurveyOpen{
    .step = "survey",
    .target = kDb,
    .operation = zerver::SqlAdapter::kOne,
    .policy = {.timeout = Duration::from_milliseconds(50),
               .retries = 1,
               .backoff_first = Duration::from_milliseconds(5),
               .backoff_cap = Duration::from_milliseconds(5),
               .retry_on = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout)}};
constexpr CallSite kSurveyLast{.step = "survey",
                               .target = kDb,
                               .operation = zerver::SqlAdapter::kOne,
                               .policy = {.timeout = Duration::from_milliseconds(50)}};

void answer_fault_of_insert(Exchange& exchange, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kConflict:
      return answer_error(exchange, Duplicate{}, fault);
    case FaultKind::kUnavailable:
    case FaultKind::kTimeout:
      return answer_error(exchange, Unavailable{}, fault);
    default:
      return zerver::flow::answer_fault(exchange, fault);
  }
}

void answer_fault_of_load(Exchange& exchange, const Fault& fault, const TodoId& id) {
  switch (fault.kind) {
    case FaultKind::kMissing:
      return answer_error(exchange, NotFound{id}, fault);
    case FaultKind::kUnavailable:
    case FaultKind::kTimeout:
      return answer_error(exchange, Unavailable{}, fault);
    default:
      return zerver::flow::answer_fault(exchange, fault);
  }
}

void answer_fault_of_touch(Exchange& exchange, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kConflict:
      return answer_error(exchange, Duplicate{}, fault);
    case FaultKind::kUnavailable:
    case FaultKind::kTimeout:
      return answer_error(exchange, Unavailable{}, fault);
    default:
      return zerver::flow::answer_fault(exchange, fault);
  }
}

void answer_fault_of_survey(Exchange& exchange, const Fault& fault, const TodoId& id) {
  switch (fault.kind) {
    case FaultKind::kMissing:
      return answer_error(exchange, NotFound{id}, fault);
    case FaultKind::kUnavailable:
    case FaultKind::kTimeout:
      return answer_error(exchange, Unavailable{}, fault);
    default:
      return zerver::flow::answer_fault(exchange, fault);
  }
}

// --- flow hello on GET "/hello/{name}" ---

struct HelloSlots {
  zerver::String name;
  zerver::String greeting;
};

Handled run_hello(Exchange& exchange, std::string_view path_name) {
  HelloSlots slots;

  // read_name -> name = request.path.name
  {
    exchange.enter_step("read_name");
    const Result<zerver::String> name = zerver::flow::path_part<zerver::String>(exchange, "name", path_name);
    if (!name) {
      answer_error(exchange, BadInput{name.error().why}, name.error());
      return Handled::kNow;
    }
    slots.name = *name;
  }

  // greet(name) -> greeting
  {
    exchange.enter_step("greet");
    greet::View view(exchange.arena(), slots.name, slots.greeting);
    const greet::Decision decision = greet::run(view);
    switch (decision.kind()) {
      case greet::Decision::Kind::kProceed:
        break;
      case greet::Decision::Kind::kFailOverQuota:
        answer_error(exchange, decision.over_quota());
        return Handled::kNow;
      case greet::Decision::Kind::kDone:
        zerver::flow::answer(exchange, decision.answer());
        return Handled::kNow;
    }
    if (!view.wrote_greeting()) {
      zerver::flow::answer_unwritten(exchange, "greeting");
      return Handled::kNow;
    }
  }

  // return 200 greeting as text
  zerver::flow::answer(exchange, 200, zerver::flow::kTextType, slots.greeting);
  return Handled::kNow;
}

// --- flow create on POST "/todos" ---

struct CreateSlots {
  NewTodo draft;
  zerver::Uuid key;
  Todo todo;
  std::int32_t left;
  bool has_left = false;
};

FlowTask run_create(Exchange& exchange) {
  exchange.set_deadline_in(Duration::from_milliseconds(500));
  CreateSlots slots;

  // read_left -> left? = request.header.x_left
  {
    exchange.enter_step("read_left");
    const Result<std::optional<std::int32_t>> left =
        zerver::flow::header_part<std::optional<std::int32_t>>(exchange, "x-left");
    if (!left) {
      answer_error(exchange, BadInput{left.error().why}, left.error());
      co_return;
    }
    if (*left) {
      slots.left = **left;
      slots.has_left = true;
    }
  }

  // admit(left?)
  {
    exchange.enter_step("admit");
    admit::View view(exchange.arena(), slots.has_left ? &slots.left : nullptr);
    const admit::Decision decision = admit::run(view);
    switch (decision.kind()) {
      case admit::Decision::Kind::kProceed:
        break;
      case admit::Decision::Kind::kFailOverQuota:
        answer_error(exchange, decision.over_quota());
        co_return;
    }
  }

  // read_draft -> draft = request.json
  {
    exchange.enter_step("read_draft");
    const Result<NewTodo> draft = zerver::flow::json_part<NewTodo>(exchange);
    if (!draft) {
      answer_error(exchange, BadInput{draft.error().why}, draft.error());
      co_return;
    }
    slots.draft = *draft;
  }

  // new_id -> key = random.uuid()
  {
    const zerver::RandomAdapter::UuidArguments arguments{};
    ValueCall<zerver::Uuid> call(exchange, kNewId, &arguments);
    const Result<zerver::Uuid>& key = co_await call;
    if (!key) {
      zerver::flow::answer_fault(exchange, key.error());
      co_return;
    }
    slots.key = *key;
  }

  // insert(key, draft) -> todo = db.one(sql"...")
  {
    const Value parameters[] = {to_value(exchange.arena(), slots.key),
                                to_value(exchange.arena(), slots.draft.title)};
    const zerver::SqlAdapter::OneArguments arguments{
        {"insert into todo(id, title, done) values (?, ?, false) returning *", parameters}};
    RowsCall<Todo> call(exchange, kInsert, &arguments);
    const Result<Todo>& todo = co_await call;
    if (!todo) {
      answer_fault_of_insert(exchange, todo.error());
      co_return;
    }
    slots.todo = *todo;
  }

  // return 201 todo header location "/todos/{todo.id}"
  zerver::flow::answer_header(
      exchange, "Location",
      zerver::flow::concat(exchange.arena(),
                           {"/todos/", zerver::flow::url_encode(exchange.arena(), slots.todo.id)}));
  zerver::flow::answer_json(exchange, 201, slots.todo);
}

// --- flow show on GET "/todos/{id}" ---

struct ShowSlots {
  Todo todo;
  zerver::String last;
  TodoId id;
  std::int64_t open;
  bool has_todo = false;
  bool has_last = false;
};

FlowTask run_show(Exchange& exchange, std::string_view path_id) {
  exchange.set_deadline_in(Duration::from_milliseconds(300));
  ShowSlots slots;

  // read_id -> id = request.path.id
  {
    exchange.enter_step("read_id");
    const Result<TodoId> id = zerver::flow::path_part<TodoId>(exchange, "id", path_id);
    if (!id) {
      answer_error(exchange, BadInput{id.error().why}, id.error());
      co_return;
    }
    slots.id = *id;
  }

  // find(id, todo?) may need load then found
  exchange.enter_step("find");
  find::View find_view(exchange.arena(), slots.id, slots.has_todo ? &slots.todo : nullptr);
  const find::Decision find_decision = find::run(find_view);
  switch (find_decision.kind()) {
    case find::Decision::Kind::kProceed:
      break;
    case find::Decision::Kind::kNeedLoad: {
      // load(id) -> todo? = db.one(sql"...")
      {
        const Value parameters[] = {to_value(exchange.arena(), slots.id)};
        const zerver::SqlAdapter::OneArguments arguments{{"select * from todo where id = ?", parameters}};
        RowsCall<Todo> call(exchange, kLoad, &arguments);
        const Result<Todo>& todo = co_await call;
        if (!todo) {
          answer_fault_of_load(exchange, todo.error(), slots.id);
          co_return;
        }
        slots.todo = *todo;
        slots.has_todo = true;
      }

      // found(todo?) may insert counted, replace archived
      exchange.enter_step("found");
      found::View found_view(exchange.arena(), slots.has_todo ? &slots.todo : nullptr);
      const found::Decision found_decision = found::run(found_view);
      switch (found_decision.kind()) {
        case found::Decision::Kind::kProceed:
          break;
        case found::Decision::Kind::kInsertCounted: {
          // chain counted: touch(id) = db.exec(sql"...")
          const Value parameters[] = {to_value(exchange.arena(), slots.id)};
          const zerver::SqlAdapter::ExecArguments arguments{
              {"update todo set done = true where id = ?", parameters}};
          ValueCall<std::int64_t> call(exchange, kTouch, &arguments);
          const Result<std::int64_t>& touched = co_await call;
          if (!touched) {
            answer_fault_of_touch(exchange, touched.error());
            co_return;
          }
          break;
        }
        case found::Decision::Kind::kReplaceArchived:
          // chain archived: return 410
          zerver::flow::answer(exchange, 410);
          co_return;
      }
      break;
    }
  }

  // survey(id) -> open, last? = all { ... }
  {
    const zerver::SqlAdapter::OneArguments open_arguments{
        {"select count(*) from todo where done = false", {}}};
    RowsCall<std::int64_t> open(exchange, kSurveyOpen, &open_arguments);
    const Value last_parameters[] = {to_value(exchange.arena(), slots.id)};
    const zerver::SqlAdapter::OneArguments last_arguments{
        {"select title from todo where id <> ? order by title limit 1", last_parameters}};
    RowsCall<zerver::String> last(exchange, kSurveyLast, &last_arguments);
    Group<2> group(exchange, Join::kAll, {{&open}, {&last, kOptional}});
    co_await group;
    if (exchange.given_up()) {
      zerver::flow::answer_cancelled(exchange);
      co_return;
    }
    if (!group.result()) {
      answer_fault_of_survey(exchange, group.result().error(), slots.id);
      co_return;
    }
    slots.open = *open.result();
    if (last.result()) {
      slots.last = *last.result();
      slots.has_last = true;
    }
  }

  // return 200 { id: id, open: open, last: last ?? "" }
  JsonWriter json = zerver::flow::begin_json(exchange);
  json.begin_object();
  json.key("id");
  write_json(json, slots.id);
  json.key("open");
  write_json(json, slots.open);
  json.key("last");
  write_json(json, slots.has_last ? slots.last : zerver::String());
  json.end_object();
  zerver::flow::end_json(exchange, 200);
}

// --- Router ---

enum class Route : std::uint8_t { kNone, kHello, kCreate, kShow };

struct Captures {
  std::string_view first;
};

Route match(std::string_view path, zerver::Method method, Captures& captures, RouteMatch& match) {
  const RoutePath cursor(path);
  if (const char* rest = cursor.begin();
      cursor.skip(rest, "/hello") && cursor.take(rest, captures.first) && cursor.at_end(rest)) {
    if (method == zerver::Method::kGet || method == zerver::Method::kHead) return Route::kHello;
    match.allowed.add(zerver::Method::kGet);
    match.allowed.add(zerver::Method::kHead);
  }
  if (cursor.is(cursor.begin(), "/todos")) {
    if (method == zerver::Method::kPost) return Route::kCreate;
    match.allowed.add(zerver::Method::kPost);
  }
  if (const char* rest = cursor.begin();
      cursor.skip(rest, "/todos") && cursor.take(rest, captures.first) && cursor.at_end(rest)) {
    if (method == zerver::Method::kGet || method == zerver::Method::kHead) return Route::kShow;
    match.allowed.add(zerver::Method::kGet);
    match.allowed.add(zerver::Method::kHead);
  }
  return Route::kNone;
}

Handled handle(Exchange& exchange, RouteMatch& route_match) try {
  std::string_view path;
  if (!zerver::flow::normalize_path(exchange.arena(), exchange.request.path, path)) {
    route_match.found = true;
    zerver::flow::answer_problem(exchange, 400, "the path is not percent-encoded right");
    return Handled::kNow;
  }
  Captures captures;
  const Route route = match(path, exchange.request.method, captures, route_match);
  route_match.found = route != Route::kNone;
  switch (route) {
    case Route::kNone:
      return Handled::kNow;
    case Route::kHello:
      route_match.flow = 0;
      if (const std::optional<Handled> held = exchange.begin(package().flows[0])) return *held;
      return run_hello(exchange, captures.first);
    case Route::kCreate:
      route_match.flow = 1;
      if (const std::optional<Handled> held = exchange.begin(package().flows[1])) return *held;
      return run_create(exchange).handled();
    case Route::kShow:
      route_match.flow = 2;
      if (const std::optional<Handled> held = exchange.begin(package().flows[2])) return *held;
      return run_show(exchange, captures.first).handled();
  }
  return Handled::kNow;
} catch (...) {
  zerver::flow::answer_exception(exchange);
  return Handled::kNow;
}

// --- Package ---

void configure_db(const zerver::flow::Environment& environment, zerver::flow::TargetConfig& config) {
  config.set("url", environment.variable("DATABASE_URL").value_or("sqlite::memory:"));
}

void configure_random(const zerver::flow::Environment&, zerver::flow::TargetConfig&) {}

constexpr zerver::flow::FlowInfo kFlows[] = {
    {.name = "hello", .slug = "hello", .method = "GET", .path = "/hello/{name}"},
    {.name = "create", .slug = "create", .method = "POST", .path = "/todos"},
    {.name = "show", .slug = "show", .method = "GET", .path = "/todos/{id}"},
};
constexpr zerver::flow::TargetInfo kTargets[] = {
    {.name = "handmade.v1.db", .adapter = "zerver.sql", .configure = configure_db, .in_flight = 64},
    {.name = "zerver.random", .adapter = "zerver.random", .configure = configure_random},
};
constexpr zerver::flow::PackageInfo kPackage{
    .name = "handmade.v1", .flows = kFlows, .targets = kTargets, .handle = handle};

}  // namespace

const zerver::flow::PackageInfo& package() noexcept { return kPackage; }

}  // namespace handmade::v1
