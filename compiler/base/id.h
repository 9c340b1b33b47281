// Typed indices: what a stage hands to the next one instead of a pointer.

#pragma once

#include <llvm/ADT/DenseMapInfo.h>

#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace zc {

// An index into a table that belongs to `Tag`. Default-constructed it names nothing. Four bytes, trivially
// copyable.
template <typename Tag> class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::size_t index) : value_(static_cast<std::uint32_t>(index)) {
    assert(index < std::numeric_limits<std::uint32_t>::max() - 1);
  }

  [[nodiscard]] constexpr bool is_valid() const { return value_ != kNone; }
  [[nodiscard]] constexpr std::size_t index() const {
    assert(is_valid());
    return value_;
  }
  // The index, or the all-ones value of an id that names nothing: for hashing and printing.
  [[nodiscard]] constexpr std::uint32_t raw() const { return value_; }

  friend constexpr bool operator==(Id, Id) = default;
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t value_ = kNone;
};

// A vector that is indexed by one kind of id only.
template <typename IdType, typename Value> class IdVector {
 public:
  IdType push_back(Value value) {
    values_.push_back(std::move(value));
    return IdType(values_.size() - 1);
  }

  [[nodiscard]] Value& operator[](IdType id) { return values_[id.index()]; }
  [[nodiscard]] const Value& operator[](IdType id) const { return values_[id.index()]; }

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  void resize(std::size_t size) { values_.resize(size); }
  void reserve(std::size_t size) { values_.reserve(size); }
  // The id of the element at `index`, which must be smaller than `size()`.
  [[nodiscard]] IdType id_at(std::size_t index) const {
    assert(index < values_.size());
    return IdType(index);
  }

  [[nodiscard]] auto begin() { return values_.begin(); }
  [[nodiscard]] auto end() { return values_.end(); }
  [[nodiscard]] auto begin() const { return values_.begin(); }
  [[nodiscard]] auto end() const { return values_.end(); }

  friend bool operator==(const IdVector&, const IdVector&) = default;

 private:
  std::vector<Value> values_;
};

}  // namespace zc

namespace llvm {

// Lets ids be keys of `DenseMap` and `DenseSet`. The id that names nothing is a valid key.
template <typename Tag> struct DenseMapInfo<zc::Id<Tag>> {
  static zc::Id<Tag> getEmptyKey() { return zc::Id<Tag>(std::numeric_limits<std::uint32_t>::max() - 2); }
  static zc::Id<Tag> getTombstoneKey() { return zc::Id<Tag>(std::numeric_limits<std::uint32_t>::max() - 3); }
  static unsigned getHashValue(zc::Id<Tag> id) { return DenseMapInfo<std::uint32_t>::getHashValue(id.raw()); }
  static bool isEqual(zc::Id<Tag> left, zc::Id<Tag> right) { return left == right; }
};

}  // namespace llvm
