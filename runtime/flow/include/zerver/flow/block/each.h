// `each item in list max n parallel k { } -> results`.
#pragma once

#include <zerver/core/list.h>
#include <zerver/flow/block/branch.h>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace zerver::flow {

// Starts the runs of the elements in order, `parallel` at the same time at most. When one does not come to
// its end, no further one starts, and those under way are waited for. What is awaited is the exit of one that
// has answered, else that of the first, in the order of the elements, that did not come to its end.
class EachElement {
 public:
  EachElement(const EachElement&) = delete;
  EachElement& operator=(const EachElement&) = delete;

  bool await_ready() const noexcept { return count_ == 0; }
  // Throws ArenaFull.
  bool await_suspend(std::coroutine_handle<> waiter);
  const Exit& await_resume() const noexcept { return exit_; }

 protected:
  EachElement(Exchange& exchange, std::size_t count, std::size_t parallel) noexcept
      : exchange_(&exchange), count_(count), parallel_(parallel) {}
  ~EachElement();

 private:
  // One of the runs that are under way at the same time.
  struct Lane final : BranchOwner {
    void ended(Branch& branch) noexcept override { each->run_ended(*this, branch); }

    EachElement* each = nullptr;
    std::size_t index = 0;  // of its element
    Lane* next = nullptr;   // that is idle
    bool is_busy = false;
    alignas(Branch) std::byte place[sizeof(Branch)] = {};
  };

  // Makes the branch for an element in `place`.
  virtual void make(void* place, std::size_t index) = 0;

  void start_runs() noexcept;
  void run_ended(Lane& lane, Branch& branch) noexcept;
  void leave(std::size_t index, const Exit& exit) noexcept;
  bool is_over() const noexcept { return running_ == 0 && (exit_.left() || next_ == count_); }

  Exchange* exchange_;
  std::size_t count_, parallel_;
  std::size_t next_ = 0;       // element
  std::size_t running_ = 0;    // lanes
  std::size_t exit_from_ = 0;  // the element of `exit_`
  std::span<Lane> lanes_;
  Lane* idle_ = nullptr;
  bool is_starting_ = false;
  Exit exit_;
  std::coroutine_handle<> waiter_;
};

// `start(index)` makes the branch of an element.
template <class Start> class Each final : public EachElement {
 public:
  Each(Exchange& exchange, std::size_t count, std::size_t parallel, const Start& start) noexcept
      : EachElement(exchange, count, parallel), start_(&start) {}

 private:
  void make(void* place, std::size_t index) override { ::new (place) Branch((*start_)(index)); }

  const Start* start_;
};

// What the runs of an `each` have made, in the order of the elements; a run that leaves its slot unset adds
// nothing.
template <class T> class EachResults {
 public:
  // Throws ArenaFull.
  EachResults(Exchange& exchange, std::size_t count)
      : values_(exchange.arena().template make_array<T>(count)),
        is_set_(exchange.arena().template make_array<bool>(count)) {}

  void set(std::size_t index, const T& value) noexcept {
    values_[index] = value;
    is_set_[index] = true;
  }
  List<T> list() const noexcept {
    std::size_t size = 0;
    for (std::size_t index = 0; index < values_.size(); ++index)
      if (is_set_[index]) values_[size++] = values_[index];
    return List<T>::borrowed(values_.first(size));
  }

 private:
  std::span<T> values_;
  std::span<bool> is_set_;
};

}  // namespace zerver::flow
