// A queue in one block of memory.
#pragma once

#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace zerver::async {

// First in, first out. Grows by doubling and never shrinks; what was reserved is pushed without allocation.
template <class T> class Ring {
 public:
  explicit Ring(std::size_t reserved = 0) {
    if (reserved != 0) move_to(std::bit_ceil(reserved));
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    while (!empty())
      pop_into_nothing();
    deallocate();
  }

  bool empty() const noexcept { return begin_ == end_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  T& front() noexcept { return at(begin_); }

  void push(T&& value) {
    if (size() == capacity_) [[unlikely]]
      move_to(capacity_ == 0 ? 8 : capacity_ * 2);
    std::construct_at(&at(end_), std::move(value));
    ++end_;
  }
  T pop() {
    T value = std::move(at(begin_));
    pop_into_nothing();
    return value;
  }

 private:
  T& at(std::size_t position) noexcept { return values_[position & (capacity_ - 1)]; }
  void pop_into_nothing() noexcept {
    std::destroy_at(&at(begin_));
    ++begin_;
  }
  void move_to(std::size_t capacity) {
    T* const values = std::allocator<T>().allocate(capacity);
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) {
      std::construct_at(values + i, std::move(at(begin_)));
      pop_into_nothing();
    }
    deallocate();
    values_ = values;
    capacity_ = capacity;
    begin_ = 0;
    end_ = count;
  }
  void deallocate() noexcept {
    if (values_ != nullptr) std::allocator<T>().deallocate(values_, capacity_);
  }

  T* values_ = nullptr;
  std::size_t capacity_ = 0;  // a power of two
  std::size_t begin_ = 0;     // both count on for ever
  std::size_t end_ = 0;
};

}  // namespace zerver::async
