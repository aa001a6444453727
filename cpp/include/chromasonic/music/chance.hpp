// Normally distributed chance that is the same for the same seed.
#pragma once

#include <chromasonic/music/random.hpp>
#include <cmath>
#include <cstdint>

namespace chromasonic {

/// Normally distributed numbers: plain values, audio thread.
///
/// Source: Box and Muller, "A note on the generation of random normal deviates", Annals of
/// Mathematical Statistics 29 (1958).
class Chance {
 public:
  explicit Chance(std::uint64_t seed = 0) noexcept : random_(seed) {}

  /// Mean 0, standard deviation 1, at most about 6.7 away.
  double normal() noexcept {
    const double radius = 1.0 - random_.uniform();  // (0, 1]: the logarithm of 0 never occurs
    return std::sqrt(-2.0 * std::log(radius)) * std::cos(6.283185307179586 * random_.uniform());
  }

 private:
  Pcg32 random_;
};

}  // namespace chromasonic
