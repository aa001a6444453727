// The discrete Fourier transform of real samples, of a length fixed at compile time.
#pragma once

#include <chromasonic/engine/realtime.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace chromasonic {

/// Power spectra of N real samples, in double precision.
///
/// N samples are taken as N / 2 complex ones, transformed by decimation in time (radix 2), and the
/// spectra of the even and the odd samples are told apart afterwards.
///
/// Source: Oppenheim and Schafer, "Discrete-Time Signal Processing" (2010), sections 9.3 and 9.8
/// (problem 9.32: a real sequence as a complex one of half its length).
///
/// Loader thread: construction, which allocates some 20 N bytes. Audio thread: `power`.
template <std::size_t N>
class RealFft {
  static_assert(N >= 4 && (N & (N - 1)) == 0, "the length is a power of two");

 public:
  static constexpr std::size_t bins = N / 2 + 1;

  RealFft() : order_(half), real_(half), imaginary_(half), cosine_(half), sine_(half) {
    turn_real_.reserve(half), turn_imaginary_.reserve(half);
    for (std::size_t run = 1; run < half; run *= 2) {  // the turns of each stage, side by side
      for (std::size_t k = 0; k < run; ++k) {
        const double angle = pi * static_cast<double>(k) / static_cast<double>(run);
        turn_real_.push_back(std::cos(angle)), turn_imaginary_.push_back(-std::sin(angle));
      }
    }
    for (std::size_t k = 0; k < half; ++k) {
      const double angle = 2 * pi * static_cast<double>(k) / static_cast<double>(N);
      cosine_[k] = std::cos(angle), sine_[k] = std::sin(angle);
      order_[k] = static_cast<std::uint32_t>(order_[k / 2] / 2 + (k % 2 ? half / 2 : 0));
    }
  }

  /// The squared magnitude of each bin.
  ///
  /// @param samples (N,).
  /// @param power (N / 2 + 1,), written whole.
  void power(const double* samples, double* power) noexcept CHROMASONIC_NONBLOCKING {
    for (std::size_t k = 0; k < half; ++k) {
      real_[order_[k]] = samples[2 * k];
      imaginary_[order_[k]] = samples[2 * k + 1];
    }
    transform();
    power[0] = square(real_[0] + imaginary_[0]);
    power[half] = square(real_[0] - imaginary_[0]);
    for (std::size_t k = 1; k < half; ++k) {
      const std::size_t mirror = half - k;
      const double even_real = (real_[k] + real_[mirror]) / 2;
      const double even_imaginary = (imaginary_[k] - imaginary_[mirror]) / 2;
      const double odd_real = (imaginary_[k] + imaginary_[mirror]) / 2;
      const double odd_imaginary = (real_[mirror] - real_[k]) / 2;
      const double x = even_real + cosine_[k] * odd_real + sine_[k] * odd_imaginary;
      const double y = even_imaginary + cosine_[k] * odd_imaginary - sine_[k] * odd_real;
      power[k] = square(x) + square(y);
    }
  }

 private:
  static constexpr std::size_t half = N / 2;
  static constexpr double pi = 3.14159265358979323846;

  static constexpr double square(double value) noexcept { return value * value; }

  void transform() noexcept {
    const double *turn_real = turn_real_.data(), *turn_imaginary = turn_imaginary_.data();
    for (std::size_t run = 1; run < half; run *= 2) {
      for (std::size_t start = 0; start < half; start += 2 * run)
        butterflies(start, run, turn_real, turn_imaginary);
      turn_real += run, turn_imaginary += run;
    }
  }

  void butterflies(std::size_t start, std::size_t run, const double* turn_real,
                   const double* turn_imaginary) noexcept {
    double *low_real = real_.data() + start, *low_imaginary = imaginary_.data() + start;
    double *high_real = low_real + run, *high_imaginary = low_imaginary + run;
    for (std::size_t k = 0; k < run; ++k) {
      const double x = high_real[k] * turn_real[k] - high_imaginary[k] * turn_imaginary[k];
      const double y = high_real[k] * turn_imaginary[k] + high_imaginary[k] * turn_real[k];
      high_real[k] = low_real[k] - x, high_imaginary[k] = low_imaginary[k] - y;
      low_real[k] += x, low_imaginary[k] += y;
    }
  }

  std::vector<std::uint32_t> order_;  // where each complex sample goes: its number's bits reversed
  std::vector<double> real_, imaginary_;
  std::vector<double> turn_real_, turn_imaginary_;
  std::vector<double> cosine_, sine_;
};

}  // namespace chromasonic
