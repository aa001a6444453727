// What the EmotionRecognizer hears: frames of 128 mel bands, 10 a second, the same as Python's.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/error.hpp>
#include <chromasonic/sound/fft.hpp>
#include <chromasonic/sound/resampler.hpp>
#include <chromasonic/specs.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace chromasonic {

/// Sound in blocks of any size to frames.
///
/// A frame: the last 4,096 samples at 22,050 Hz under a periodic Hann window; magnitudes of their
/// transform, scaled so that a sine of amplitude 1 has magnitude 1; squared; summed under 128
/// triangles, evenly spaced in mel from 27.5 to 8,000 Hz; in decibels, at least -80; -60 dB becomes
/// 0 and 15 dB more 1. Frame k ends with sample (k + 1) x 2,205; before the beginning is silence.
///
/// Any other rate from 22,050 Hz on is brought to that one by a `Resampler`; the frames then come
/// some 0.7 ms later than they could. At 22,050 Hz features differ from Python's by less than 1e-6.
/// At other rates they differ by what two good resamplers differ by; see docs/ML_ARCHITECTURE.md.
///
/// Loader thread: construction, which allocates some 0.3 MB (1 MB at odd rates such as 44,056 Hz).
/// Audio thread: `push`, `reset`. Ten times a second a call does the work of a frame, some 30
/// microseconds; resampling takes about one a millisecond of sound.
class LogMel {
 public:
  static constexpr std::int64_t rate_hz = 22'050;
  static constexpr std::size_t hop = 2'205;
  static constexpr std::size_t window = 4'096;
  static constexpr std::size_t bands = spec_of(Model::emotion_recognizer).inputs;
  static constexpr double highest_rate_hz = 768'000;

  /// @param host_rate_hz of the samples that will come; taken to the nearest whole number.
  /// @throws LoadError it is not between 22,050 and 768,000.
  explicit LogMel(double host_rate_hz = rate_hz)
      : resampler_(whole_rate(host_rate_hz), rate_hz, {8'100, 13'950, 120}),
        heard_(window),
        windowed_(window),
        power_(Fft::bins) {
    count_window();
    count_bands();
    reset();
  }

  /// Forget what was heard; the next frame comes a tenth of a second later.
  void reset() noexcept CHROMASONIC_NONBLOCKING {
    resampler_.reset();
    std::fill(heard_.begin(), heard_.end(), 0.0);
    place_ = since_ = 0;
  }

  /// Hears samples of one channel.
  ///
  /// @param samples full scale -1 to 1; one that is NaN or infinite is heard as silence.
  /// @param on_frame called with `const float*` (128,) for each frame that they complete; must be
  ///     fit for the audio thread.
  template <class OnFrame>
  void push(const float* samples, std::size_t count,
            OnFrame&& on_frame) noexcept CHROMASONIC_NONBLOCKING {
    for (std::size_t n = 0; n < count; ++n) hear(heard_as(samples[n]), on_frame);
  }

  /// Hears samples of several channels, mixed to their mean.
  ///
  /// @param channels so many pointers to `count` samples each; without any, silence is heard.
  template <class OnFrame>
  void push(const float* const* channels, std::size_t channel_count, std::size_t count,
            OnFrame&& on_frame) noexcept CHROMASONIC_NONBLOCKING {
    const double share = channel_count == 0 ? 0 : 1 / static_cast<double>(channel_count);
    for (std::size_t n = 0; n < count; ++n) {
      double sum = 0;
      for (std::size_t channel = 0; channel < channel_count; ++channel)
        sum += heard_as(channels[channel][n]);
      hear(sum * share, on_frame);
    }
  }

  /// By how many of the host's samples frames come later than they could.
  std::size_t latency_samples() const noexcept { return resampler_.latency_samples(); }

 private:
  using Fft = RealFft<window>;

  struct Band {
    std::size_t begin, count;  // bins
    std::size_t weights;       // where its weights begin
  };

  static std::int64_t whole_rate(double hz) {
    if (!is_finite(hz) || hz < static_cast<double>(rate_hz) || hz > highest_rate_hz) {
      throw LoadError("A sample rate of " + std::to_string(hz) +
                      " Hz cannot be heard; allowed: 22050 to 768000 Hz.");
    }
    return static_cast<std::int64_t>(std::llround(hz));
  }

  static double heard_as(const float& sample) noexcept {
    return is_finite(sample) ? double{sample} : 0.0;
  }

  void count_window() {
    constexpr double pi = 3.14159265358979323846;
    double sum = 0;
    std::vector<double> hann(window);
    for (std::size_t n = 0; n < window; ++n)
      sum += hann[n] = 0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(n) / double{window});
    // Through single precision, as the page's tables are.
    for (const double value : hann) hann_.push_back(static_cast<float>(value * 2 / sum));
  }

  void count_bands() {
    const double lowest = mel(27.5), highest = mel(8'000);
    const double step = (highest - lowest) / double{bands + 1};
    std::array<double, bands + 2> edge;
    for (std::size_t n = 0; n < edge.size(); ++n)
      edge[n] = hertz(n + 1 == edge.size() ? highest : lowest + static_cast<double>(n) * step);
    for (std::size_t band = 0; band < bands; ++band) {
      bands_[band] = {0, 0, weights_.size()};
      for (std::size_t bin = 0; bin < Fft::bins; ++bin) {
        const double hz = static_cast<double>(bin) * (double{rate_hz} / double{window});
        const double rising = (hz - edge[band]) / (edge[band + 1] - edge[band]);
        const double falling = (edge[band + 2] - hz) / (edge[band + 2] - edge[band + 1]);
        const double weight = std::min(rising, falling);
        if (weight <= 0) continue;
        if (bands_[band].count++ == 0) bands_[band].begin = bin;
        weights_.push_back(static_cast<float>(weight));
      }
    }
  }

  static double mel(double hz) noexcept { return 2595 * std::log10(1 + hz / 700); }
  static double hertz(double mels) noexcept { return 700 * (std::pow(10, mels / 2595) - 1); }

  template <class OnFrame>
  void hear(double sample, OnFrame& on_frame) noexcept {
    resampler_.push(sample, [this, &on_frame](double value) noexcept {
      heard_[place_] = value;
      place_ = (place_ + 1) % window;
      if (++since_ < hop) return;
      since_ = 0;
      make_frame();
      on_frame(static_cast<const float*>(frame_.data()));
    });
  }

  void make_frame() noexcept {
    for (std::size_t n = 0; n < window; ++n)
      windowed_[n] = heard_[(place_ + n) % window] * hann_[n];
    fft_.power(windowed_.data(), power_.data());
    for (std::size_t band = 0; band < bands; ++band) {
      const Band& here = bands_[band];
      double sum = 0;
      for (std::size_t n = 0; n < here.count; ++n)
        sum += power_[here.begin + n] * weights_[here.weights + n];
      const double decibels = std::max(10 * std::log10(std::max(sum, 1e-12)), -80.0);
      frame_[band] = static_cast<float>((decibels + 60) / 15);
    }
  }

  Resampler resampler_;
  Fft fft_;
  std::vector<double> heard_;  // the last samples, the oldest at `place_`
  std::vector<double> windowed_, power_;
  std::vector<double> hann_, weights_;
  std::array<Band, bands> bands_{};
  std::array<float, bands> frame_{};
  std::size_t place_ = 0, since_ = 0;
};

}  // namespace chromasonic
