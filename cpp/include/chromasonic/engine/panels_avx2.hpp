// The loops over a panel's weights, for x86-64 with AVX2, FMA and F16C.
#pragma once

#include <chromasonic/engine/half.hpp>
#include <chromasonic/engine/panel_rows.hpp>
#include <chromasonic/engine/target.hpp>
#include <cstddef>
#include <cstdint>

#if CHROMASONIC_HAS_AVX2_FUNCTIONS
#include <immintrin.h>

namespace chromasonic::detail {

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

/// sums += x * row, for 8 * count weights.
template <int count, class Weight>
CHROMASONIC_AVX2 CHROMASONIC_INLINE void add_row(const Weight* row, float x,
                                                 __m256* sums) noexcept {
  const __m256 xs = _mm256_set1_ps(x);
  CHROMASONIC_UNROLL
  for (int v = 0; v < count; ++v) sums[v] = _mm256_fmadd_ps(xs, load8(row + 8 * v), sums[v]);
}

/// As `sum_plain`. There are always eight sums, which hide the latency of multiply-adds: half a
/// panel has two for each output, of every other row.
template <int width, class Weight, class Rows>
CHROMASONIC_AVX2 inline void sum_avx2(const Weight* panel, const Rows& rows, float* sums) noexcept {
  constexpr int vectors = width / 8, at_once = 8 / vectors;
  __m256 s[8];
  for (auto& sum : s) sum = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + at_once <= rows.count; i += at_once) {
    add_row<vectors>(panel + rows.number(i) * width, rows.x(i), s);
    if (at_once == 2) add_row<vectors>(panel + rows.number(i + 1) * width, rows.x(i + 1), s + 4);
  }
  if (i < rows.count) add_row<vectors>(panel + rows.number(i) * width, rows.x(i), s);
  CHROMASONIC_UNROLL
  for (int v = 0; v < vectors; ++v) {
    _mm256_storeu_ps(sums + 8 * v, at_once == 2 ? _mm256_add_ps(s[v], s[4 + v]) : s[v]);
  }
}

}  // namespace chromasonic::detail

#endif
