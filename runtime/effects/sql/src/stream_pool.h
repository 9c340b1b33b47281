// Streams of rows as a worker has them, whatever their database is.
#pragma once

#include <zerver/flow/call/operation.h>
#include <zerver/flow/stream/source.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace zerver::effects::sql {

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

// Those of one worker; each is used again when it has been given back. `Stream` is an OpenedSource.
template <class Stream> class StreamPool {
 public:
  std::size_t size() const noexcept { return all_.size(); }
  bool has_free() const noexcept { return !free_.empty(); }
  const std::vector<std::unique_ptr<Stream>>& all() const noexcept { return all_; }

  // One that is free, or else what `make` makes.
  template <class Make> Stream& take(Make make) {
    if (free_.empty()) {
      all_.push_back(make());
      free_.reserve(all_.size());  // so that giving back never fails
      return *all_.back();
    }
    Stream& stream = *free_.back();
    free_.pop_back();
    return stream;
  }
  void give_back(Stream& stream) noexcept { free_.push_back(&stream); }

  // Of one that is being opened; false: it is none of those.
  bool cancel(const flow::Operation& operation) noexcept {
    const auto opening =
        std::ranges::find_if(all_, [&](const auto& stream) { return stream->is_opened_for(operation); });
    if (opening == all_.end()) return false;
    (*opening)->cancel();
    return true;
  }

 private:
  std::vector<std::unique_ptr<Stream>> all_;
  std::vector<Stream*> free_;
};

}  // namespace zerver::effects::sql
