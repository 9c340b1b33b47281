// What a worker has of what its operations with `@stream` open, whatever that is.
#pragma once

#include <zerver/flow/call/operation.h>
#include <zerver/flow/stream/source.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace zerver::effects {

// Belongs to the operation that opens it until it has answered.
class OpenedSource : public flow::Source {
 public:
  bool is_opened_for(const flow::Operation& operation) const noexcept { return operation_ == &operation; }
  void cancel() noexcept {
    operation_ = nullptr;
    close();
  }

 protected:
  OpenedSource() noexcept = default;
  ~OpenedSource() = default;

  flow::Operation* operation_ = nullptr;  // while it is opened
};

// Those of one worker; each is used again when it has been given back. `Each` is an OpenedSource.
template <class Each> class SourcePool {
 public:
  std::size_t size() const noexcept { return all_.size(); }
  bool has_free() const noexcept { return !free_.empty(); }
  const std::vector<std::unique_ptr<Each>>& all() const noexcept { return all_; }

  // One that is free, or else what `make` makes.
  template <class Make> Each& take(Make make) {
    if (free_.empty()) {
      all_.push_back(make());
      free_.reserve(all_.size());  // so that giving back never fails
      return *all_.back();
    }
    Each& source = *free_.back();
    free_.pop_back();
    return source;
  }
  void give_back(Each& source) noexcept { free_.push_back(&source); }

  // Of one that is being opened; false: it is none of those.
  bool cancel(const flow::Operation& operation) noexcept {
    const auto opening =
        std::ranges::find_if(all_, [&](const auto& source) { return source->is_opened_for(operation); });
    if (opening == all_.end()) return false;
    (*opening)->cancel();
    return true;
  }

 private:
  std::vector<std::unique_ptr<Each>> all_;
  std::vector<Each*> free_;
};

}  // namespace zerver::effects
