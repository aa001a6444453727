// Built with -ffast-math, as many plugins are: broken samples and answers are still seen as such.
//
// What is handed over by pointer can be looked at; clang takes a number that is handed over by
// value to be finite, so that settings (a temperature that is NaN) are the caller's there.
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/emotion.hpp>
#include <chromasonic/file/json_reader.hpp>
#include <chromasonic/harmony_player.hpp>
#include <chromasonic/log_mel.hpp>
#include <chromasonic/melody_player.hpp>
#include <cstdint>
#include <cstring>
#include <vector>

using namespace chromasonic;

namespace {

/// A number by its bits, which the compiler does not look through.
float number_of(std::uint32_t bits) {
  volatile std::uint32_t hidden = bits;
  const std::uint32_t read = hidden;
  float number;
  std::memcpy(&number, &read, sizeof number);
  return number;
}

/// NaN, infinity, minus infinity.
constexpr std::array<std::uint32_t, 3> broken = {0x7fc00000U, 0x7f800000U, 0xff800000U};

/// Frames of samples, kept without allocating.
struct Frames {
  std::vector<float> values = std::vector<float>(10 * LogMel::bands);
  std::size_t count = 0;
  void operator()(const float* frame) noexcept {
    std::copy_n(frame, LogMel::bands, values.data() + LogMel::bands * count++);
  }
};

}  // namespace

TEST_CASE("broken samples are heard as silence") {
  std::vector<float> samples(22'050), whole(22'050);
  for (std::size_t n = 0; n < samples.size(); ++n) {
    whole[n] = samples[n] = n % 50 < 25 ? 0.5F : -0.5F;
    if (n % 31 != 0) continue;
    const float number = number_of(broken[n % 3]);
    std::memcpy(&samples[n], &number, sizeof number);
    whole[n] = 0;
  }
  LogMel one, other;
  Frames found, wanted;
  one.push(samples.data(), samples.size(), found);
  other.push(whole.data(), whole.size(), wanted);
  CHECK(found.count == 10);
  CHECK(std::memcmp(found.values.data(), wanted.values.data(), 10 * LogMel::bands * 4) == 0);
}

TEST_CASE("broken answers draw what may come, keep the chord, and leave the emotion") {
  for (const std::uint32_t bits : broken) {
    std::array<float, 128> answer;
    for (float& value : answer) value = number_of(bits);
    MelodyPlayer melody;
    melody.set_range(60, 62);
    for (int n = 0; n < 50; ++n) {
      const int pitch = melody.choose(answer.data(), 1).pitch;
      CHECK(pitch >= 60);
      CHECK(pitch <= 62);
    }

    HarmonyPlayer harmony;
    CHECK(harmony.choose(answer.data()).chord == chord_start);
    harmony.hear(5);
    CHECK(harmony.choose(answer.data()).chord == 5);

    EmotionFollower follower;
    std::array<float, emotion_cells> cells{};
    cells[63] = 1;
    for (int n = 0; n < 30; ++n) follower.hear(cells.data());
    const EmotionEvent event = follower.hear(answer.data());
    CHECK(event.quadrant == 1);
    CHECK(event.emotion.valence == doctest::Approx(0.875));
  }
}

TEST_CASE("broken shares of a melody are none") {
  HarmonyMoment moment;
  for (std::size_t n = 0; n < moment.melody.size(); ++n)
    moment.melody[n] = number_of(broken[n % 3]);
  std::array<float, harmony_inputs> features;
  const HarmonyMemory memory;
  encode_harmony(memory, moment, features.data());
  for (std::size_t n = 64; n < 112; ++n) CHECK(features[n] == 0);
}

TEST_CASE("a number beyond float32 is refused in a file") {
  CHECK(parse_json("[3.4028235e38]", "x").row.size() == 1);
  for (const char* text : {"[1e39]", "[-1e39]", "[1e400]", "[-1e400]", "[NaN]"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_json(text, "x"), LoadError);
  }
}
