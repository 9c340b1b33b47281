#include "join_model.h"

#include "by_hand_adapter.h"

#include <algorithm>
#include <coroutine>
#include <deque>
#include <memory>
#include <optional>
#include <sstream>
#include <vector>

namespace zerver::flow::test {

namespace {

constexpr std::size_t kMaxMembers = 5;
constexpr int kMaxDepth = 3;

enum class AtStart : std::uint8_t { kGoesOn, kSucceeds, kFails };

// One node of a random tree, and what the reference knows of it.
struct Node {
  bool is_group = false;
  bool required = true;
  AtStart at_start = AtStart::kGoesOn;  // of a leaf
  JoinRule rule;
  std::vector<std::size_t> children;

  Outcome outcome = Outcome::kAbsent;
  // In which order it ended, among all nodes, by itself; what was stopped did not.
  std::optional<std::uint64_t> ended_at;
  bool success = false;
  std::uint64_t fault = 0;  // the number of the leaf whose fault it is
};

// --- The reference: it looks at all members of a group again, whenever one has ended ---

class Reference {
 public:
  explicit Reference(std::vector<Node>& nodes) : nodes_(&nodes), parent_(nodes.size(), kNone) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const std::size_t child : nodes[i].children)
        parent_[child] = i;
    }
  }

  void start(std::size_t index) {
    Node& node = (*nodes_)[index];
    node.outcome = Outcome::kRunning;
    if (!node.is_group) {
      if (node.at_start != AtStart::kGoesOn) end(index, node.at_start == AtStart::kSucceeds, index);
      return;
    }
    if (node.rule.kind == Join::kSequential) return start_next(index);
    for (const std::size_t child : node.children)
      start(child);
    look_at(index);
  }

  // A leaf ends; its groups look at it, from the inside out.
  void leaf_ends(std::size_t index, bool success) {
    end(index, success, index);
    for (std::size_t group = parent_[index]; group != kNone; group = parent_[group]) {
      Node& node = (*nodes_)[group];
      if (node.rule.kind == Join::kSequential) {
        start_next(group);
      } else {
        look_at(group);
      }
      if (node.outcome == Outcome::kRunning) return;
    }
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};

  void end(std::size_t index, bool success, std::uint64_t fault) {
    Node& node = (*nodes_)[index];
    node.ended_at = clock_++;
    node.success = success;
    node.fault = fault;
    node.outcome = success ? Outcome::kValue : Outcome::kError;
  }

  void start_next(std::size_t index) {
    Node& node = (*nodes_)[index];
    for (const std::size_t child : node.children) {
      Node& member = (*nodes_)[child];
      if (member.outcome == Outcome::kAbsent) start(child);
      if (member.outcome == Outcome::kRunning) return;
      if (!member.success && member.required) return end(index, false, member.fault);
    }
    end(index, true, 0);
  }

  void look_at(std::size_t index) {
    Node& node = (*nodes_)[index];
    std::vector<std::size_t> ended;
    for (const std::size_t child : node.children) {
      if ((*nodes_)[child].ended_at) ended.push_back(child);
    }
    std::ranges::sort(ended, {}, [&](std::size_t child) { return *(*nodes_)[child].ended_at; });
    const auto is = [&](std::size_t child, bool success) { return (*nodes_)[child].success == success; };
    const auto successes =
        static_cast<std::size_t>(std::ranges::count_if(ended, [&](auto child) { return is(child, true); }));
    const bool all_ended = ended.size() == node.children.size();
    // The first one declared that failed.
    const auto failed = [&](bool only_required) -> const Node* {
      for (const std::size_t child : node.children) {
        const Node& member = (*nodes_)[child];
        if (member.ended_at && !member.success && (member.required || !only_required)) return &member;
      }
      return nullptr;
    };
    const auto decide = [&](const Node* deciding, std::size_t taken) {
      for (const std::size_t child : node.children) {
        if (taken != kNone && child != taken) hide(child);
        if ((*nodes_)[child].outcome == Outcome::kRunning) stop(child);
      }
      end(index, deciding == nullptr, deciding != nullptr ? deciding->fault : 0);
    };
    switch (node.rule.kind) {
      case Join::kAll:
        if (all_ended) decide(failed(true), kNone);
        return;
      case Join::kAllRequired:
        for (const std::size_t child : node.children) {
          if ((*nodes_)[child].required && !(*nodes_)[child].ended_at) return;
        }
        return decide(failed(true), kNone);
      case Join::kAny:
      case Join::kRace:
        if (!ended.empty()) {
          const Node& first = (*nodes_)[ended.front()];
          decide(first.success ? nullptr : &first, ended.front());
        }
        return;
      case Join::kFirstSuccess:
        for (const std::size_t child : ended) {
          if (is(child, true)) return decide(nullptr, child);
        }
        if (all_ended) decide(failed(true), kNone);
        return;
      case Join::kQuorum:
        if (successes >= node.rule.quorum) return decide(nullptr, kNone);
        if (node.children.size() - (ended.size() - successes) < node.rule.quorum)
          decide(failed(false), kNone);
        return;
      case Join::kSequential:
        return;
    }
  }

  void stop(std::size_t index) {
    Node& node = (*nodes_)[index];
    node.outcome = Outcome::kCancelled;
    for (const std::size_t child : node.children) {
      if ((*nodes_)[child].outcome == Outcome::kRunning) stop(child);
      hide(child);
    }
  }
  void hide(std::size_t index) {
    Node& node = (*nodes_)[index];
    if (node.outcome != Outcome::kValue) return;
    node.outcome = Outcome::kCancelled;
    for (const std::size_t child : node.children)
      hide(child);
  }

  std::vector<Node>* nodes_;
  std::vector<std::size_t> parent_;
  std::uint64_t clock_ = 0;
};

