// IEEE 754 half precision (1 sign, 5 exponent, 10 fraction bits), held as its 16 bits.
#pragma once

#include <chromasonic/engine/target.hpp>
#include <cstdint>
#include <cstring>

namespace chromasonic {

/// Sixteen bits that are a half-precision number; a type of its own, so that no one adds to it.
struct Half {
  std::uint16_t bits;
};

inline constexpr float largest_half = 65504.0f;

/// The nearest half, ties to even; what is larger than `largest_half` by rounding is infinite.
inline Half to_half(float value) noexcept {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  bits &= 0x7fffffffu;
  std::uint32_t half;
  if (bits > 0x7f800000u) {
    half = 0x7e00u;  // NaN
  } else if (bits >= 0x477ff000u) {
    half = 0x7c00u;  // 65520 and more
  } else if (bits >= 0x38800000u) {
    half = (bits - 0x38000000u + 0xfffu + ((bits >> 13) & 1u)) >> 13;
  } else {
    // Below 2^-14 the last place of a half is 2^-24: adding a number whose last place is the same
    // makes the float unit round to it, ties to even.
    float magnitude;
    std::memcpy(&magnitude, &bits, sizeof bits);
    magnitude += 0.5f;
    std::memcpy(&half, &magnitude, sizeof half);
    half -= 0x3f000000u;
  }
  return {static_cast<std::uint16_t>(half | sign)};
}

/// Exact. Without branches, so that a loop of it is vectorized, and without subnormal float
/// arithmetic, which is slow, or zero where an audio host asks for that.
CHROMASONIC_INLINE float to_float(Half value) noexcept {
#if defined(__ARM_FP16_FORMAT_IEEE)
  __fp16 half;
  std::memcpy(&half, &value, sizeof half);
  return static_cast<float>(half);
#else
  const std::uint32_t magnitude = (value.bits & 0x7fffu) << 13;
  const std::uint32_t sign = (value.bits & 0x8000u) << 16;
  const std::uint32_t normal = magnitude + (112u << 23);
  // A subnormal's fraction gets a leading one, which is then subtracted.
  const std::uint32_t raised = magnitude + (113u << 23);
  float difference;
  std::memcpy(&difference, &raised, sizeof raised);
  difference -= 6.103515625e-05f;  // 2^-14
  std::uint32_t subnormal;
  std::memcpy(&subnormal, &difference, sizeof subnormal);
  const std::uint32_t is_subnormal = 0u - static_cast<std::uint32_t>(magnitude < (1u << 23));
  const std::uint32_t is_special = 0u - static_cast<std::uint32_t>(magnitude >= (31u << 23));
  const std::uint32_t bits = (subnormal & is_subnormal) | (normal & ~is_subnormal);
  const std::uint32_t result = (bits + ((112u << 23) & is_special)) | sign;
  float out;
  std::memcpy(&out, &result, sizeof out);
  return out;
#endif
}

}  // namespace chromasonic
