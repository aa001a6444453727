// From samples to what is told of them.
#pragma once

#include <algorithm>
#include <chromasonic/specs.hpp>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine.hpp"

namespace chromasonic::bench {

/// The value that a share of the samples does not exceed (nearest rank).
inline double quantile(std::vector<float> samples, double share) {
  if (samples.empty()) return 0.0;
  const double rank = share * static_cast<double>(samples.size());
  const std::size_t index =
      std::min(samples.size() - 1, static_cast<std::size_t>(std::max(rank - 0.5, 0.0)));
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(index),
                   samples.end());
  return static_cast<double>(samples[index]);
}

inline nlohmann::ordered_json summary(const std::vector<float>& samples) {
  const auto rounded = [](double us) { return static_cast<double>(std::lround(us * 1e3)) / 1e3; };
  return {{"median", rounded(quantile(samples, 0.5))},
          {"p99", rounded(quantile(samples, 0.99))},
          {"p99.9", rounded(quantile(samples, 0.999))},
          {"max", rounded(quantile(samples, 1.0))},
          {"min", rounded(quantile(samples, 0.0))}};
}

/// One column of samples: a model's, or (at `model_count`) of all five.
inline std::vector<float> column(const std::vector<Times>& samples, std::size_t index) {
  std::vector<float> result;
  result.reserve(samples.size());
  for (const Times& times : samples) result.push_back(times[index]);
  return result;
}

/// Median of a step in each round, over the limit's median in the same round.
inline std::vector<double> round_ratios(const std::vector<float>& samples,
                                        const std::vector<float>& limit, std::size_t rounds) {
  std::vector<double> ratios;
  for (std::size_t r = 0; r < rounds; ++r) {
    const auto part = [&](const std::vector<float>& all) {
      const auto at = [&](std::size_t i) {
        return all.begin() + static_cast<std::ptrdiff_t>(all.size() * i / rounds);
      };
      return quantile({at(r), at(r + 1)}, 0.5);
    };
    ratios.push_back(part(samples) / part(limit));
  }
  return ratios;
}

}  // namespace chromasonic::bench
