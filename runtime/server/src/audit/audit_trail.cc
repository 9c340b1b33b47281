#include "audit/audit_trail.h"

#include <zerver/trace/timeline.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

namespace zerver::server {
namespace {

// Requests of different workers have different numbers, also where one takes over what came to another.
constexpr unsigned kWorkerBits = 40;

void append_time(std::string& out, Timestamp time) {
  std::array<char, Timestamp::kMaxText> text;
  out += "\"time\":\"";
  out.append(text.data(), time.write_sortable(text.data()));
  out += "\",";
}

}  // namespace

AuditTrail::AuditTrail(flow::Worker& worker, std::size_t number, AuditLog& log, std::size_t capacity)
    : worker_(&worker),
      log_(&log),
      head_("\"worker\":" + std::to_string(number) + ","),
      ring_(capacity, (std::uint64_t{number} << kWorkerBits) + 1) {
  worker.set_trace(&ring_);
}

AuditTrail::~AuditTrail() {
  worker_->loop().stop(tick_);
  worker_->set_trace(nullptr);
}

void AuditTrail::on_timer() noexcept {
  flush();
  worker_->loop().start(tick_, worker_->loop().now() + kPause);
}

void AuditTrail::flush() noexcept {
  const std::uint64_t happened = ring_.overwritten() + ring_.size();
  if (happened == seen_) return;
  const Timestamp wall = worker_->clock().wall();
  const TimePoint now = worker_->loop().now();
  std::size_t records = 0;
  lines_.clear();
  try {
    if (const std::uint64_t first = ring_.overwritten(); first > seen_) {
      lines_ += '{';
      append_time(lines_, wall);
      lines_ += head_ + "\"kind\":\"lost\",\"count\":" + std::to_string(first - seen_) + "}\n";
      seen_ = first;
      ++records;
    }
    for (std::uint64_t next = seen_; next < happened; ++next, ++records) {
      const trace::Event& event = ring_[static_cast<std::size_t>(next - ring_.overwritten())];
      lines_ += '{';
      append_time(lines_, wall - (now - event.at));
      lines_ += head_;
      trace::append_members(lines_, event);
      lines_ += "}\n";
    }
  } catch (const std::bad_alloc&) {
    // They are still in the ring, unless there is no memory for long.
    return;
  }
  seen_ = happened;
  log_->append(lines_, records);
  // What one busy moment took is not kept for ever.
  if (lines_.capacity() > std::size_t{4} << 20) lines_ = {};
}

}  // namespace zerver::server
