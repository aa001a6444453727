// Sound to frames: the transform, the resampler, blocks, rates, bad samples.
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/log_mel.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "allocation_counter.hpp"

using namespace chromasonic;

namespace {

constexpr double pi = 3.14159265358979323846;
using Frame = std::array<float, LogMel::bands>;

/// Noise that is the same everywhere.
std::vector<float> noise(std::size_t count, float loudness = 0.25F) {
  std::vector<float> samples(count);
  std::uint32_t state = 1;
  for (float& sample : samples) {
    state = state * 1664525U + 1013904223U;
    sample = loudness * (static_cast<float>(state >> 8) / 8388608.0F - 1);
  }
  return samples;
}

std::vector<float> sine(double hz, double rate, double seconds, double loudness = 1) {
  std::vector<float> samples(static_cast<std::size_t>(rate * seconds));
  for (std::size_t n = 0; n < samples.size(); ++n)
    samples[n] =
        static_cast<float>(loudness * std::sin(2 * pi * hz * static_cast<double>(n) / rate));
  return samples;
}

/// Keeps frames without allocating, as whoever listens on the audio thread must.
class Frames {
 public:
  void operator()(const float* frame) noexcept {
    if (count_ < most) std::copy_n(frame, LogMel::bands, kept_[count_++].data());
  }
  std::vector<Frame> heard() const {
    return {kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count_)};
  }

 private:
  static constexpr std::size_t most = 32;
  std::vector<Frame> kept_ = std::vector<Frame>(most);
  std::size_t count_ = 0;
};

std::vector<Frame> frames_of(LogMel& log_mel, const std::vector<float>& samples,
                             std::size_t block = 512) {
  Frames frames;
  for (std::size_t at = 0; at < samples.size(); at += block)
    log_mel.push(samples.data() + at, std::min(block, samples.size() - at), frames);
  return frames.heard();
}

