// Which instructions this machine has. A program built for any x86-64 then still uses the wide
// ones; elsewhere, and with other compilers, the plain loops are compiled for what the build names.
#pragma once

// GCC and Clang compile single functions for more than the build's own instructions. The choice
// between them is a plain branch and not an ifunc: ifuncs break under sanitizers and are not
// everywhere. CHROMASONIC_PORTABLE turns it off.
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && !defined(_MSC_VER) && \
    !defined(CHROMASONIC_PORTABLE)
#define CHROMASONIC_HAS_AVX2_FUNCTIONS 1
#define CHROMASONIC_AVX2 __attribute__((target("avx2,fma,f16c")))
#else
#define CHROMASONIC_HAS_AVX2_FUNCTIONS 0
#endif

// A loop that is compiled once for each target has to be inlined into a function of that target.
#if defined(__GNUC__) || defined(__clang__)
#define CHROMASONIC_INLINE inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define CHROMASONIC_INLINE __forceinline
#else
#define CHROMASONIC_INLINE inline
#endif

// Before a loop of at most 16 turns whose sums are to stay in registers.
#if defined(__GNUC__) || defined(__clang__)
#define CHROMASONIC_UNROLL _Pragma("GCC unroll 16")
#else
#define CHROMASONIC_UNROLL
#endif

#if defined(__GNUC__) || defined(__clang__) || defined(_MSC_VER)
#define CHROMASONIC_RESTRICT __restrict
#else
#define CHROMASONIC_RESTRICT
#endif

namespace chromasonic {

/// What the loops are compiled for.
enum class Target {
  plain,  ///< what the build names
  avx2,   ///< x86-64 with AVX2, FMA and F16C: from 2013 (Intel) and 2015 (AMD) on
};

/// The best that this machine has; any thread.
inline Target detect_target() noexcept {
#if CHROMASONIC_HAS_AVX2_FUNCTIONS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("f16c")) {
    return Target::avx2;
  }
#endif
  return Target::plain;
}

/// Found once, before main; what runs earlier still takes the plain loops, which are right too.
inline const Target best_target = detect_target();

}  // namespace chromasonic
