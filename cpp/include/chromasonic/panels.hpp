// The loops over weights: y[o] += scale[o] * sum over rows of x[row] * W[row][o], for 64 or 32
// neighbouring outputs ("a panel"), whose sums stay in registers while its rows stream by.
#pragma once

#include <chromasonic/half.hpp>
#include <chromasonic/target.hpp>
#include <cstddef>
#include <cstdint>

#if CHROMASONIC_HAS_AVX2_FUNCTIONS
#include <immintrin.h>
#endif

namespace chromasonic {

inline constexpr std::size_t panel_width = 64;
inline constexpr std::size_t half_panel_width = 32;  // the last one, where that is enough

namespace detail {

/// The inputs that are not 0, by row: what a layer after a ReLU, or a one-hot input, leaves to do.
struct Rows {
  static constexpr std::size_t capacity = 512;
  std::size_t count;
  std::uint32_t number[capacity];
  float x[capacity];
};

CHROMASONIC_INLINE float weight(float value) noexcept { return value; }
CHROMASONIC_INLINE float weight(Half value) noexcept { return to_float(value); }
CHROMASONIC_INLINE float weight(std::int8_t value) noexcept { return static_cast<float>(value); }

/// `sums[width]` of a panel of rows of `width` weights.
template <class Weight>
inline void sum_plain(const Weight* panel, std::size_t width, const Rows& rows,
                      float* CHROMASONIC_RESTRICT sums) noexcept {
  constexpr std::size_t block = half_panel_width;  // 8 SSE or NEON registers
  for (std::size_t begin = 0; begin < width; begin += block) {
    float block_sums[block] = {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      const Weight* row = panel + rows.number[i] * width + begin;
      const float x = rows.x[i];
      for (std::size_t o = 0; o < block; ++o) block_sums[o] += x * weight(row[o]);
    }
    for (std::size_t o = 0; o < block; ++o) sums[begin + o] = block_sums[o];
  }
}

#if CHROMASONIC_HAS_AVX2_FUNCTIONS

CHROMASONIC_AVX2 CHROMASONIC_INLINE __m256 load8(const float* p) noexcept {
  return _mm256_load_ps(p);
}
CHROMASONIC_AVX2 CHROMASONIC_INLINE __m256 load8(const Half* p) noexcept {
  return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(p)));
}
CHROMASONIC_AVX2 CHROMASONIC_INLINE __m256 load8(const std::int8_t* p) noexcept {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}

/// As `sum_plain`, for rows of 64: eight sums hide the latency of a multiply-add.
template <class Weight>
CHROMASONIC_AVX2 inline void sum_avx2_64(const Weight* panel, const Rows& rows,
                                         float* sums) noexcept {
  __m256 s[8];
  for (auto& sum : s) sum = _mm256_setzero_ps();
  for (std::size_t i = 0; i < rows.count; ++i) {
    const Weight* row = panel + rows.number[i] * 64;
    const __m256 x = _mm256_set1_ps(rows.x[i]);
#pragma GCC unroll 8
    for (int v = 0; v < 8; ++v) s[v] = _mm256_fmadd_ps(x, load8(row + 8 * v), s[v]);
  }
#pragma GCC unroll 8
  for (int v = 0; v < 8; ++v) _mm256_storeu_ps(sums + 8 * v, s[v]);
}

/// As `sum_plain`, for rows of 32: two rows at a time, for the same reason.
template <class Weight>
CHROMASONIC_AVX2 inline void sum_avx2_32(const Weight* panel, const Rows& rows,
                                         float* sums) noexcept {
  __m256 s[8];
  for (auto& sum : s) sum = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + 2 <= rows.count; i += 2) {
    const Weight* first = panel + rows.number[i] * 32;
    const Weight* second = panel + rows.number[i + 1] * 32;
    const __m256 x = _mm256_set1_ps(rows.x[i]), x2 = _mm256_set1_ps(rows.x[i + 1]);
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      s[v] = _mm256_fmadd_ps(x, load8(first + 8 * v), s[v]);
      s[4 + v] = _mm256_fmadd_ps(x2, load8(second + 8 * v), s[4 + v]);
    }
  }
  if (i < rows.count) {
    const Weight* row = panel + rows.number[i] * 32;
    const __m256 x = _mm256_set1_ps(rows.x[i]);
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) s[v] = _mm256_fmadd_ps(x, load8(row + 8 * v), s[v]);
  }
#pragma GCC unroll 4
  for (int v = 0; v < 4; ++v) _mm256_storeu_ps(sums + 8 * v, _mm256_add_ps(s[v], s[4 + v]));
}

#endif

/// `sums[width]` of a panel; its rows are `width` weights each, aligned to 32 bytes.
template <class Weight>
inline void sum_panel(Target target, const Weight* panel, std::size_t width, const Rows& rows,
                      float* sums) noexcept {
#if CHROMASONIC_HAS_AVX2_FUNCTIONS
  if (target == Target::avx2) {
    if (width == panel_width) return sum_avx2_64(panel, rows, sums);
    return sum_avx2_32(panel, rows, sums);
  }
#endif
  (void)target;
  sum_plain(panel, width, rows, sums);
}

}  // namespace detail
}  // namespace chromasonic
