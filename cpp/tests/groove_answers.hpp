// Answers of a GroovePredictor that tests make up, and what they make of hits.
#pragma once

#include <array>
#include <chromasonic/groove.hpp>
#include <vector>

namespace chromasonic {

/// An answer that says the same of every step.
inline std::array<float, 32> answer_of(float velocity, float offset) {
  std::array<float, 32> answer{};
  for (std::size_t step = 0; step < 16; ++step) {
    answer[step] = velocity / 127.0F;
    answer[16 + step] = offset;
  }
  return answer;
}

inline std::vector<groove::Struck> decoded(const std::array<float, 32>& answer,
                                           const std::vector<groove::Hit>& hits,
                                           const groove::Settings& settings = {},
                                           std::uint64_t seed = 0) {
  groove::Looseness loose;
  loose.chance = Chance(seed);
  std::vector<groove::Struck> struck(hits.size());
  groove::decode(answer.data(), hits.data(), hits.size(), settings, loose, struck.data());
  return struck;
}

}  // namespace chromasonic
