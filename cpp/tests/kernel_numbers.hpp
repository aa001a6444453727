// What the tests of the kernels share: targets, sizes, numbers.
#pragma once

#include <chromasonic/engine/kernels.hpp>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

namespace chromasonic::tests {

inline std::vector<Target> targets() {
  if (best_target == Target::plain) return {Target::plain};
  return {Target::plain, best_target};
}

inline constexpr std::size_t sizes[] = {1, 3, 17, 31, 64, 257};
inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

inline std::vector<float> random_numbers(std::size_t count, unsigned seed, float spread = 1.0f) {
  std::mt19937 source(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  std::vector<float> result(count);
  for (float& x : result) x = normal(source);
  return result;
}

/// Every float of both signs from 1e-40 on in steps of about a thousandth, and random ones.
inline std::vector<float> all_over() {
  std::vector<float> result = {0.0f, -0.0f, 0.625f, -0.625f, 88.8f, -88.8f, 1e38f, -1e38f};
  for (double x = 1e-40; x < 1e38; x *= 1.001) {
    result.push_back(static_cast<float>(x));
    result.push_back(static_cast<float>(-x));
  }
  for (const float x : random_numbers(100000, 3, 5.0f)) result.push_back(x);
  return result;
}

}  // namespace chromasonic::tests
