#include <zerver/testing/fake_adapter.h>
#include <zerver/testing/fake_source.h>

#include <algorithm>
#include <utility>

namespace zerver::testing {

struct FakeAdapter::Pending final : async::Timer {
  Pending(FakeAdapter& the_adapter, flow::Operation& the_operation, FakeReply::Finish the_finish)
      : Timer([](Timer& timer) noexcept {
          auto& pending = static_cast<Pending&>(timer);
          pending.adapter.finish(pending);
        }),
        adapter(the_adapter),
        operation(the_operation),
        finish(std::move(the_finish)) {}

  FakeAdapter& adapter;
  flow::Operation& operation;
  FakeReply::Finish finish;
};

FakeReply FakeReply::fault(FaultKind kind, std::string why) { return status(0, kind, std::move(why)); }

FakeReply FakeReply::status(std::uint16_t status, FaultKind kind, std::string why, Duration retry_after) {
  return FakeReply([=, why = std::move(why)](flow::Operation& operation) {
    operation.fail({kind, String::borrowed(why), {}, status, retry_after});
  });
}

FakeReply FakeReply::document(std::uint16_t status, FaultKind kind, std::string json) {
  return FakeReply([=, json = std::move(json)](flow::Operation& operation) {
    Fault fault{kind, "as the test says", {}, status};
    fault.document = String::borrowed(json);
    operation.fail(fault);
  });
}

FakeReply FakeReply::rows(std::vector<std::string> columns, std::vector<std::vector<flow::Value>> rows) {
  const auto set = std::make_shared<flow::RowSet>();
  for (const std::string& column : columns)
    set->add_column(column);
  for (const auto& row : rows) {
    for (const flow::Value& cell : row)
      set->add_cell(cell);
  }
  return FakeReply([set](flow::Operation& operation) { flow::RowsReply(operation).rows(*set); });
}

FakeReply FakeReply::json(std::string text) {
  return FakeReply([text = std::move(text)](flow::Operation& operation) {
    const std::string_view view = text;
    operation.complete(&view);
  });
}

FakeReply FakeReply::open(std::shared_ptr<FakeSource> source) {
  return FakeReply([source = std::move(source)](flow::Operation& operation) {
    flow::StreamReply(operation).open(*source);
  });
}

FakeReply FakeReply::nothing() {
  return FakeReply([](flow::Operation& operation) { operation.complete(nullptr); });
}

FakeReply FakeReply::silence() { return FakeReply(nullptr); }

FakeAdapter::FakeAdapter(async::Loop& loop) noexcept : loop_(&loop) {}

FakeAdapter::~FakeAdapter() {
  for (const auto& pending : pending_)
    loop_->stop(*pending);
}

void FakeAdapter::answer(std::string_view step, FakeReply reply) {
  auto script = std::ranges::find(scripts_, step, &Script::step);
  if (script == scripts_.end()) script = scripts_.insert(scripts_.end(), {std::string(step), {}});
  script->replies.push_back(std::move(reply));
}

void FakeAdapter::start(flow::Operation& operation) {
  asked_.push_back({operation.index(), std::string(operation.step()), operation.attempt(), loop_->now()});
  const auto script = std::ranges::find(scripts_, operation.step(), &Script::step);
  if (script == scripts_.end()) {
    unscripted_.emplace_back(operation.step());
    return operation.fail({FaultKind::kInternal, "the test has no answer for this step", {}});
  }
  const FakeReply& reply = script->replies[std::min(script->next++, script->replies.size() - 1)];
  auto pending = std::make_unique<Pending>(*this, operation, reply.finish_);
  operation.adapter_data = pending.get();
  pending_.push_back(std::move(pending));
  if (!reply.finish_) return;
  if (reply.delay_ == Duration{}) return finish(*pending_.back());
  loop_->start(*pending_.back(), loop_->now() + reply.delay_);
}

void FakeAdapter::finish(Pending& pending) noexcept {
  flow::Operation& operation = pending.operation;
  const FakeReply::Finish finish = std::move(pending.finish);
  pending_.remove_if([&](const auto& candidate) { return candidate.get() == &pending; });
  finish(operation);
}

void FakeAdapter::cancel(flow::Operation& operation) noexcept {
  auto* const pending = static_cast<Pending*>(operation.adapter_data);
  loop_->stop(*pending);
  pending_.remove_if([&](const auto& candidate) { return candidate.get() == pending; });
  ++cancelled_;
}

}  // namespace zerver::testing
