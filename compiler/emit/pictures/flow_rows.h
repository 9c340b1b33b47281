// A flow as rows: what its picture shows, before anything has a place.

#pragma once

#include "compiler/model/program.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zc::emit {

enum class RowKind : std::uint8_t { kStep, kEffect, kBlock, kHandler, kAnswer };

// Where a row touches a slot.
struct Mark {
  std::size_t lane = 0;  // index in `Score::lanes`
  bool reads = false, writes = false;
  bool optional = false;
};

struct Row {
  RowKind kind = RowKind::kStep;
  std::size_t depth = 0;  // of nesting
  std::string text;
  std::string doc;     // shown when one points at it
  std::string effect;  // "db.one", with its policy behind
  std::string policy;
  std::string errors;
  std::vector<Mark> marks;
};

// Rows that belong to the block whose heading is `first`.
struct Bracket {
  std::size_t first = 0, last = 0;
  bool is_handler = false;
};

struct Score {
  std::string title, subtitle;
  std::vector<std::string> lanes;  // names of the slots, in order of first use
  std::vector<Row> rows;
  std::vector<Bracket> brackets;
};

[[nodiscard]] Score make_score(const model::Program& program, model::FlowId flow);

}  // namespace zc::emit
