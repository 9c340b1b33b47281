// `list<T>` and `map<string, T>` of the language: immutable views whose elements live in the request's arena.
#pragma once

#include <zerver/core/string.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace zerver {

template <class T> class List {
 public:
  using value_type = T;

  constexpr List() noexcept = default;
  // For whoever knows that the elements outlive the request; a step uses `view.list(...)`.
  static constexpr List borrowed(std::span<const T> items) noexcept {
    List list;
    list.items_ = items;
    return list;
  }

  constexpr std::span<const T> span() const noexcept { return items_; }
  constexpr std::size_t size() const noexcept { return items_.size(); }
  constexpr bool empty() const noexcept { return items_.empty(); }
  constexpr const T* begin() const noexcept { return items_.data(); }
  constexpr const T* end() const noexcept { return items_.data() + items_.size(); }
  constexpr const T& operator[](std::size_t index) const noexcept { return items_[index]; }
  friend constexpr bool operator==(List left, List right) noexcept { return std::ranges::equal(left, right); }

 private:
  std::span<const T> items_;
};

// Entries in the order in which they were received; keys are unique. Lookup is linear: bodies are small and
// bounded.
template <class T> class Map {
 public:
  struct Entry {
    String key;
    T value;
    friend constexpr bool operator==(const Entry&, const Entry&) = default;
  };
  using value_type = T;

  constexpr Map() noexcept = default;
  static constexpr Map borrowed(std::span<const Entry> entries) noexcept {
    Map map;
    map.entries_ = entries;
    return map;
  }

  // Null when there is no such key.
  constexpr const T* find(std::string_view key) const noexcept {
    const auto entry =
        std::ranges::find_if(entries_, [key](const Entry& candidate) { return candidate.key == key; });
    return entry == entries_.end() ? nullptr : &entry->value;
  }
  constexpr std::size_t size() const noexcept { return entries_.size(); }
  constexpr bool empty() const noexcept { return entries_.empty(); }
  constexpr const Entry* begin() const noexcept { return entries_.data(); }
  constexpr const Entry* end() const noexcept { return entries_.data() + entries_.size(); }
  friend constexpr bool operator==(Map left, Map right) noexcept { return std::ranges::equal(left, right); }

 private:
  std::span<const Entry> entries_;
};

}  // namespace zerver
