// What goes wrong between a flow and the systems that it talks to.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/core/random.h>
#include <zerver/core/time.h>
#include <zerver/flow/call/operation.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace zerver::testing {

enum class FaultType : std::uint8_t {
  kNone,
  kError,        // not performed; answered with a kind that the operation may fail with
  kLostRequest,  // not performed and never answered
  kLostAnswer,   // performed and never answered
  kDuplicate,    // performed twice, answered once
  kSlow,         // performed late
  kDisconnect,   // performed, and answered as `unavailable`
};
inline constexpr std::size_t kFaultTypes = 7;

// `lost-answer` and so on.
std::string_view name_of(FaultType type) noexcept;

// What is to happen to one attempt of an operation.
struct Injection {
  FaultType type = FaultType::kNone;
  FaultKind kind = FaultKind::kUnavailable;  // of kError
  Duration delay = {};                       // before it is performed or fails
};

// Decides, once for each attempt, in the order in which they start.
class FaultSource {
 public:
  virtual ~FaultSource() = default;
  // `target` is qualified: `todo.v1.db`.
  virtual Injection next(std::string_view target, const flow::Operation& operation) = 0;
};

// How often what goes wrong, and how long everything takes. Chances are in a thousand, of one attempt; what
// is never answered only happens to attempts that have a deadline.
struct FaultPlan {
  Duration latency_least = {};
  Duration latency_most = {};
  std::uint32_t error = 0;
  std::uint32_t lost_request = 0;
  std::uint32_t lost_answer = 0;
  std::uint32_t duplicate = 0;
  std::uint32_t slow = 0;
  std::uint32_t disconnect = 0;
  std::uint32_t slow_factor = 20;  // times latency_most
  // Whether `error` may also be a refusal (`invalid`, `missing`, `conflict`, `rejected`). A real system does
  // not refuse what it has done already when it is asked again, so sagas may not be told so at random.
  bool refusals = false;

  // A network that works: 1 to 5 ms.
  static FaultPlan calm() noexcept;
  // One where every tenth attempt has some fault.
  static FaultPlan rough() noexcept;
};

// Draws from a plan for each target.
class RandomFaults final : public FaultSource {
 public:
  explicit RandomFaults(std::uint64_t seed) noexcept : random_(seed) {}

  // For all targets without a plan of their own.
  void set(const FaultPlan& plan) { usual_ = plan; }
  void set(std::string target, const FaultPlan& plan) { plans_.insert_or_assign(std::move(target), plan); }

  Injection next(std::string_view target, const flow::Operation& operation) override;

 private:
  Duration between(Duration least, Duration most) noexcept;

  SeededRandom random_;
  FaultPlan usual_;
  std::map<std::string, FaultPlan, std::less<>> plans_;
};

// How often each type happened.
using FaultCounts = std::array<std::uint64_t, kFaultTypes>;

}  // namespace zerver::testing
