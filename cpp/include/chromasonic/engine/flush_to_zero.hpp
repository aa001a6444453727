// Numbers below the smallest normal float32 cost some processors a hundred times as long.
#pragma once

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#include <cstdint>
#endif

namespace chromasonic {

/// While one lives, this thread's processor takes and gives numbers below 1.2e-38 as 0; then it
/// does again what it did before. On processors other than x86-64 and 64-bit ARM it does nothing.
class ScopedFlushToZero {
 public:
#if defined(__SSE2__) || defined(_M_X64)
  ScopedFlushToZero() noexcept : before_(_mm_getcsr()) {
    _mm_setcsr(before_ | 0x8040u);  // FTZ: results, DAZ: operands
  }
  ~ScopedFlushToZero() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
  ScopedFlushToZero() noexcept {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | (std::uint64_t{1} << 24)));  // FZ: both
  }
  ~ScopedFlushToZero() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

 private:
  std::uint64_t before_ = 0;
#else
  ScopedFlushToZero() noexcept {}
  ~ScopedFlushToZero() {}
#endif

 public:
  ScopedFlushToZero(const ScopedFlushToZero&) = delete;
  ScopedFlushToZero& operator=(const ScopedFlushToZero&) = delete;
};

}  // namespace chromasonic
