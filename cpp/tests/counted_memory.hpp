// Counts what is allocated: for tests of code that must not. One test executable includes it once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace chromasonic::tests {

inline std::atomic<std::size_t> allocations{0};

inline void* counted(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace chromasonic::tests

// GCC warns of `free` where it has taken in the one and not the other.
#if defined(__GNUC__)
#define CHROMASONIC_NOT_INLINE __attribute__((noinline))
#else
#define CHROMASONIC_NOT_INLINE
#endif

// Ordinary allocations only: nothing that these tests watch asks for more alignment.
CHROMASONIC_NOT_INLINE void* operator new(std::size_t size) {
  return chromasonic::tests::counted(size);
}
CHROMASONIC_NOT_INLINE void* operator new[](std::size_t size) {
  return chromasonic::tests::counted(size);
}
CHROMASONIC_NOT_INLINE void operator delete(void* memory) noexcept { std::free(memory); }
CHROMASONIC_NOT_INLINE void operator delete[](void* memory) noexcept { std::free(memory); }
CHROMASONIC_NOT_INLINE void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
CHROMASONIC_NOT_INLINE void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
