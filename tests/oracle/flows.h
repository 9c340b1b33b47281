// What the generator makes up and the enumerator walks: flows as plain trees. Nothing here knows the
// compiler.

#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace oracle {

// Nanoseconds. What has no bound, such as an endless loop, may take for ever.
using Time = std::uint64_t;
inline constexpr Time kMillisecond = 1'000'000;
inline constexpr Time kUnbounded = std::numeric_limits<Time>::max();

inline constexpr int kNone = -1;

struct Slot {
  std::string name;
  bool is_list = false;
  int flow = 0;  // whose slot it is, an index
};

struct SlotUse {
  int slot = kNone;
  bool optional = false;
};

// The six kinds of failures, as bits.
enum Failure : unsigned {
  kInvalid = 1,
  kMissing = 2,
  kConflict = 4,
  kRejected = 8,
  kUnavailable = 16,
  kTimeout = 32
};

struct Operation {
  const char* name;
  const char* declaration;
  unsigned fails;
  bool has_result;
  bool is_list;
};
// Of the adapter `store`, in the order of its declaration.
[[nodiscard]] const std::vector<Operation>& operations();

// Errors 0 to 5 are the prelude's, one a kind in the order of `Failure`; the others are declared by the file.
inline constexpr int kOwnErrors = 4;
inline constexpr int kErrors = 6 + kOwnErrors;
[[nodiscard]] std::string error_name(int error);

struct Policy {
  Time timeout = 0;  // 0: none
  std::uint32_t retries = 0;
  Time least_backoff = 0, most_backoff = 0;
  std::uint32_t hedges = 0;
  Time hedge_after = 0;
};

struct Effect {
  int operation = 0;
  SlotUse argument;  // no slot: a literal
  Policy policy;
};

enum class Join : std::uint8_t {
  kAll,
  kAllRequired,
  kAny,
  kFirstSuccess,
  kRace,
  kQuorum,
  kHedge,
  kSequential
};

struct Group;
struct Member {
  bool optional = false;
  int slot = kNone;
  Effect effect;
};
struct Group {
  Join join = Join::kAll;
  std::uint32_t count = 1;  // of a quorum or hedge
  Time after = 0;           // of a hedge
  std::vector<Member> members;
  std::vector<Group> nested;  // printed behind the members
};

enum class StepKind : std::uint8_t { kPure, kExtract, kEffect, kGroup, kBody };

// A failure that becomes an error. An effect with no mapping of its own has the prelude's.
struct Mapping {
  int error = 0;
  unsigned kinds = 0;
};

struct Step {
  std::string name;
  StepKind kind = StepKind::kBody;
  std::vector<SlotUse> reads, writes;
  Effect effect;
  Group group;
  std::vector<Mapping> mappings;  // what is written behind `fails`; of a body without kinds
  bool may_done = false;
  std::vector<int> needs;  // steps of the same flow
  bool has_then = false;
  std::vector<SlotUse> then_reads, then_writes;
  std::vector<int> inserts, replaces;  // chains of the same flow
};

enum class StatementKind : std::uint8_t {
  kStep,
  kChain,
  kParallel,  // one block a branch
  kSequential,
  kWhen,  // the block that holds, then that of `else`, if any
  kEach,
  kSaga,
  kRescue,
  kOnError,
  kOnCancel,
  kCall,
  kEnqueue,
  kReturn,
};

struct Statement;
using Block = std::vector<Statement>;

struct Statement {
  StatementKind kind = StatementKind::kStep;
  int index = kNone;  // step or chain of the flow, flow of the program, job to enqueue
  std::vector<Block> blocks;
  std::vector<SlotUse> reads;  // of a condition, list, answer or argument
  std::vector<int> errors;     // of a handler
  int item = kNone, results = kNone;
  std::uint32_t most = 1, parallel = 1;
};

enum class Trigger : std::uint8_t { kSlug, kJob, kCron };

struct Flow {
  std::string name;
  Trigger trigger = Trigger::kSlug;
  std::vector<int> parameters;  // slots of a job
  std::vector<Step> steps;
  std::vector<Block> chains;
  std::vector<Statement> before;  // steps and chains
  Block body;
};

struct Program {
  std::vector<Slot> slots;
  std::vector<Flow> flows;
};

// Calls `visit(block)` for each block of a flow, outer ones first.
template <typename AnyBlock, typename Visit> void for_each_block(AnyBlock& block, const Visit& visit) {
  visit(block);
  for (auto& statement : block) {
    for (auto& inner : statement.blocks)
      for_each_block(inner, visit);
  }
}
template <typename AnyFlow, typename Visit> void for_each_block_of(AnyFlow& flow, const Visit& visit) {
  for_each_block(flow.body, visit);
  for (auto& chain : flow.chains)
    for_each_block(chain, visit);
}

// What a flow runs, or what it runs may need, insert or replace; everything else is declared for nothing.
struct Uses {
  std::vector<bool> steps, chains;
};
[[nodiscard]] Uses uses_of(const Flow& flow);

// The slots that are read and written anywhere in what is used.
struct Mentions {
  explicit Mentions(const Program& program);

  std::set<int> read, written;
};

// A flow of which `shrink` has left nothing.
[[nodiscard]] inline bool is_left_out(const Flow& flow) {
  return flow.trigger == Trigger::kCron && flow.before.empty() && flow.body.empty();
}

// The file with what is used, and which flow each of its lines belongs to.
struct Printed {
  std::string text;
  std::vector<int> flow_of_line;  // by line, from 1; `kNone` for what all share
};
[[nodiscard]] Printed print(const Program& program);

}  // namespace oracle
