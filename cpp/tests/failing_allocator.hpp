// Lets memory run out at a chosen allocation: include it in one file of a program.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace chromasonic::tests {

inline std::size_t allocations_left = static_cast<std::size_t>(-1);
inline bool is_memory_out = false;  ///< then every further allocation fails too

/// While one lives, memory runs out after `count` allocations, for good.
struct OutOfMemoryAfter {
  explicit OutOfMemoryAfter(std::size_t count) { allocations_left = count; }
  ~OutOfMemoryAfter() {
    allocations_left = static_cast<std::size_t>(-1);
    is_memory_out = false;
  }
  OutOfMemoryAfter(const OutOfMemoryAfter&) = delete;
  OutOfMemoryAfter& operator=(const OutOfMemoryAfter&) = delete;
};

inline void* allocate(std::size_t size, std::size_t alignment) {
  if (allocations_left == 0) is_memory_out = true;
  if (is_memory_out) throw std::bad_alloc();
  if (allocations_left != static_cast<std::size_t>(-1)) --allocations_left;
  const std::size_t whole = (size + alignment) / alignment * alignment;
  void* const result = alignment <= alignof(std::max_align_t)
                           ? std::malloc(whole)
                           : std::aligned_alloc(alignment, whole);
  if (result == nullptr) throw std::bad_alloc();
  return result;
}

}  // namespace chromasonic::tests

// Not inlined: compilers would see `free` meet what `new` gave, and warn.
#if defined(__GNUC__)
#define CHROMASONIC_APART __attribute__((noinline))
#else
#define CHROMASONIC_APART
#endif

CHROMASONIC_APART void* operator new(std::size_t size) {
  return chromasonic::tests::allocate(size, alignof(std::max_align_t));
}
CHROMASONIC_APART void* operator new(std::size_t size, std::align_val_t alignment) {
  return chromasonic::tests::allocate(size, static_cast<std::size_t>(alignment));
}
CHROMASONIC_APART void operator delete(void* old) noexcept { std::free(old); }
CHROMASONIC_APART void operator delete(void* old, std::size_t) noexcept { std::free(old); }
CHROMASONIC_APART void operator delete(void* old, std::align_val_t) noexcept { std::free(old); }
CHROMASONIC_APART void operator delete(void* old, std::size_t, std::align_val_t) noexcept {
  std::free(old);
}
