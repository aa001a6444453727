// Bars of other parts: features, and what answers make of notes.
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/dynamics.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "allocation_counter.hpp"

using namespace chromasonic;
using dynamics::Onset;

TEST_CASE("a bar's features are how many notes begin on each sixteenth and how high they lie") {
  std::vector<Onset> onsets{{0, 60, 1}, {0, 72, 1}, {15, 36, 1}};
  for (int i = 0; i < 12; ++i) onsets.push_back({3, 84, 100});
  std::array<float, 32> features{};
  features.fill(9.0F);
  dynamics::encode(onsets.data(), onsets.size(), features.data());
  std::array<float, 32> wanted{};
  wanted[0] = 2.0F / 8;
  wanted[3] = 1.0F;
  wanted[15] = 1.0F / 8;
  wanted[16] = 0.25F;
  wanted[16 + 3] = 1.0F;
  wanted[16 + 15] = -1.0F;
  CHECK(features == wanted);
}

TEST_CASE("a long bar is cut into the fewest equal windows") {
  CHECK(dynamics_place(17, 0, 16).first_step == 16);
  CHECK(dynamics_place(17, 0, 16).step == 1);
  // 6/4 has 24 sixteenths: two windows of 12; 9/4 has 36: three of 12.
  CHECK(dynamics_place(13, 0, 24).first_step == 12);
  CHECK(dynamics_place(23, 0, 24).step == 11);
  CHECK(dynamics_place(35, 0, 36).first_step == 24);
  // 6/4 that a change of metre cuts after 18 sixteenths: two windows of 9.
  CHECK(dynamics_place(10, 0, 24, 18).first_step == 9);
}

TEST_CASE("metres have as many sixteenths as they last, at least one") {
  CHECK(steps_of_metre(4, 4) == 16);
  CHECK(steps_of_metre(7, 8) == 14);
  CHECK(steps_of_metre(12, 8) == 24);
  CHECK(steps_of_metre(1, 64) == 1);
  CHECK(steps_of_metre(3, 32) == 2);  // 1.5: to the even number
  CHECK(steps_of_metre(255, 1) == 4080);
}

TEST_CASE("the loudest note of a step goes where the model says, the others in proportion") {
  std::array<float, 16> answer{};
  answer[4] = 0.5F;
  const std::vector<Onset> onsets{{4, 60, 80}, {4, 64, 40}, {9, 60, 80}};
  std::array<std::uint8_t, 3> velocities{};
  CHECK(tests::allocations_in([&] {
          dynamics::decode(answer.data(), onsets.data(), onsets.size(), {}, velocities.data());
        }) == 0);
  CHECK(velocities == std::array<std::uint8_t, 3>{64, 32, 1});  // 63.5 and 31.75; 0 is 1
  dynamics::decode(answer.data(), onsets.data(), onsets.size(), {0.0, 99.0}, velocities.data());
  CHECK(velocities == std::array<std::uint8_t, 3>{80, 40, 80});
  answer[4] = NAN;
  dynamics::decode(answer.data(), onsets.data(), onsets.size(), {}, velocities.data());
  CHECK(velocities[0] == 80);  // what is no number says nothing
}

TEST_CASE("velocities round to the nearest unit, halves to the even one") {
  CHECK(midi_velocity(0.2) == 1);
  CHECK(midi_velocity(-1e300) == 1);
  CHECK(midi_velocity(1e300) == 127);
  CHECK(midi_velocity(63.5) == 64);
  CHECK(midi_velocity(64.5) == 64);
  CHECK(midi_velocity(64.51) == 65);
  CHECK(midi_velocity(126.9) == 127);
}
