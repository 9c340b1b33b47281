#include "sim/fault_kinds.h"
#include <zerver/testing/explore.h>
#include <zerver/testing/json_text.h>

#include <algorithm>
#include <map>
#include <utility>

namespace zerver::testing {
namespace {

constexpr FaultType kNetworkFaults[] = {FaultType::kLostRequest, FaultType::kLostAnswer,
                                        FaultType::kDuplicate, FaultType::kDisconnect};
constexpr std::uint16_t kMistake = 500;
constexpr Duration kLongest = Duration::from_seconds(3'600);

// One fault, at the attempt of that number.
struct Chosen {
  std::size_t attempt;
  Injection injection;
  bool leaves;  // the client, while the attempt is under way
};

// An attempt that happened.
struct Happened {
  std::string what;  // `shop.pay at charge, attempt 2`
  FaultKinds fails;
  bool has_deadline;
};

std::string describe(const Chosen& chosen, const Happened& happened) {
  std::string text = chosen.leaves ? "the client leaves" : std::string(name_of(chosen.injection.type));
  if (!chosen.leaves && chosen.injection.type == FaultType::kError) {
    text += ' ';
    text += name_of(chosen.injection.kind);
  }
  return text + " of " + happened.what;
}

class Script final : public FaultSource {
 public:
  explicit Script(const std::vector<Chosen>& chosen) noexcept : chosen_(&chosen) {}

  Injection next(std::string_view target, const flow::Operation& operation) override {
    const std::size_t number = happened.size();
    happened.push_back({std::string(target) + " at " + std::string(operation.step()) + ", attempt " +
                            std::to_string(operation.attempt()),
                        operation.fails(), operation.deadline() != TimePoint::never()});
    const auto chosen = std::ranges::find(*chosen_, number, &Chosen::attempt);
    Injection injection;
    if (chosen != chosen_->end()) {
      injection = chosen->injection;
      leaves = leaves || chosen->leaves;
    }
    injection.delay = Duration::from_milliseconds(1);
    return injection;
  }

  std::vector<Happened> happened;
  bool leaves = false;

 private:
  const std::vector<Chosen>* chosen_;
};

std::vector<Chosen> faults_of(const Happened& happened, std::size_t attempt, bool departures) {
  std::vector<Chosen> result;
  for (const FaultKind kind : kFaultKinds) {
    if (happened.fails.contains(kind)) result.push_back({attempt, {FaultType::kError, kind, {}}, false});
  }
  for (const FaultType type : kNetworkFaults) {
    const bool is_silent = type == FaultType::kLostRequest || type == FaultType::kLostAnswer;
    if (!is_silent || happened.has_deadline) result.push_back({attempt, {type, {}, {}}, false});
  }
  if (departures) result.push_back({attempt, {}, true});
  return result;
}

class Explorer {
 public:
  Explorer(const std::function<std::unique_ptr<SimWorld>()>& make, const RequestText& request,
           const ExploreOptions& options)
      : make_(make), request_(request), options_(options) {}

  Exploration explore() {
    run({}, options_.pairs ? 2 : 1);
    compare();
    return std::move(result_);
  }

 private:
  using Key = std::pair<std::uint16_t, std::string>;

  // Runs with the chosen faults, then with each further one behind them, `deeper` more at most.
  void run(std::vector<Chosen> chosen, unsigned deeper) {
    if (result_.runs == options_.most_runs) return;
    ++result_.runs;
    const std::unique_ptr<SimWorld> world = make_();
    Script script(chosen);
    world->set_fault_source(script);
    world->send(request_);
    const auto is_answered = [&] { return world->requests().at(0).answered != TimePoint::never(); };
    const TimePoint end = world->loop().now() + kLongest;
    static_cast<void>(world->loop().run_until(
        [&] { return script.leaves || is_answered() || world->loop().now() >= end; }));
    if (script.leaves) world->leave(0);
    if (!world->run()) violation("it waits for ever", chosen, script);
    if (!world->settle()) violation("a saga has not ended", chosen, script);
    for (const std::string& each : world->violations())
      violation(each, chosen, script);
    if (options_.check) {
      if (const std::string wrong = options_.check(*world); !wrong.empty()) violation(wrong, chosen, script);
    }
    note(world->requests().at(0));
    if (deeper == 0) return;
    const std::size_t first = chosen.empty() ? 0 : chosen.back().attempt + 1;
    for (std::size_t attempt = first; attempt < script.happened.size(); ++attempt) {
      for (const Chosen& next : faults_of(script.happened[attempt], attempt, options_.departures)) {
        chosen.push_back(next);
        run(chosen, deeper - 1);
        chosen.pop_back();
      }
    }
  }

  void violation(const std::string& what, const std::vector<Chosen>& chosen, const Script& script) {
    std::string text = what;
    for (const Chosen& each : chosen) {
      if (each.attempt < script.happened.size()) text += "; " + describe(each, script.happened[each.attempt]);
    }
    result_.violations.push_back(std::move(text));
  }

  void note(const SimRequest& request) {
    flow_ = request.flow == nullptr ? flow_ : request.flow;
    const ResponseText& response = request.response;
    std::string type;
    if (response.content_type == "application/problem+json") {
      type = json_field(response.body, "type");
      type = type.size() < 2 ? "" : type.substr(1, type.size() - 2);
    }
    ++seen_[{response.status, type}];
  }

  void compare() {
    for (const auto& [key, runs] : seen_)
      result_.seen.push_back({key.first, key.second, runs});
    if (flow_ == nullptr) return;
    const auto declares = [&](const Key& key) {
      return std::ranges::any_of(flow_->outcomes, [&](const flow::OutcomeInfo& outcome) {
        return (outcome.status == 0 || outcome.status == key.first) && outcome.type == key.second;
      });
    };
    for (const auto& [key, runs] : seen_) {
      if (!declares(key)) result_.undeclared.push_back({key.first, key.second, runs});
    }
    for (const flow::OutcomeInfo& outcome : flow_->outcomes) {
      if (outcome.status == 0 || outcome.status == kMistake) continue;
      if (!seen_.contains({outcome.status, std::string(outcome.type)}))
        result_.unseen.push_back({outcome.status, std::string(outcome.type), 0});
    }
  }

  const std::function<std::unique_ptr<SimWorld>()>& make_;
  const RequestText& request_;
  const ExploreOptions& options_;
  Exploration result_;
  std::map<Key, std::size_t> seen_;
  const flow::FlowInfo* flow_ = nullptr;
};

void append(std::string& text, std::string_view what, const std::vector<SeenOutcome>& outcomes) {
  for (const SeenOutcome& outcome : outcomes) {
    text += what;
    text += std::to_string(outcome.status);
    if (!outcome.type.empty()) text += ' ' + outcome.type;
    if (outcome.runs != 0) text += ", in " + std::to_string(outcome.runs) + " runs";
    text += '\n';
  }
}

}  // namespace

std::string Exploration::text() const {
  std::string text = std::to_string(runs) + " runs\n";
  append(text, "seen        ", seen);
  append(text, "not seen    ", unseen);
  append(text, "undeclared  ", undeclared);
  for (const std::string& violation : violations)
    text += "violation   " + violation + '\n';
  return text;
}

Exploration explore(const std::function<std::unique_ptr<SimWorld>()>& make, const RequestText& request,
                    const ExploreOptions& options) {
  return Explorer(make, request, options).explore();
}

}  // namespace zerver::testing
