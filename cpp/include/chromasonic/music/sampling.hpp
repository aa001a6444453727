// Drawing one of N from the probabilities that a network gives: temperature, top-k, top-p, in
// place.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace chromasonic {

/// How boldly to draw.
struct Sampling {
  double temperature = 1;  ///< 1 as learned, lower is safer; 0, or no number above: the likeliest
  int top_k = 0;           ///< among so many of the likeliest; below 1: among all
  double top_p = 1;  ///< among the fewest likeliest that hold this share; no number: among all
};

namespace sampling_detail {

inline bool cuts_share(const Sampling& how) noexcept {
  return is_finite(how.top_p) && how.top_p < 1;
}

/// Takes the unlikely tail off; of equal ones the lower number stays.
template <std::size_t N>
void cut_tail(std::array<double, N>& shares, const Sampling& how) noexcept {
  std::array<std::size_t, N> order;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&shares](std::size_t a, std::size_t b) noexcept {
    return shares[a] != shares[b] ? shares[a] > shares[b] : a < b;
  });
  const std::size_t most = how.top_k < 1 ? N : std::min(N, static_cast<std::size_t>(how.top_k));
  for (std::size_t rank = most; rank < N; ++rank) shares[order[rank]] = 0;
  double total = 0;
  for (const double share : shares) total += share;
  if (!cuts_share(how)) return;
  double before = 0;
  for (std::size_t rank = 0; rank < most; ++rank) {
    double& share = shares[order[rank]];
    const double own = share / total;
    if (rank > 0 && before >= how.top_p) share = 0;
    before += own;
  }
}

}  // namespace sampling_detail

/// Draws one of N. Audio thread.
///
/// In the order: what is not allowed, temperature, top-k, top-p, and last by the inverse of the
/// cumulative distribution; the same as Python's `melody_generation.sampling.draw` of the
/// logarithms. A probability that is no number above 0 is 0. If nothing allowed has a share, all
/// that is allowed is equally likely; if nothing is allowed, everything is.
///
/// @param probabilities (N,); they need not add up to 1.
/// @param allowed which may come.
/// @param uniform random number from 0 to below 1; what is outside is moved to the nearer end, no
///     number is 0.
template <std::size_t N>
std::size_t draw(const float* probabilities, std::bitset<N> allowed, double uniform,
                 const Sampling& how = {}) noexcept CHROMASONIC_NONBLOCKING {
  constexpr double never = -1e9;  // below every logarithm
  if (allowed.none()) allowed.set();
  const bool is_cold = !is_finite(how.temperature) || how.temperature <= 0;
  std::array<double, N> shares;
  std::size_t likeliest = 0;
  double highest = never;
  for (std::size_t i = 0; i < N; ++i) {
    const float p = probabilities[i];
    const bool may = allowed[i] && is_finite(p) && p > 0;
    shares[i] = may ? std::log(double{p}) : never;
    if (shares[i] > highest) highest = shares[i], likeliest = i;
  }
  if (highest == never) {  // of nothing a share: all alike
    for (std::size_t i = 0; i < N; ++i) shares[i] = allowed[i] ? 1 : 0;
  } else if (is_cold) {
    return likeliest;
  } else {
    for (double& share : shares)
      share = share == never ? 0 : std::exp((share - highest) / how.temperature);
  }
  if (how.top_k > 0 || sampling_detail::cuts_share(how)) sampling_detail::cut_tail(shares, how);
  double total = 0;
  for (const double share : shares) total += share;
  const double chance = is_finite(uniform) ? std::clamp(uniform, 0.0, 1.0) : 0.0;
  const double wanted = chance * total;
  double reached = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < N; ++i) {
    if (shares[i] <= 0) continue;
    reached += shares[i];
    last = i;
    if (reached > wanted) return i;
  }
  return last;  // rounding left nothing above the number
}

}  // namespace chromasonic
