// The loops over a panel's weights, for any machine: vectors of four floats, which GCC and Clang
// make into what it has (SSE2, NEON, or four times one), and plain loops for other compilers.
#pragma once

#include <chromasonic/engine/half.hpp>
#include <chromasonic/engine/panel_rows.hpp>
#include <chromasonic/engine/target.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#include <arm_neon.h>
#endif

namespace chromasonic::detail {

/// Columns that one reading of a row gives: as many vectors of four. Vector m has, of these,
/// columns m, m + n, m + 2n, m + 3n, for n vectors.
template <class Weight>
inline constexpr std::size_t columns_at_once = 16 / sizeof(Weight);

#if (defined(__GNUC__) || defined(__clang__)) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

typedef float Float4 __attribute__((vector_size(16)));
typedef std::int32_t Int4 __attribute__((vector_size(16)));
typedef std::uint32_t Unsigned4 __attribute__((vector_size(16)));

CHROMASONIC_INLINE void load(const float* from, Float4* to) noexcept {
  std::memcpy(to, from, sizeof *to);
}

/// As `to_float`, without the infinite ones, which no weight is; of the lower half of each number.
CHROMASONIC_INLINE Float4 halves_to_floats(Unsigned4 halves) noexcept {
  const Unsigned4 magnitude = (halves & 0x7fffu) << 13, sign = (halves & 0x8000u) << 16;
  const auto subnormal = reinterpret_cast<Unsigned4>(
      reinterpret_cast<Float4>(magnitude + (113u << 23)) - 6.103515625e-05f);
  const auto is_subnormal = reinterpret_cast<Unsigned4>(magnitude < (1u << 23));
  const Unsigned4 normal = magnitude + (112u << 23);
  return reinterpret_cast<Float4>((subnormal & is_subnormal) | (normal & ~is_subnormal) | sign);
}

CHROMASONIC_INLINE void load(const Half* from, Float4* to) noexcept {
#if defined(__aarch64__)
  const uint16x4x2_t halves = vld2_u16(&from->bits);
  to[0] = vcvt_f32_f16(vreinterpret_f16_u16(halves.val[0]));
  to[1] = vcvt_f32_f16(vreinterpret_f16_u16(halves.val[1]));
#else
  Unsigned4 pairs;
  std::memcpy(&pairs, from, sizeof pairs);
  to[0] = halves_to_floats(pairs);
  to[1] = halves_to_floats(pairs >> 16);
#endif
}

CHROMASONIC_INLINE void load(const std::int8_t* from, Float4* to) noexcept {
  Int4 fours;
  std::memcpy(&fours, from, sizeof fours);
  const auto bits = reinterpret_cast<Unsigned4>(fours);
  to[0] = __builtin_convertvector(reinterpret_cast<Int4>(bits << 24) >> 24, Float4);
  to[1] = __builtin_convertvector(reinterpret_cast<Int4>(bits << 16) >> 24, Float4);
  to[2] = __builtin_convertvector(reinterpret_cast<Int4>(bits << 8) >> 24, Float4);
  to[3] = __builtin_convertvector(fours >> 24, Float4);
}

CHROMASONIC_INLINE void add(Float4& sum, float x, const Float4& weights) noexcept {
  sum += x * weights;
}

#else

struct Float4 {
  float lanes[4];
  float operator[](std::size_t lane) const noexcept { return lanes[lane]; }
};

CHROMASONIC_INLINE float as_float(float weight) noexcept { return weight; }
CHROMASONIC_INLINE float as_float(Half weight) noexcept { return to_float(weight); }
CHROMASONIC_INLINE float as_float(std::int8_t weight) noexcept {
  return static_cast<float>(weight);
}

template <class Weight>
CHROMASONIC_INLINE void load(const Weight* from, Float4* to) noexcept {
  constexpr std::size_t vectors = columns_at_once<Weight> / 4;
  for (std::size_t m = 0; m < vectors; ++m) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      to[m].lanes[lane] = as_float(from[m + vectors * lane]);
    }
  }
}

CHROMASONIC_INLINE void add(Float4& sum, float x, const Float4& weights) noexcept {
  for (int lane = 0; lane < 4; ++lane) sum.lanes[lane] += x * weights.lanes[lane];
}

#endif

/// `sums[width]` of a panel of rows of `width` weights. On x86-64 without AVX the 16 sums of a
/// whole panel spill over the 16 registers, which still beats reading its rows in two halves.
template <std::size_t width, class Weight, class Rows>
inline void sum_plain(const Weight* panel, const Rows& rows, float* sums) noexcept {
  constexpr std::size_t columns = columns_at_once<Weight>, vectors = columns / 4;
  Float4 s[width / 4] = {};
  for (std::size_t i = 0; i < rows.count; ++i) {
    const Weight* row = panel + rows.number(i) * width;
    const float x = rows.x(i);
    CHROMASONIC_UNROLL
    for (std::size_t v = 0; v < width / 4; v += vectors) {
      Float4 weights[vectors];
      load(row + 4 * v, weights);
      CHROMASONIC_UNROLL
      for (std::size_t m = 0; m < vectors; ++m) add(s[v + m], x, weights[m]);
    }
  }
  for (std::size_t v = 0; v < width / 4; ++v) {
    const std::size_t first = v / vectors * columns + v % vectors;
    for (std::size_t lane = 0; lane < 4; ++lane) sums[first + vectors * lane] = s[v][lane];
  }
}

}  // namespace chromasonic::detail
