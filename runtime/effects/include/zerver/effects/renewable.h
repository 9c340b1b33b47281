// A value that is replaced while workers read it, such as a secret that has been rotated.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

namespace zerver::effects {

// Any thread.
template <class T> class Renewable {
 public:
  Renewable() = default;
  explicit Renewable(T value) : value_(std::move(value)) {}
  Renewable(const Renewable&) = delete;
  Renewable& operator=(const Renewable&) = delete;

  void set(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    version_.fetch_add(1, std::memory_order_release);
  }
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  // One worker's copy. To read it takes no lock unless it has been replaced.
  class Reader {
   public:
    explicit Reader(const Renewable& source) : source_(&source) { renew(); }
    // Until the next call.
    const T& get() {
      if (version_ != source_->version_.load(std::memory_order_acquire)) [[unlikely]]
        renew();
      return value_;
    }

   private:
    void renew() {
      const std::lock_guard lock(source_->mutex_);
      value_ = source_->value_;
      version_ = source_->version_.load(std::memory_order_relaxed);
    }

    const Renewable* source_;
    T value_;
    std::uint32_t version_ = 0;
  };

 private:
  mutable std::mutex mutex_;
  T value_{};
  std::atomic<std::uint32_t> version_ = 0;  // of value_
};

}  // namespace zerver::effects
