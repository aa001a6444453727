// Whether numbers are numbers, also in programs built with -ffast-math.
#pragma once

#include <chromasonic/realtime.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace chromasonic {

/// Whether none is infinite or NaN. It looks at the bits: with -ffast-math, which many plugins are
/// built with, compilers take `std::isfinite` to be always true.
inline bool are_finite(const float* values, std::size_t size) noexcept CHROMASONIC_NONBLOCKING {
  constexpr std::uint32_t exponent = 0x7f800000u;
  bool are = true;
  for (std::size_t i = 0; i < size; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof bits);
    are &= (bits & exponent) != exponent;
  }
  return are;
}

}  // namespace chromasonic