/// Samples at 22,050 Hz.
std::vector<double> resampled(const std::vector<float>& samples, std::int64_t rate) {
  Resampler resampler(rate, LogMel::rate_hz, {8'100, 13'950, 120});
  std::vector<double> result(samples.size() + 1);
  double* next = result.data();
  for (const float sample : samples)
    resampler.push(sample, [&next](double value) noexcept { *next++ = value; });
  result.resize(static_cast<std::size_t>(next - result.data()));
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("the transform is that of the definition", Size,
                   std::integral_constant<std::size_t, 4>, std::integral_constant<std::size_t, 8>,
                   std::integral_constant<std::size_t, 64>,
                   std::integral_constant<std::size_t, 256>) {
  constexpr std::size_t size = Size::value;
  const std::vector<float> given = noise(size);
  const std::vector<double> samples(given.begin(), given.end());
  RealFft<size> fft;
  for (int again = 0; again < 2; ++again) {  // nothing stays from one call to the next
    std::array<double, size / 2 + 1> power;
    fft.power(samples.data(), power.data());
    for (std::size_t bin = 0; bin <= size / 2; ++bin) {
      std::complex<double> sum = 0;
      for (std::size_t n = 0; n < size; ++n)
        sum += samples[n] * std::polar(1.0, -2 * pi * static_cast<double>(bin * n % size) / size);
      CHECK(power[bin] == doctest::Approx(std::norm(sum)).epsilon(1e-12));
    }
  }
}

TEST_CASE("the transform keeps the energy, to double precision") {
  const std::vector<float> given = noise(4096);
  const std::vector<double> samples(given.begin(), given.end());
  RealFft<4096> fft;
  std::vector<double> power(RealFft<4096>::bins);
  fft.power(samples.data(), power.data());
  double in_time = 0, in_bins = power.front() + power.back();
  for (const double sample : samples) in_time += sample * sample;
  for (std::size_t bin = 1; bin + 1 < power.size(); ++bin) in_bins += 2 * power[bin];
  CHECK(in_bins / 4096 == doctest::Approx(in_time).epsilon(1e-13));
}

TEST_CASE("ten frames a second; before the first tenth there is none") {
  LogMel log_mel;
  CHECK(frames_of(log_mel, std::vector<float>(2'204)).empty());
  CHECK(frames_of(log_mel, std::vector<float>(1)).size() == 1);
  CHECK(frames_of(log_mel, std::vector<float>(22'050)).size() == 10);
}

TEST_CASE("silence is the floor, and a sine at full scale the top of its own band") {
  LogMel log_mel;
  for (const Frame& frame : frames_of(log_mel, std::vector<float>(22'050)))
    for (const float band : frame) CHECK(band == doctest::Approx(-4.0 / 3));
  for (const double rate : {22'050.0, 44'100.0, 48'000.0, 96'000.0}) {
    LogMel at_rate(rate);
    const Frame frame = frames_of(at_rate, sine(1'000, rate, 0.61)).back();
    const auto top = std::max_element(frame.begin(), frame.end());
    CHECK(*top > 3.9F);
    CHECK(*top < 4.13F);  // Hann's main lobe adds at most 1.8 dB
    const double mels = 2595 * std::log10(1 + 1'000 / 700.0);
    const double lowest = 2595 * std::log10(1 + 27.5 / 700),
                 highest = 2595 * std::log10(1 + 8e3 / 700);
    CHECK(std::abs((mels - lowest) / (highest - lowest) * 129 - 1 - double(top - frame.begin())) <
          1);
    CHECK(frame[120] == doctest::Approx(-4.0 / 3));
  }
}

TEST_CASE("blocks of any size give the same frames, at any rate") {
  for (const double rate : {22'050.0, 44'100.0, 48'000.0, 44'056.0}) {
    const std::vector<float> samples = noise(static_cast<std::size_t>(0.75 * rate));
    LogMel log_mel(rate);
    const std::vector<Frame> whole = frames_of(log_mel, samples, samples.size());
    CHECK(whole.size() == 7);
    for (const std::size_t block : {1U, 64U, 441U, 512U, 4'097U}) {
      log_mel.reset();  // as new
      CHECK(frames_of(log_mel, samples, block) == whole);
    }
  }
}

TEST_CASE("samples that are no numbers are heard as silence, and do no lasting harm") {
  std::vector<float> broken = noise(22'050), whole = broken;
  const float bad[] = {std::numeric_limits<float>::quiet_NaN(),
                       std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity()};
  for (std::size_t n = 0; n < broken.size(); n += 97) {
    broken[n] = bad[n % 3];
    whole[n] = 0;
  }
  LogMel one, other;
  CHECK(frames_of(one, broken) == frames_of(other, whole));
  LogMel loud(48'000);
  const std::vector<float> most(9'600, std::numeric_limits<float>::max());
  for (const Frame& frame : frames_of(loud, most))
    for (const float band : frame) CHECK(std::isfinite(band));
}

TEST_CASE("channels are mixed to their mean; without any, silence is heard") {
  const std::vector<float> left = noise(4'410), right(4'410, 0.125F);
  std::vector<float> mean(left.size());
  for (std::size_t n = 0; n < mean.size(); ++n) mean[n] = (left[n] + right[n]) / 2;
  const float* channels[] = {left.data(), right.data()};
  LogMel stereo, mono;
  Frames mixed;
  stereo.push(channels, 2, left.size(), mixed);
  CHECK(mixed.heard() == frames_of(mono, mean));
  LogMel nothing;
  Frames silent;
  nothing.push(channels, 0, left.size(), silent);
  CHECK(silent.heard().size() == 2);
  CHECK(silent.heard()[1][64] == doctest::Approx(-4.0 / 3));
}

TEST_CASE("rates that cannot be heard are refused when it is made") {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (const double rate : {0.0, -44'100.0, 8'000.0, 22'049.0, 1e9, not_a_number, HUGE_VAL})
    CHECK_THROWS_WITH_AS(LogMel{rate}, doctest::Contains("22050 to 768000 Hz"), LoadError);
  CHECK_THROWS_AS(Resampler(22'050, 44'100, {1, 2, 60}), LoadError);
  CHECK_THROWS_AS(Resampler(22'050, 0, {1, 2, 60}), LoadError);
  CHECK_NOTHROW(LogMel{768'000});
}

TEST_CASE("a resampled sine is the sine at the other rate, neither shifted nor softer") {
  for (const std::int64_t rate : {24'000, 44'056, 44'100, 48'000, 88'200, 96'000, 192'000}) {
    for (const double hz : {50.0, 1'000.0, 7'900.0}) {
      const std::vector<double> found = resampled(sine(hz, static_cast<double>(rate), 0.2), rate);
      CHECK(found.size() > 4'380);
      double worst = 0;
      for (std::size_t n = 200; n < found.size(); ++n) {
        const double expected = std::sin(2 * pi * hz * static_cast<double>(n) / 22'050);
        worst = std::max(worst, std::abs(found[n] - expected));
      }
      CHECK(worst < 3e-6);
    }
  }
}

TEST_CASE("what would fold into the bands is taken away") {
  for (const std::int64_t rate : {44'100, 48'000, 96'000, 192'000}) {
    for (const double hz : {14'000.0, 18'000.0, 21'000.0}) {
      const std::vector<double> found = resampled(sine(hz, static_cast<double>(rate), 0.2), rate);
      double loudest = 0;
      for (std::size_t n = 200; n < found.size(); ++n)
        loudest = std::max(loudest, std::abs(found[n]));
      CHECK(loudest < 2e-6);  // -114 dB
    }
  }
}

TEST_CASE("frames come by a filter's half later than they could") {
  LogMel same, other(48'000);
  CHECK(same.latency_samples() == 0);
  CHECK(other.latency_samples() > 20);
  CHECK(other.latency_samples() < 48);  // a millisecond
  CHECK(frames_of(other, std::vector<float>(4'800)).empty());
  CHECK(frames_of(other, std::vector<float>(other.latency_samples())).size() == 1);
}

TEST_CASE("listening allocates nothing") {
  const std::vector<float> samples = noise(9'600);
  LogMel log_mel(48'000);
  float sum = 0;
  const std::size_t allocations = tests::allocations_in([&] {
    log_mel.push(samples.data(), samples.size(),
                 [&sum](const float* frame) noexcept { sum += frame[0]; });
    log_mel.reset();
  });
  CHECK(allocations == 0);
  CHECK(sum != 0);
}
