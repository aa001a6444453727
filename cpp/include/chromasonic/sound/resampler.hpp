// A host's sample rate brought to that of the features, sample by sample.
#pragma once

#include <algorithm>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/error.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace chromasonic {

/// What a resampler keeps and what it takes away.
struct ResamplerBand {
  double pass_hz;         ///< up to here sound goes through as it is
  double stop_hz;         ///< from here on it is gone, so that nothing folds back below `pass_hz`
  double attenuation_db;  ///< how far gone
};

/// Fewer samples a second: a windowed sinc, its weights counted beforehand for each of the places
/// that a new sample can have between two old ones.
///
/// Output n lies exactly at input time n x from / to: the filter's symmetry makes no shift of
/// phase; the output only comes `latency_samples` inputs later. Before the first input is silence.
///
/// Source: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function",
/// IEEE Symposium on Circuits and Systems (1974), for window and length.
///
/// Loader thread: construction. Audio thread: `push`, `reset`.
class Resampler {
 public:
  /// @param from_hz, to_hz whole rates; `from_hz` is the higher or the same, which passes through.
  /// @throws LoadError `to_hz` is below 1, or `from_hz` is lower than it.
  Resampler(std::int64_t from_hz, std::int64_t to_hz, const ResamplerBand& band)
      : from_(from_hz), to_(to_hz) {
    if (to_hz < 1 || from_hz < to_hz) {
      throw LoadError("A sample rate of " + std::to_string(from_hz) + " Hz cannot be brought to " +
                      std::to_string(to_hz) + " Hz; allowed: " + std::to_string(to_hz) +
                      " Hz or more.");
    }
    if (from_ != to_) count_weights(band);
    reset();
  }

  /// Forget what was heard.
  void reset() noexcept CHROMASONIC_NONBLOCKING {
    std::fill(heard_.begin(), heard_.end(), 0.0);
    place_ = 0;
    fraction_ = 0;
    lacking_ = static_cast<std::int64_t>(latency_samples()) + 1;
  }

  /// Hears one sample and hands each one that it completes (none, or one) to `out(double)`.
  template <class Out>
  void push(double sample, Out&& out) noexcept CHROMASONIC_NONBLOCKING {
    if (from_ == to_) {
      out(sample);
      return;
    }
    heard_[place_] = heard_[place_ + taps_] = sample;  // twice, so that the last ones lie in a row
    place_ = place_ + 1 == taps_ ? 0 : place_ + 1;
    if (--lacking_ > 0) return;
    out(filtered());
    fraction_ += from_;
    lacking_ = fraction_ / to_;
    fraction_ %= to_;
  }

  /// How many input samples later than it could an output comes.
  std::size_t latency_samples() const noexcept { return taps_ / 2; }

 private:
  // So many places between two samples are counted beforehand; where there are more (odd rates),
  // weights are drawn straight between two places: -140 dB.
  static constexpr std::int64_t most_phases = 2048;

  void count_weights(const ResamplerBand& band) {
    constexpr double pi = 3.14159265358979323846;
    const double rate = static_cast<double>(from_);
    const double width = 2 * pi * (band.stop_hz - band.pass_hz) / rate;
    const double half = std::ceil((band.attenuation_db - 7.95) / (2.285 * width) / 2);
    const double beta = 0.1102 * (band.attenuation_db - 8.7);
    const double cutoff = (band.pass_hz + band.stop_hz) / rate;  // twice the middle of the two
    taps_ = 2 * static_cast<std::size_t>(half);
    const std::int64_t places = to_ / std::gcd(from_, to_);
    phases_ = places < most_phases ? places : most_phases;
    heard_.resize(2 * taps_);
    weights_.resize(static_cast<std::size_t>(phases_ + 1) * taps_);
    for (std::int64_t phase = 0; phase <= phases_; ++phase) {
      double* row = weights_.data() + static_cast<std::size_t>(phase) * taps_;
      double total = 0;
      for (std::size_t tap = 0; tap < taps_; ++tap) {
        const double time = static_cast<double>(tap) - half + 1 -
                            static_cast<double>(phase) / static_cast<double>(phases_);
        const double x = pi * cutoff * time;
        const double sinc = std::abs(x) < 1e-9 ? 1 : std::sin(x) / x;
        const double edge = 1 - time * time / (half * half);
        row[tap] = sinc * (edge > 0 ? bessel_i0(beta * std::sqrt(edge)) : 0);
        total += row[tap];
      }
      for (std::size_t tap = 0; tap < taps_; ++tap) row[tap] /= total;
    }
  }

  /// The modified Bessel function of order 0, by its series.
  static double bessel_i0(double x) noexcept {
    double term = 1, sum = 1;
    for (int k = 1; term > 1e-17 * sum; ++k) {
      term *= x * x / (4.0 * k * k);
      sum += term;
    }
    return sum;
  }

  double filtered() const noexcept {
    const std::int64_t scaled = fraction_ * phases_;
    const auto phase = static_cast<std::size_t>(scaled / to_);
    const double between = static_cast<double>(scaled % to_) / static_cast<double>(to_);
    const double* last = heard_.data() + place_;
    const double* row = weights_.data() + phase * taps_;
    const double sum = weighted(last, row);
    return between == 0 ? sum : sum + between * (weighted(last, row + taps_) - sum);
  }

  double weighted(const double* values, const double* row) const noexcept {
    double sum = 0;
    for (std::size_t tap = 0; tap < taps_; ++tap) sum += values[tap] * row[tap];
    return sum;
  }

  std::int64_t from_, to_;
  std::size_t taps_ = 0;
  std::int64_t phases_ = 1;
  std::vector<double> weights_;  // (phases + 1, taps)
  std::vector<double> heard_;    // the last `taps` inputs, twice
  std::size_t place_ = 0;        // where the oldest of them is
  std::int64_t fraction_ = 0;    // place of the next output between two inputs, over `to`
  std::int64_t lacking_ = 0;     // inputs until then
};

}  // namespace chromasonic