// --- The runtime's side ---

// A leaf that ends when it is told to; its fault's text is its own.
class Leaf final : public Member {
 public:
  Leaf(Exchange& exchange, std::size_t number, AtStart at_start)
      : Member(exchange), at_start_(at_start), text_(std::to_string(number)) {}

  void end(bool success) noexcept {
    if (!success) fault_ = {FaultKind::kConflict, String::borrowed(text_), {}};
    report(success ? Outcome::kValue : Outcome::kError);
  }

 private:
  void start() noexcept override {
    set_outcome(Outcome::kRunning);
    if (at_start_ != AtStart::kGoesOn) end(at_start_ == AtStart::kSucceeds);
  }
  void stop(Stop) noexcept override { set_outcome(Outcome::kCancelled); }
  void hide() noexcept override { set_outcome(Outcome::kCancelled); }
  const Fault& fault() const noexcept override { return fault_; }

  AtStart at_start_;
  std::string text_;
  Fault fault_;
};

class AnyGroup final : public GroupBase {
 public:
  AnyGroup(Exchange& exchange, const JoinRule& rule, std::vector<GroupMember> members)
      : GroupBase(exchange, rule), members_(std::move(members)) {
    set_members(members_.data(), members_.size());
  }

 private:
  std::vector<GroupMember> members_;
};

// Counts how often it is resumed.
struct Counter {
  struct promise_type {
    Counter get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
Counter count_into(int& resumed) {
  while (true) {
    ++resumed;
    co_await std::suspend_always();
  }
}

class Round {
 public:
  Round(SeededRandom& random, TestExchange& exchange, std::coroutine_handle<> waiter, int& resumed)
      : random_(&random), exchange_(&exchange), waiter_(waiter), resumed_(&resumed) {
    root_ = grow(0);
    members_.resize(nodes_.size());
    build(root_);
  }

  // The number of operations, or nothing when both sides disagree.
  std::optional<std::uint64_t> play(std::string& disagreement) {
    Reference reference(nodes_);
    *resumed_ = 0;
    const bool suspended = members_[root_]->await_suspend(waiter_);
    reference.start(root_);
    std::uint64_t operations = 1;
    bool over = nodes_[root_].outcome != Outcome::kRunning;
    if (suspended == over) return report("it does not suspend as it should", disagreement);
    while (true) {
      if (!agree()) return report("outcomes differ", disagreement);
      if (*resumed_ != (suspended && over ? 1 : 0)) return report("resumed otherwise", disagreement);
      if (over) return operations;
      std::vector<std::size_t> running;
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (!nodes_[i].is_group && nodes_[i].outcome == Outcome::kRunning) running.push_back(i);
      }
      const std::size_t leaf = running[random_->below(running.size())];
      const bool success = random_->below(3) != 0;
      history_ << ' ' << leaf << (success ? '+' : '-');
      reference.leaf_ends(leaf, success);
      static_cast<Leaf&>(*members_[leaf]).end(success);
      over = nodes_[root_].outcome != Outcome::kRunning;
      ++operations;
    }
  }

