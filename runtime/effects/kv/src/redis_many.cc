#include "redis_many.h"

#include <zerver/effects/redis/key_slot.h>
#include <zerver/flow/data/json_writer.h>

#include <algorithm>
#include <new>
#include <utility>

namespace zerver::effects::kv {

void ManyRead::start(redis::Client& client, const List<String>& keys, Keys& prefix) {
  keys_ = keys;
  failed_.reset();
  values_.assign(keys.size(), std::nullopt);
  std::vector<std::string> full(keys.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!prefix.good(keys[i]) || repeats(keys, i)) continue;
    full[i] = prefix.full(keys[i]);
    order.push_back(i);
  }
  const auto slot_of = [&](std::size_t position) -> std::uint16_t {
    return client.is_cluster() ? redis::key_slot(full[position]) : 0;
  };
  std::ranges::sort(order, {}, [&](std::size_t position) { return std::pair(slot_of(position), position); });

  std::size_t used = 0;
  std::vector<std::string_view> words;
  for (std::size_t first = 0; first < order.size();) {
    if (used == parts_.size()) parts_.push_back(std::make_unique<Part>(*this));
    Part& part = *parts_[used++];
    part.positions.clear();
    words.assign(1, "MGET");
    const std::uint16_t slot = slot_of(order[first]);
    for (; first < order.size() && slot_of(order[first]) == slot; ++first) {
      part.positions.push_back(order[first]);
      words.push_back(full[order[first]]);
    }
    part.set(words);
  }
  // One more, so that it is not over while parts are begun.
  left_ = used + 1;
  for (std::size_t i = 0; i < used; ++i)
    client.start(*parts_[i]);
  end_part();
}

void ManyRead::abandon(redis::Client& client) noexcept {
  for (const std::unique_ptr<Part>& part : parts_)
    client.abandon(*part);
}

void ManyRead::Part::on_reply(const redis::Reply& reply) noexcept {
  if (reply.kind != redis::Reply::Kind::kList || reply.count != positions.size()) {
    many.fail(redis::fault_of(reply));
  } else {
    try {
      for (std::size_t i = 0; i < positions.size(); ++i) {
        if (reply.items[i].kind == redis::Reply::Kind::kText)
          many.values_[positions[i]].emplace(reply.items[i].text);
      }
    } catch (const std::bad_alloc&) {
      many.fail({FaultKind::kUnavailable, "out of memory", {}});
    }
  }
  many.end_part();
}

void ManyRead::Part::on_failure(const Fault& fault) noexcept {
  many.fail(fault);
  many.end_part();
}

// The first one counts.
void ManyRead::fail(const Fault& fault) noexcept {
  if (failed_) return;
  failed_ = fault.kind;
  why_.assign(fault.why.view());
}

void ManyRead::end_part() noexcept {
  if (--left_ > 0) return;
  if (failed_) return done_.on_fault({*failed_, String::borrowed(why_), {}});
  object_.clear();
  flow::JsonWriter json(object_);
  json.begin_object();
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!values_[i]) continue;
    json.escaped_key(keys_[i]);
    json.literal(*values_[i]);
  }
  json.end_object();
  done_.on_values(object_.view());
}

}  // namespace zerver::effects::kv
