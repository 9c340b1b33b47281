// A stable sort without std::get_temporary_buffer, which is deprecated and a warning under Clang.

#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace zc {

// Elements that neither is less than the other keep their order. Moves each element twice.
template <typename Element, typename Less>
void stable_sort(std::vector<Element>& elements, const Less& less) {
  std::vector<std::size_t> order(elements.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    if (less(elements[left], elements[right])) return true;
    return left < right && !less(elements[right], elements[left]);
  });
  std::vector<Element> sorted;
  sorted.reserve(elements.size());
  for (const std::size_t index : order)
    sorted.push_back(std::move(elements[index]));
  elements = std::move(sorted);
}

}  // namespace zc
