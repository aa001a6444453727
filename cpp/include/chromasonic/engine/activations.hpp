// What comes after a layer's sums: within 2e-7 of the exact value everywhere, infinite values
// included; NaN stays NaN.
//
// Source: the ranges, the splitting of ln 2 and the polynomials of exp and tanh are those of
// Stephen Moshier's Cephes (single precision), written as loops without branches, which compilers
// turn into vector instructions.
#pragma once

#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/engine/target.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__clang__)
#pragma float_control(precise, on, push)  // else, with -ffast-math, it takes NaN to be impossible
#endif

namespace chromasonic {

namespace detail {

/// Loops have this many turns, so that compilers vectorize them at any level of optimization.
inline constexpr std::size_t lanes = 16;

CHROMASONIC_INLINE std::uint32_t bits_of(float x) noexcept {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

CHROMASONIC_INLINE float from_bits(std::uint32_t bits) noexcept {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// `condition ? yes : no` in bits: GCC makes branches of the former, and no vectors.
CHROMASONIC_INLINE float pick(bool condition, float yes, float no) noexcept {
  const std::uint32_t mask = 0u - static_cast<std::uint32_t>(condition);
  return from_bits((bits_of(yes) & mask) | (bits_of(no) & ~mask));
}

/// NaN by its bits: with -ffast-math, which many plugins are built with, compilers take x == x to
/// be always true, and an overflow would pass for a number.
CHROMASONIC_INLINE bool is_nan(float x) noexcept {
  return (bits_of(x) & 0x7fffffffu) > 0x7f800000u;
}

/// Likewise, whether x is below 0; -0 is not.
CHROMASONIC_INLINE bool is_negative(float x) noexcept {
  return bits_of(x) - 0x80000001u <= 0xff800000u - 0x80000001u;  // from just below 0 to -infinity
}

/// Likewise, whether |x| is below a limit.
CHROMASONIC_INLINE bool is_within(float x, float limit) noexcept {
  return (bits_of(x) & 0x7fffffffu) < bits_of(limit);
}

/// exp of x within [-87, 87], to 2 units in the last place; outside that, of the nearer end. Of
/// NaN, any number.
CHROMASONIC_INLINE float bounded_exp(float x) noexcept {
  const float low = pick(x < 87.0f, x, 87.0f);
  const float y = pick(low > -87.0f, low, -87.0f);
  const float turns = y * 1.44269504f;
  const float half = from_bits((bits_of(turns) & 0x80000000u) | 0x3f000000u);  // of its sign
  const auto power = static_cast<std::int32_t>(turns + half);
  const auto whole = static_cast<float>(power);
  const float r = (y - whole * 0.693359375f) + whole * 2.12194440e-4f;  // y - power ln 2
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return p * from_bits(static_cast<std::uint32_t>(power + 127) << 23);
}

/// 0 where it is below 2e-22, so that what it gates does not become subnormal, which is slow.
CHROMASONIC_INLINE float sigmoid(float x) noexcept {
  const float y = 1.0f / (1.0f + bounded_exp(-x));
  return pick(is_nan(x), x, pick(x < -50.0f, 0.0f, y));
}

CHROMASONIC_INLINE float tanh(float x) noexcept {
  const std::uint32_t sign = bits_of(x) & 0x80000000u;
  const float size = from_bits(bits_of(x) ^ sign);
  const float square = x * x;
  float p = -5.70498872745e-3f;
  p = p * square + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const float near_zero = p * square * size + size;
  const float far = 1.0f - 2.0f / (1.0f + bounded_exp(2.0f * size));
  const float y = pick(size < 0.625f, near_zero, far);
  return pick(is_nan(x), x, from_bits(bits_of(y) | sign));
}

/// exp of x that is not above 0; 0 where it is below 2e-35 (see `sigmoid`).
CHROMASONIC_INLINE float falling_exp(float x) noexcept {
  return pick(is_nan(x), x, pick(x < -80.0f, 0.0f, bounded_exp(x)));
}

// What `ForEach` applies.
struct Relu {
  CHROMASONIC_INLINE float operator()(float x) const noexcept {
    return pick(is_negative(x), 0.0f, x);
  }
};
struct Tanh {
  CHROMASONIC_INLINE float operator()(float x) const noexcept { return detail::tanh(x); }
};
struct Sigmoid {
  CHROMASONIC_INLINE float operator()(float x) const noexcept { return detail::sigmoid(x); }
};
struct FallingExp {
  float largest;
  CHROMASONIC_INLINE float operator()(float x) const noexcept { return falling_exp(x - largest); }
};

/// Applies a function in place: to whole blocks, and then to what is left, in a block of its own.
template <class Function>
struct ForEach {
  float* x;
  std::size_t size;
  Function function;

  CHROMASONIC_INLINE void operator()() const noexcept {
    const Function apply = function;  // a copy of its own, which no write to x can change
    std::size_t begin = 0;
    for (; begin + lanes <= size; begin += lanes) {
      float* block = x + begin;
      for (std::size_t k = 0; k < lanes; ++k) block[k] = apply(block[k]);
    }
    float rest[lanes] = {};
    for (std::size_t k = begin; k < size; ++k) rest[k - begin] = x[k];
    for (std::size_t k = 0; k < lanes; ++k) rest[k] = apply(rest[k]);
    for (std::size_t k = begin; k < size; ++k) x[k] = rest[k - begin];
  }
};

struct LstmCell {
  const float* gates;
  float* c;
  float* h;
  std::size_t size;

  CHROMASONIC_INLINE void operator()() const noexcept {
    std::size_t begin = 0;
    for (; begin + lanes <= size; begin += lanes) {
      const float* g = gates + begin;
      block(g, g + size, g + 2 * size, g + 3 * size, c + begin, h + begin);
    }
    if (begin == size) return;
    float rest[6][lanes] = {};
    for (std::size_t k = begin; k < size; ++k) {
      for (std::size_t gate = 0; gate < 4; ++gate) rest[gate][k - begin] = gates[gate * size + k];
      rest[4][k - begin] = c[k];
    }
    block(rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]);
    for (std::size_t k = begin; k < size; ++k) {
      c[k] = rest[4][k - begin];
      h[k] = rest[5][k - begin];
    }
  }

 private:
  static CHROMASONIC_INLINE void block(const float* i, const float* f, const float* g,
                                       const float* o, float* CHROMASONIC_RESTRICT cell,
                                       float* CHROMASONIC_RESTRICT out) noexcept {
    for (std::size_t k = 0; k < lanes; ++k) {
      const float next =
          detail::sigmoid(f[k]) * cell[k] + detail::sigmoid(i[k]) * detail::tanh(g[k]);
      cell[k] = pick(is_within(next, 1e-15f), 0.0f, next);  // on its way to subnormal numbers
      out[k] = detail::sigmoid(o[k]) * detail::tanh(cell[k]);
    }
  }
};

#if CHROMASONIC_HAS_AVX2_FUNCTIONS
template <class Loop>
CHROMASONIC_AVX2 inline void run_avx2(const Loop& loop) noexcept {
  loop();
}
#endif

/// Runs a loop as compiled for a target that this machine has.
template <class Loop>
inline void run(Target target, const Loop& loop) noexcept {
#if CHROMASONIC_HAS_AVX2_FUNCTIONS
  if (target == Target::avx2) return run_avx2(loop);
#endif
  (void)target;
  loop();
}

}  // namespace detail

// All below: audio thread; `x` is changed in place.

inline void relu(float* x, std::size_t size) noexcept CHROMASONIC_NONBLOCKING {
  detail::run(best_target, detail::ForEach<detail::Relu>{x, size, {}});
}

inline void tanh(float* x, std::size_t size) noexcept CHROMASONIC_NONBLOCKING {
  detail::run(best_target, detail::ForEach<detail::Tanh>{x, size, {}});
}

inline void sigmoid(float* x, std::size_t size) noexcept CHROMASONIC_NONBLOCKING {
  detail::run(best_target, detail::ForEach<detail::Sigmoid>{x, size, {}});
}

/// Subtracts the largest first, so that large inputs do not overflow.
inline void softmax(float* x, std::size_t size) noexcept CHROMASONIC_NONBLOCKING {
  if (size == 0) return;
  float largest = x[0];
  for (std::size_t k = 1; k < size; ++k) largest = x[k] > largest ? x[k] : largest;
  detail::run(best_target, detail::ForEach<detail::FallingExp>{x, size, {largest}});
  float sum = 0.0f;
  for (std::size_t k = 0; k < size; ++k) sum += x[k];
  for (std::size_t k = 0; k < size; ++k) x[k] /= sum;
}

/// One step of an LSTM: `h` and `c` (H each) from c of the step before and the sums of the gates
/// (4H: input, forget, candidate, output).
///
/// A cell below 1e-15 is set to 0: left to fade, it would become subnormal, which is slow.
inline void lstm_cell(const float* gates, float* c, float* h,
                      std::size_t size) noexcept CHROMASONIC_NONBLOCKING {
  detail::run(best_target, detail::LstmCell{gates, c, h, size});
}

}  // namespace chromasonic

#if defined(__clang__)
#pragma float_control(pop)
#endif
