// Whether numbers are numbers, also in programs built with -ffast-math.
#pragma once

#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace chromasonic {

/// Whether a number is neither infinite nor NaN; by its bits, as below. By reference, as clang with
/// -ffast-math takes whatever is handed over by value to be finite; so a caller's own parameter
/// that came by value cannot be asked there.
inline bool is_finite(const float& value) noexcept CHROMASONIC_NONBLOCKING {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7f800000u) != 0x7f800000u;
}

inline bool is_finite(const double& value) noexcept CHROMASONIC_NONBLOCKING {
  constexpr std::uint64_t exponent = 0x7ff0000000000000u;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & exponent) != exponent;
}

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
