// How many operations a target has at the same time, over all workers, and who waits for a place.
#pragma once

#include <zerver/async/loop.h>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace zerver::flow {

// At the cap, `queue` more may wait, first come first served; what comes then is refused. Any thread, but as
// Place and Room say.
class InFlight {
 public:
  class Room;

  // Something that waits, pinned while it does. It belongs to one worker: enter(), give_up() and the call
  // back are for that thread.
  class Place {
   public:
    // A place was handed over, in a turn of the worker's loop: it is to be given back by leave().
    using Granted = void (*)(Place&) noexcept;

    explicit Place(Granted granted) noexcept : granted_(granted) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   protected:
    ~Place() = default;

   private:
    friend class InFlight;

    enum class State : std::uint8_t { kOutside, kWaiting, kGranted };

    Granted granted_;
    Place* previous_ = nullptr;
    Place* next_ = nullptr;
    Room* room_ = nullptr;
    State state_ = State::kOutside;
  };

  // Where the places of one worker are handed over. Outlives them and, once something has waited, the last
  // turn of that worker's loop.
  class Room final : public async::Job {
   public:
    Room() noexcept : Job([](Job& job) noexcept { static_cast<Room&>(job).hand_over(); }) {}

   private:
    friend class InFlight;

    void hand_over() noexcept;

    InFlight* owner_ = nullptr;
    async::Loop* loop_ = nullptr;
    Place* first_ = nullptr;  // granted and not yet handed over; guarded by the owner's mutex, like all below
    Place* last_ = nullptr;
    bool posted_ = false;
  };

  enum class Entry : std::uint8_t { kEntered, kWaits, kRefused };

  explicit InFlight(std::uint32_t cap, std::uint32_t queue = 0) noexcept : cap_(cap), queue_(queue) {}
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  // Without waiting; not before those who wait.
  [[nodiscard]] bool try_enter() noexcept {
    return waiting_.load(std::memory_order_relaxed) == 0 && take_place();
  }
  [[nodiscard]] Entry enter(Place& place, Room& room, async::Loop& loop) noexcept {
    if (try_enter()) return Entry::kEntered;
    return queue_ == 0 ? Entry::kRefused : wait(place, room, loop);
  }
  void leave() noexcept {
    // Both sides write before they read, so that a place is never left while somebody begins to wait unseen.
    count_.fetch_sub(1, std::memory_order_seq_cst);
    if (waiting_.load(std::memory_order_seq_cst) != 0) [[unlikely]]
      grant_waiting();
  }
  // Waits no more. A place that was granted meanwhile goes to the next one.
  void give_up(Place& place) noexcept;

  std::uint32_t cap() const noexcept { return cap_; }
  std::uint32_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  std::uint32_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

 private:
  bool take_place() noexcept {
    std::uint32_t seen = count_.load(std::memory_order_seq_cst);
    do {
      if (seen >= cap_) return false;
    } while (!count_.compare_exchange_weak(seen, seen + 1, std::memory_order_seq_cst));
    return true;
  }
  Entry wait(Place& place, Room& room, async::Loop& loop) noexcept;
  void grant_waiting() noexcept;
  void grant_under_lock() noexcept;
  static void append(Place*& first, Place*& last, Place& place) noexcept;
  static void remove(Place*& first, Place*& last, Place& place) noexcept;

  const std::uint32_t cap_;
  const std::uint32_t queue_;
  std::atomic<std::uint32_t> count_ = 0;
  std::atomic<std::uint32_t> waiting_ = 0;
  std::mutex mutex_;
  Place* first_ = nullptr;  // guarded by mutex_
  Place* last_ = nullptr;
};

}  // namespace zerver::flow
