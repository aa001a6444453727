// Emotion: the plane by hand, an emotion that is followed, answers that are none.
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/emotion.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "allocation_counter.hpp"

using namespace chromasonic;

namespace {

using Cells = std::array<float, emotion_cells>;

/// All of the mass in one cell.
Cells certain(std::size_t row, std::size_t column) {
  Cells cells{};
  cells[8 * row + column] = 1;
  return cells;
}

/// Some of the mass in the middle of each quadrant.
Cells quadrants(float first, float second, float third, float fourth) {
  Cells cells{};
  cells[8 * 6 + 6] = first;
  cells[8 * 6 + 1] = second;
  cells[8 * 1 + 1] = third;
  cells[8 * 1 + 6] = fourth;
  return cells;
}

EmotionEvent hear_often(EmotionFollower& follower, const Cells& cells, int times) {
  EmotionEvent event;
  for (int n = 0; n < times; ++n) event = follower.hear(cells.data());
  return event;
}

}  // namespace

TEST_CASE("a cell is where its column and row say") {
  const Emotion corner = emotion_of(certain(7, 0).data());
  CHECK(corner.valence == -0.875F);
  CHECK(corner.arousal == 0.875F);
  CHECK(corner.quadrant() == 2);
  CHECK(corner.quadrants == std::array<float, 4>{0, 1, 0, 0});
  CHECK(emotion_of(certain(4, 4).data()).quadrant() == 1);
  CHECK(emotion_of(certain(3, 3).data()).quadrant() == 3);
  CHECK(emotion_of(certain(3, 4).data()).quadrant() == 4);
  CHECK(emotion_of(certain(3, 4).data()).valence == 0.125F);
}

TEST_CASE("nothing known is the middle") {
  Cells even;
  even.fill(1.0F / 64);
  const Emotion emotion = emotion_of(even.data());
  CHECK(emotion.valence == 0);
  CHECK(emotion.arousal == 0);
  CHECK(emotion.quadrants == std::array<float, 4>{0.25F, 0.25F, 0.25F, 0.25F});
}

TEST_CASE("for two seconds nothing is settled") {
  EmotionFollower follower;
  CHECK_FALSE(hear_often(follower, quadrants(1, 0, 0, 0), 20).is_settled);
  const EmotionEvent first = follower.hear(quadrants(0, 0, 1, 0).data());
  CHECK(first.is_settled);
  CHECK(first.has_changed);
  CHECK(first.quadrant == 3);  // what came before counts for nothing
  CHECK(first.emotion.valence == -0.625F);
  follower.reset();
  CHECK_FALSE(follower.hear(quadrants(0, 0, 1, 0).data()).is_settled);
}

TEST_CASE("another quadrant must lead by the margin, and changes once") {
  EmotionFollower follower(0.1, 0.2);  // forgets at once
  hear_often(follower, quadrants(1, 0, 0, 0), 21);
  CHECK(hear_often(follower, quadrants(0.45F, 0.55F, 0, 0), 30).quadrant == 1);
  int changes = 0;
  EmotionEvent event;
  for (int n = 0; n < 30; ++n) {
    event = follower.hear(quadrants(0.35F, 0.65F, 0, 0).data());
    changes += event.has_changed;
  }
  CHECK(event.quadrant == 2);
  CHECK(changes == 1);
}

TEST_CASE("answers that are no distribution are passed over") {
  EmotionFollower follower, twin;
  hear_often(follower, quadrants(0.5F, 0.5F, 0, 0), 30);
  const EmotionEvent wanted = hear_often(twin, quadrants(0.5F, 0.5F, 0, 0), 31);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float number : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, -1.0F}) {
    Cells broken = quadrants(0, 0, 1, 0);
    broken[33] = number;
    const EmotionEvent event = follower.hear(broken.data());
    CHECK(event.is_settled);
    CHECK(event.quadrant == 1);
  }
  const Cells nothing{};
  follower.hear(nothing.data());
  const EmotionEvent event = follower.hear(quadrants(0.5F, 0.5F, 0, 0).data());
  CHECK(event.emotion.valence == wanted.emotion.valence);
  CHECK(event.quadrant == wanted.quadrant);
}

TEST_CASE("settings that mean nothing give the plain mean and no margin") {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (const double seconds : {0.0, -3.0, not_a_number, HUGE_VAL}) {
    EmotionFollower follower(seconds, not_a_number);
    hear_often(follower, quadrants(1, 0, 0, 0), 20 + 30);
    const EmotionEvent event = hear_often(follower, quadrants(0, 1, 0, 0), 10);
    CHECK(event.emotion.quadrants[0] == doctest::Approx(0.75));
    CHECK(event.emotion.quadrants[1] == doctest::Approx(0.25));
  }
}

TEST_CASE("following allocates nothing") {
  EmotionFollower follower;
  const Cells cells = quadrants(0.25F, 0.25F, 0.25F, 0.25F);
  CHECK(tests::allocations_in([&] { hear_often(follower, cells, 100); }) == 0);
}
