// Counts what a thread allocates and frees: include it in one file of a program. With glibc every
// `malloc` of the program is seen, elsewhere every `new`; under a sanitizer, which brings an
// allocator of its own, nothing is counted.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHROMASONIC_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(realtime_sanitizer)
#define CHROMASONIC_SANITIZED
#endif
#endif

namespace chromasonic::tests {

inline thread_local bool is_counting = false;
inline thread_local std::size_t allocations = 0;  ///< frees count as well

inline void count_allocation() noexcept {
  if (is_counting) ++allocations;
}

/// Allocations and frees of this thread while an action runs.
template <class Action>
std::size_t allocations_in(const Action& action) {
  allocations = 0;
  is_counting = true;
  action();
  is_counting = false;
  return allocations;
}

}  // namespace chromasonic::tests

#ifndef CHROMASONIC_SANITIZED
#define CHROMASONIC_COUNTS_ALLOCATIONS
#ifdef __GLIBC__

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) {
  chromasonic::tests::count_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  chromasonic::tests::count_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  chromasonic::tests::count_allocation();
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  chromasonic::tests::count_allocation();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  chromasonic::tests::count_allocation();
  *result = __libc_memalign(alignment, size);
  return *result == nullptr ? 12 : 0;  // ENOMEM
}
void free(void* old) {
  chromasonic::tests::count_allocation();
  __libc_free(old);
}
}

#else

void* operator new(std::size_t size) {
  chromasonic::tests::count_allocation();
  if (void* result = std::malloc(size == 0 ? 1 : size)) return result;
  throw std::bad_alloc();
}
void operator delete(void* old) noexcept {
  chromasonic::tests::count_allocation();
  std::free(old);
}
void operator delete(void* old, std::size_t) noexcept { operator delete(old); }

#endif
#endif
