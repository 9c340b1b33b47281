// Objects made as new, without the price that GCC puts on it.
#pragma once

#include <type_traits>

namespace zerver {

// What `value = T{}` does. GCC 12 clears an object of more than a few words by `rep stos`, which takes as
// long as some thirty instructions to begin with; copying takes ten. So the compiler is not to see what is
// copied.
template <class T> void make_fresh(T& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  static constexpr T kFresh{};
  const T* fresh = &kFresh;
#if defined(__GNUC__)
  asm("" : "+r"(fresh));
#endif
  value = *fresh;
}

}  // namespace zerver