 private:
  std::size_t grow(int depth) {
    const std::size_t index = nodes_.size();
    nodes_.emplace_back();
    const bool group = depth == 0 || (depth < kMaxDepth && random_->below(4) == 0);
    nodes_[index].required = random_->below(3) != 0;
    if (!group) {
      const std::uint64_t ends = random_->below(8);
      nodes_[index].at_start = ends == 0   ? AtStart::kSucceeds
                               : ends == 1 ? AtStart::kFails
                                           : AtStart::kGoesOn;
      return index;
    }
    const std::size_t count = 1 + random_->below(kMaxMembers);
    nodes_[index].is_group = true;
    nodes_[index].rule = {static_cast<Join>(random_->below(7)),
                          static_cast<std::uint32_t>(1 + random_->below(count))};
    for (std::size_t child = 0; child < count; ++child) {
      const std::size_t grown = grow(depth + 1);
      nodes_[index].children.push_back(grown);
    }
    return index;
  }

  void build(std::size_t index) {
    const Node& node = nodes_[index];
    if (!node.is_group) {
      members_[index] = &leaves_.emplace_back(*exchange_, index, node.at_start);
      return;
    }
    std::vector<GroupMember> members;
    for (const std::size_t child : node.children) {
      build(child);
      members.push_back({members_[child], nodes_[child].required ? Need::kRequired : Need::kOptional});
    }
    AnyGroup& group = groups_.emplace_back(*exchange_, node.rule, std::move(members));
    members_[index] = &group;
  }

  bool agree() const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (members_[i]->outcome() != nodes_[i].outcome) return false;
      if (!nodes_[i].is_group ||
          (nodes_[i].outcome != Outcome::kValue && nodes_[i].outcome != Outcome::kError))
        continue;
      const Result<void>& result = static_cast<const GroupBase&>(*members_[i]).result();
      if (result.has_value() != nodes_[i].success) return false;
      if (!result && result.error().why != std::to_string(nodes_[i].fault)) return false;
    }
    return true;
  }

  std::optional<std::uint64_t> report(const char* what, std::string& disagreement) const {
    std::ostringstream text;
    text << what << "; history:" << history_.str() << "; nodes:";
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      text << "\n  " << i << (node.required ? "" : " optional") << (node.is_group ? " join " : " leaf ")
           << static_cast<int>(node.is_group ? static_cast<int>(node.rule.kind)
                                             : static_cast<int>(node.at_start))
           << " quorum " << node.rule.quorum << " reference " << static_cast<int>(node.outcome) << " runtime "
           << static_cast<int>(members_[i]->outcome()) << " children";
      for (const std::size_t child : node.children)
        text << ' ' << child;
    }
    disagreement = text.str();
    return std::nullopt;
  }

  SeededRandom* random_;
  TestExchange* exchange_;
  std::coroutine_handle<> waiter_;
  int* resumed_;
  std::vector<Node> nodes_;
  std::size_t root_ = 0;
  std::deque<Leaf> leaves_;
  std::deque<AnyGroup> groups_;
  std::vector<Member*> members_;
  std::ostringstream history_;
};

}  // namespace

JoinModelResult run_join_model(std::uint64_t seed, std::uint64_t operations) {
  World world;
  TestExchange exchange(world.worker);
  SeededRandom random(seed);
  int resumed = 0;
  const Counter counter = count_into(resumed);
  JoinModelResult result;
  while (result.operations < operations && result.disagreement.empty()) {
    Round round(random, exchange, counter.handle, resumed);
    result.operations += round.play(result.disagreement).value_or(0);
    ++result.joins;
  }
  counter.handle.destroy();
  return result;
}

}  // namespace zerver::flow::test
