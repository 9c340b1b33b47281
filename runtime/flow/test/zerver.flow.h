// Stands in for the header that is generated from runtime/std/zerver.flow: the adapters that the hand-made
// package uses.
#pragma once

#include <zerver/flow/operation.h>

#include <cstdint>

namespace zerver {

class SqlAdapter : public flow::Adapter {
 public:
  static constexpr std::uint16_t kOne = 0;
  static constexpr std::uint16_t kMaybe = 1;
  static constexpr std::uint16_t kMany = 2;
  static constexpr std::uint16_t kExec = 3;

  struct OneArguments {
    flow::Statement query;
  };
  struct MaybeArguments {
    flow::Statement query;
  };
  struct ManyArguments {
    flow::Statement query;
  };
  struct ExecArguments {
    flow::Statement query;
  };

  virtual void one(const OneArguments& arguments, flow::RowsReply reply) = 0;
  virtual void maybe(const MaybeArguments& arguments, flow::RowsReply reply) = 0;
  virtual void many(const ManyArguments& arguments, flow::RowsReply reply) = 0;
  virtual void exec(const ExecArguments& arguments, flow::Reply<std::int64_t> reply) = 0;

  void start(flow::Operation& operation) final {
    switch (operation.index()) {
      case kOne:
        return one(*static_cast<const OneArguments*>(operation.arguments()), flow::RowsReply(operation));
      case kMaybe:
        return maybe(*static_cast<const MaybeArguments*>(operation.arguments()), flow::RowsReply(operation));
      case kMany:
        return many(*static_cast<const ManyArguments*>(operation.arguments()), flow::RowsReply(operation));
      case kExec:
        return exec(*static_cast<const ExecArguments*>(operation.arguments()),
                    flow::Reply<std::int64_t>(operation));
    }
  }
};

class ClockAdapter : public flow::Adapter {
 public:
  static constexpr std::uint16_t kNow = 0;

  struct NowArguments {};

  virtual void now(const NowArguments& arguments, flow::Reply<Timestamp> reply) = 0;

  void start(flow::Operation& operation) final {
    switch (operation.index()) {
      case kNow:
        return now(*static_cast<const NowArguments*>(operation.arguments()),
                   flow::Reply<Timestamp>(operation));
    }
  }
};

class RandomAdapter : public flow::Adapter {
 public:
  static constexpr std::uint16_t kUuid = 0;
  static constexpr std::uint16_t kU64 = 1;

  struct UuidArguments {};
  struct U64Arguments {};

  virtual void uuid(const UuidArguments& arguments, flow::Reply<Uuid> reply) = 0;
  virtual void u64(const U64Arguments& arguments, flow::Reply<std::uint64_t> reply) = 0;

  void start(flow::Operation& operation) final {
    switch (operation.index()) {
      case kUuid:
        return uuid(*static_cast<const UuidArguments*>(operation.arguments()), flow::Reply<Uuid>(operation));
      case kU64:
        return u64(*static_cast<const U64Arguments*>(operation.arguments()),
                   flow::Reply<std::uint64_t>(operation));
    }
  }
};

}  // namespace zerver
