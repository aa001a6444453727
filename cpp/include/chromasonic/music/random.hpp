// Random numbers for the audio thread: 16 bytes of state, no system call, the same everywhere.
#pragma once

#include <cstdint>

namespace chromasonic {

/// PCG32: 32 bits at a time, a period of 2^64.
///
/// Source: M. E. O'Neill, "PCG: A family of simple fast space-efficient statistically good
/// algorithms for random number generation", Harvey Mudd College, HMC-CS-2014-0905 (XSH-RR).
class Pcg32 {
 public:
  explicit constexpr Pcg32(std::uint64_t seed = 0, std::uint64_t stream = 0) noexcept
      : increment_(stream << 1 | 1) {
    next();
    state_ += seed;
    next();
  }

  constexpr std::uint32_t next() noexcept {
    const std::uint64_t old = state_;
    state_ = old * 6364136223846793005u + increment_;
    const auto mixed = static_cast<std::uint32_t>((old >> 18 ^ old) >> 27);
    const auto turn = static_cast<std::uint32_t>(old >> 59);
    return mixed >> turn | mixed << ((32 - turn) & 31);
  }

  /// From 0 to below 1.
  constexpr double uniform() noexcept { return next() * (1.0 / 4294967296.0); }

 private:
  std::uint64_t state_ = 0;
  std::uint64_t increment_;
};

}  // namespace chromasonic
