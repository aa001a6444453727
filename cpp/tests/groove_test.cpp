// Drum bars: features, and what answers make of hits.
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/groove.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "groove_answers.hpp"

using namespace chromasonic;
using groove::Hit;
using groove::Settings;
using groove::Struck;

namespace {}  // namespace

TEST_CASE("a bar's features are one for each group and step that is struck") {
  const std::vector<Hit> hits{
      {0, 0.0, 36, 100}, {0, 0.1, 42, 90}, {4, -0.2, 38, 1}, {15, 0.0, 60, 5}, {4, 0.0, 40, 77}};
  std::array<float, 64> features{};
  features.fill(9.0F);
  groove::encode(hits.data(), hits.size(), features.data());
  std::array<float, 64> wanted{};
  wanted[0] = wanted[16 + 4] = wanted[32] = wanted[48 + 15] = 1.0F;
  CHECK(features == wanted);
}

TEST_CASE("a hit a little before the bar line belongs to the bar that begins there") {
  const auto early = groove::place(31.6, 36, 100, 0, 16);
  CHECK(early.first_step == 32);
  CHECK(early.hit.step == 0);
  CHECK(early.hit.offset == doctest::Approx(-0.4));
  CHECK(groove::place(-0.5, 36, 100, 0, 16).first_step == 0);
  // A bar of 5/4 stands as a piece of 16 and one of 4; before the music bars go on backwards.
  CHECK(groove::place(18.2, 36, 100, 0, 20).hit.step == 2);
  CHECK(groove::place(-3.0, 36, 100, 0, 16).hit.step == 13);
}

TEST_CASE("a hit goes where the model says, or part of the way") {
  const std::vector<Hit> hits{{2, 0.0, 42, 100}};
  CHECK(decoded(answer_of(50, 0.1F), hits)[0].velocity == 50);
  CHECK(decoded(answer_of(50, 0.1F), hits)[0].shift == doctest::Approx(0.1));
  Settings half;
  half.velocity = 0.5;
  half.timing = 0.0;
  CHECK(decoded(answer_of(50, 0.1F), hits, half)[0].velocity == 75);
  CHECK(decoded(answer_of(50, 0.1F), hits, half)[0].shift == 0.0);
}

TEST_CASE("where drums meet the softer one is softer") {
  const auto struck = decoded(answer_of(100, 0), {{4, 0, 38, 80}, {4, 0, 42, 80}});
  CHECK(struck[0].velocity == 100);
  CHECK(struck[1].velocity == 96);
}

TEST_CASE("a flam moves as one and keeps its relation; a triplet is left in time") {
  const auto flam = decoded(answer_of(60, 0.3F), {{4, -0.25, 38, 50}, {4, 0.0, 38, 100}});
  CHECK(flam[0].velocity == 30);
  CHECK(flam[1].velocity == 60);
  CHECK(flam[0].shift == doctest::Approx(0.3));
  CHECK_FALSE(flam[0].is_meant);
  const auto triplet = decoded(answer_of(60, 0.3F), {{1, 1.0 / 3.0, 42, 100}});
  CHECK(triplet[0].velocity == 60);
  CHECK(triplet[0].shift == 0.0);
  CHECK(triplet[0].is_meant);
  Settings quantized;
  quantized.quantize = true;
  CHECK(decoded(answer_of(60, 0), {{1, 0.3, 42, 100}}, quantized)[0].shift ==
        doctest::Approx(4.0 / 3.0 - 1.3));
}

TEST_CASE("looseness is as its seed says and as wide as drummers are") {
  Settings loose;
  loose.looseness = 1.0;
  std::vector<Hit> bar;
  for (int step = 0; step < 16; ++step) bar.push_back({step, 0.0, 42, 64});
  const auto answer = answer_of(64, 0);
  groove::Looseness memory;
  double sum = 0, timing = 0, neighbours = 0, last = 0;
  constexpr int bars = 2000;
  std::vector<Struck> struck(bar.size());
  for (int i = 0; i < bars; ++i) {
    groove::decode(answer.data(), bar.data(), bar.size(), loose, memory, struck.data());
    for (const Struck& each : struck) {
      sum += std::pow(each.velocity - 64.0, 2);
      timing += each.shift * each.shift;
      neighbours += each.shift * last;
      last = each.shift;
    }
  }
  CHECK(std::sqrt(sum / (16 * bars)) == doctest::Approx(8.1).epsilon(0.02));
  CHECK(std::sqrt(timing / (16 * bars)) == doctest::Approx(0.10).epsilon(0.03));
  CHECK(neighbours / timing == doctest::Approx(0.58).epsilon(0.03));
  const auto one = decoded(answer, bar, loose, 1), again = decoded(answer, bar, loose, 1);
  const auto other = decoded(answer, bar, loose, 2);
  int differ = 0;
  for (std::size_t i = 0; i < bar.size(); ++i) {
    CHECK(one[i].velocity == again[i].velocity);
    CHECK(one[i].shift == again[i].shift);
    differ += one[i].shift != other[i].shift;
  }
  CHECK(differ == 16);
}

TEST_CASE(
    "an answer that is no number leaves the hit as it is; one beyond all bounds does no harm") {
  for (const float broken : {NAN, INFINITY, -INFINITY}) {
    std::array<float, 32> answer{};
    answer.fill(broken);
    const auto struck = decoded(answer, {{0, 0, 36, 100}});
    CHECK(struck[0].velocity == 100);
    CHECK(struck[0].shift == 0.0);
  }
  constexpr float most = std::numeric_limits<float>::max();
  Settings still;
  still.velocity = still.timing = 0.0;
  CHECK(decoded(answer_of(most, most), {{0, 0, 36, 100}})[0].velocity == 127);
  CHECK(decoded(answer_of(-most, most), {{0, 0, 36, 100}})[0].velocity == 1);
  CHECK(decoded(answer_of(most, most), {{0, 0, 36, 100}}, still)[0].velocity == 100);
  CHECK(decoded(answer_of(most, most), {{0, 0, 36, 100}}, still)[0].shift == 0.0);
}
