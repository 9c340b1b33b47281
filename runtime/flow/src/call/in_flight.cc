#include <zerver/flow/call/in_flight.h>

namespace zerver::flow {

void InFlight::append(Place*& first, Place*& last, Place& place) noexcept {
  place.previous_ = last;
  place.next_ = nullptr;
  (last != nullptr ? last->next_ : first) = &place;
  last = &place;
}

void InFlight::remove(Place*& first, Place*& last, Place& place) noexcept {
  (place.previous_ != nullptr ? place.previous_->next_ : first) = place.next_;
  (place.next_ != nullptr ? place.next_->previous_ : last) = place.previous_;
}

InFlight::Entry InFlight::wait(Place& place, Room& room, async::Loop& loop) noexcept {
  const std::lock_guard lock(mutex_);
  if (waiting_.load(std::memory_order_relaxed) >= queue_) return Entry::kRefused;
  room.owner_ = this;
  room.loop_ = &loop;
  place.room_ = &room;
  append(first_, last_, place);
  place.state_ = Place::State::kWaiting;
  // Written before the count is read again, as leave() does it the other way round.
  waiting_.fetch_add(1, std::memory_order_seq_cst);
  if (first_ == &place && take_place()) {
    remove(first_, last_, place);
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    place.state_ = Place::State::kOutside;
    return Entry::kEntered;
  }
  grant_under_lock();
  return Entry::kWaits;
}

void InFlight::grant_waiting() noexcept {
  const std::lock_guard lock(mutex_);
  grant_under_lock();
}

void InFlight::grant_under_lock() noexcept {
  while (first_ != nullptr && take_place()) {
    Place& place = *first_;
    remove(first_, last_, place);
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    place.state_ = Place::State::kGranted;
    Room& room = *place.room_;
    append(room.first_, room.last_, place);
    if (!room.posted_) {
      room.posted_ = true;
      room.loop_->post(room);
    }
  }
}

void InFlight::Room::hand_over() noexcept {
  while (true) {
    Place* place = nullptr;
    {
      const std::lock_guard lock(owner_->mutex_);
      place = first_;
      if (place == nullptr) {
        posted_ = false;
        return;
      }
      remove(first_, last_, *place);
      place->state_ = Place::State::kOutside;
    }
    place->granted_(*place);
  }
}

void InFlight::give_up(Place& place) noexcept {
  bool granted = false;
  {
    const std::lock_guard lock(mutex_);
    switch (place.state_) {
      case Place::State::kOutside:
        return;
      case Place::State::kWaiting:
        remove(first_, last_, place);
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        break;
      case Place::State::kGranted:
        remove(place.room_->first_, place.room_->last_, place);
        granted = true;
        break;
    }
    place.state_ = Place::State::kOutside;
  }
  if (granted) leave();
}

}  // namespace zerver::flow
