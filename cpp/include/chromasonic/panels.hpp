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

/// All rows of a panel, for inputs of which few are 0.
struct EveryRow {
  std::size_t count;
  const float* values;

  CHROMASONIC_INLINE std::size_t number(std::size_t i) const noexcept { return i; }
  CHROMASONIC_INLINE float x(std::size_t i) const noexcept { return values[i]; }
};

/// The rows whose inputs are not 0: what a ReLU before, or a one-hot input, leaves to do.
struct SomeRows {
  static constexpr std::size_t capacity = 512;
  struct Row {
    std::uint32_t number;
    float x;
  };
  std::size_t count;
  Row rows[capacity];

  CHROMASONIC_INLINE std::size_t number(std::size_t i) const noexcept { return rows[i].number; }
  CHROMASONIC_INLINE float x(std::size_t i) const noexcept { return rows[i].x; }
};

CHROMASONIC_INLINE float weight(float value) noexcept { return value; }
CHROMASONIC_INLINE float weight(Half value) noexcept { return to_float(value); }
CHROMASONIC_INLINE float weight(std::int8_t value) noexcept { return static_cast<float>(value); }

/// `sums[width]` of a panel of rows of `width` weights.
template <class Weight, class Rows>
inline void sum_plain(const Weight* panel, std::size_t width, const Rows& rows,
                      float* CHROMASONIC_RESTRICT sums) noexcept {
  constexpr std::size_t block = half_panel_width;  // 8 SSE or NEON registers
  for (std::size_t begin = 0; begin < width; begin += block) {
    float block_sums[block] = {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      const Weight* row = panel + rows.number(i) * width + begin;
      const float x = rows.x(i);
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

/// sums += x * row, for 8 * count weights.
template <int count, class Weight>
CHROMASONIC_AVX2 CHROMASONIC_INLINE void add_row(const Weight* row, float x,
                                                 __m256* sums) noexcept {
  const __m256 xs = _mm256_set1_ps(x);
#pragma GCC unroll 8
  for (int v = 0; v < count; ++v) sums[v] = _mm256_fmadd_ps(xs, load8(row + 8 * v), sums[v]);
}

/// As `sum_plain`, for a width known when compiling. There are always eight sums, which hide the
/// latency of multiply-adds: half a panel has two for each output, of every other row.
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
#pragma GCC unroll 8
  for (int v = 0; v < vectors; ++v) {
    _mm256_storeu_ps(sums + 8 * v, at_once == 2 ? _mm256_add_ps(s[v], s[4 + v]) : s[v]);
  }
}

#endif

/// `sums[width]` of a panel; its rows are `width` weights each, aligned to 32 bytes.
template <class Weight, class Rows>
inline void sum_panel(Target target, const Weight* panel, std::size_t width, const Rows& rows,
                      float* sums) noexcept {
#if CHROMASONIC_HAS_AVX2_FUNCTIONS
  if (target == Target::avx2) {
    if (width == panel_width) return sum_avx2<panel_width>(panel, rows, sums);
    return sum_avx2<half_panel_width>(panel, rows, sums);
  }
#endif
  (void)target;
  sum_plain(panel, width, rows, sums);
}

}  // namespace detail
}  // namespace chromasonic
