// Harmony: the memory by hand and beyond its bound, the player, and bad input.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/harmony_player.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <set>
#include <vector>

#include "allocation_counter.hpp"

using namespace chromasonic;
namespace page = blocks::harmony_predictor;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr int c_major = 0, f_major = 5, g_major = 7, a_minor = 21;
using Numbers = std::array<float, chord_classes>;
using Features = std::array<float, harmony_inputs>;

Numbers numbers_of(const HarmonyMemory& memory) {
  Numbers numbers;
  numbers.fill(99);
  memory.numbers(numbers.data());
  return numbers;
}

/// A memory that has heard chords, one a beat.
std::unique_ptr<HarmonyMemory> after(const std::vector<int>& chords) {
  auto memory = std::make_unique<HarmonyMemory>();
  for (const int chord : chords) memory->hear(chord);
  return memory;
}

/// Probabilities that say one class, and a little of another.
Numbers saying(int first, int second = chord_hold) {
  Numbers probabilities{};
  probabilities[static_cast<std::size_t>(second)] = 0.25F;
  probabilities[static_cast<std::size_t>(first)] = 0.75F;
  return probabilities;
}

}  // namespace

TEST_CASE("a memory by hand") {
  const auto memory = std::make_unique<HarmonyMemory>();
  Numbers expected{};
  expected[chord_start] = 1;
  CHECK(numbers_of(*memory) == expected);
  memory->hear(chord_hold);  // nothing has begun
  CHECK(numbers_of(*memory) == expected);

  memory->hear(c_major);
  memory->hear(c_major);
  memory->hear(chord_hold);
  CHECK(memory->current() == c_major);
  CHECK(memory->held() == 3);
  Numbers numbers = numbers_of(*memory);
  CHECK(numbers[c_major] == 1);
  CHECK(numbers[chord_hold] == 2);   // log2(1 + 3)
  CHECK(numbers[chord_start] == 0);  // nobody knows how long

  memory->hear(g_major);
  numbers = numbers_of(*memory);
  CHECK(numbers[g_major] == 1);
  CHECK(numbers[c_major] == doctest::Approx(0.15 * 0.6));

  memory->hear(c_major);  // it was held for three beats, then G came
  numbers = numbers_of(*memory);
  CHECK(numbers[c_major] == 1);
  CHECK(numbers[g_major] == doctest::Approx(0.15 * 0.6 + 0.25 + 0.25 / 8));
  CHECK(memory->due() == -1);
  memory->hear(chord_hold);
  CHECK(memory->due() == -1);
  memory->hear(chord_hold);
  CHECK(memory->due() == 1);
  memory->hear(chord_hold);
  CHECK(memory->due() == 0.3F);
}

TEST_CASE("the longest run of chords that was met before tells what comes") {
  // C F G led to A minor, then F alone to C.
  const auto memory = after({c_major, f_major, g_major, a_minor, f_major, c_major});
  memory->hear(f_major);
  CHECK(numbers_of(*memory)[g_major] > 0.25F + 2 * 0.25F / 8);  // by C F, not by F alone
  memory->hear(g_major);
  const double trace = 0.15 * std::pow(0.6, 4);  // four changes ago
  CHECK(numbers_of(*memory)[a_minor] == doctest::Approx(trace + 0.25 + 3 * 0.25 / 8));
}

TEST_CASE("two chords of one class are two where the caller says so") {
  const auto memory = after({chord_other});
  memory->hear(chord_other, false);
  CHECK(memory->held() == 2);
  memory->hear(chord_other, true);
  CHECK(memory->held() == 1);
  CHECK(numbers_of(*memory)[chord_other] == 1);
}

TEST_CASE("numbers that are no class say that nothing new is heard") {
  const auto memory = after({c_major});
  for (const int chord : {-1, 64, 1 << 30, -(1 << 30), chord_start, chord_hold}) {
    memory->hear(chord);
    memory->hear(chord, true);
  }
  CHECK(memory->current() == c_major);
  CHECK(memory->held() == 13);
}

TEST_CASE("beyond its bound a memory forgets the oldest, and never leaves its room") {
  const auto memory = std::make_unique<HarmonyMemory>();
  const std::vector<int> opening{c_major, f_major, g_major};
  for (const int chord : opening) memory->hear(chord);
  for (std::size_t n = 0; n < HarmonyMemory::most_changes - 6; ++n)
    memory->hear(24 + static_cast<int>(n % 2));  // two chords in turn
  memory->hear(c_major);
  CHECK(numbers_of(*memory)[f_major] > 0.25F);  // the opening is still known
  for (std::size_t n = 0; n < HarmonyMemory::most_changes - 6; ++n)
    memory->hear(24 + static_cast<int>(n % 2));
  memory->hear(c_major);
  CHECK(numbers_of(*memory)[f_major] < 0.01F);
  CHECK(numbers_of(*memory)[24] > 0.25F);  // what came after it the last time
  std::srand(1);
  for (int n = 0; n < 20'000; ++n) {
    memory->hear(std::rand() % 70 - 3, std::rand() % 2 == 0);
    if (n % 7 == 0) memory->forget_course(std::rand() % 5);
  }
  for (const float number : numbers_of(*memory)) CHECK(std::isfinite(number));
}

TEST_CASE("features are counted from the tonic, and what is out of range is unknown") {
  const auto memory = after({g_major});
  HarmonyMoment moment;
  moment.key = Key::of(7, Mode::major);
  moment.beat = 5;
  moment.bar_beats = 6;
  moment.melody[11] = 0.5F;       // B, in this beat
  moment.melody[36 + 2] = 0.25F;  // D, three beats on
  moment.melody[0] = not_a_number;
  moment.melody[1] = -infinity;
  moment.melody[3] = -2;
  moment.melody[14] = 7;  // D, in the next beat
  Features features;
  encode_harmony(*memory, moment, features.data());
  CHECK(features[0] == 1);  // the tonic's chord
  CHECK(features[page::melody.begin + 4] == 0.5F);
  CHECK(features[page::melody.begin + 36 + 7] == 0.25F);
  CHECK(features[page::melody.begin + 12 + 7] == 1);
  float sum = 0;
  for (std::size_t n = 0; n < page::melody.size; ++n) sum += features[page::melody.begin + n];
  CHECK(sum == 1.75F);
  for (const std::size_t step : {0U, 2U, 4U, 5U, 7U, 9U, 11U})
    CHECK(features[page::key.begin + step] == 1);
  CHECK(features[page::beat.begin + 3] == 1.5F);

  moment.key.tonic = 99;
  moment.key.scale = 0;
  moment.beat = -3;
  encode_harmony(*memory, moment, features.data());
  CHECK(features[g_major] == 1);  // counted from C
  for (std::size_t n = page::key.begin; n < harmony_inputs; ++n) CHECK(features[n] == 0);
  moment.beat = std::numeric_limits<int>::max();
  moment.bar_beats = 0;
  encode_harmony(*memory, moment, features.data());
  CHECK(features[harmony_inputs - 1] == 0);
}

TEST_CASE("notes are shared among the beats in which they sound") {
  BeatMelody melody;
  melody.add(60, 0.5, 2.25);
  melody.add(76, 2.25, 3);
  const MelodyAhead ahead = melody.ahead(0);
  CHECK(ahead[0] == 0.5F);
  CHECK(ahead[12] == 1);
  CHECK(ahead[24] == 0.25F);
  CHECK(ahead[24 + 4] == 0.75F);
  CHECK(melody.ahead(2)[0] == 0.25F);
  CHECK(melody.ahead(64) == MelodyAhead{});
  melody.add(60, 64, 65);  // beat 0 makes room
  CHECK(melody.ahead(64)[0] == 1);
  CHECK(melody.ahead(0)[0] == 0);
  CHECK(melody.ahead(-1) == MelodyAhead{});
  melody.add(60, 0, 1);  // too late
  CHECK(melody.ahead(64)[0] == 1);
}

TEST_CASE("notes that are none are passed over, and endless ones end") {
  BeatMelody melody;
  const double odd[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e300, -1, 1e13};
  for (const double onset : odd)
    for (const double end : odd) melody.add(60, onset, end);
  melody.add(-1, 0, 1);
  melody.add(128, 0, 1);
  melody.add(60, 1, 1);
  CHECK(melody.ahead(0) == MelodyAhead{});
  melody.add(60, 0, 1e300);
  CHECK(melody.ahead(60)[36] == 1);
  CHECK(melody.ahead(64) == MelodyAhead{});
}

TEST_CASE("a player chooses what makes sense, as it sounds") {
  HarmonyPlayer player;
  Features features;
  player.set_key(Key::of(7, Mode::major));
  player.prepare(0, 4, {}, features.data());
  CHECK(features[chord_start] == 1);
  ChordEvent event = player.choose(saying(chord_hold, c_major).data());  // nothing to hold yet
  CHECK(event.chord == g_major);                                         // the tonic's chord
  CHECK(event.is_new);
  CHECK(event.probability == 0.25F);
  CHECK(event.tones == 0b100010000100);
  CHECK(event.notes.count == 4);
  player.prepare(1, 4, {}, features.data());
  event = player.choose(saying(c_major).data());  // it sounds already: it is held
  CHECK(event.chord == g_major);
  CHECK_FALSE(event.is_new);
  player.prepare(2, 4, {}, features.data());
  event = player.choose(saying(chord_none, f_major).data());
  CHECK(event.chord == c_major);
  CHECK(event.is_new);
}

TEST_CASE("restlessness is what holding costs") {
  HarmonyPlayer player;
  player.choose(saying(c_major).data());
  Numbers probabilities{};
  probabilities[chord_hold] = 0.6F;
  probabilities[f_major] = 0.4F;
  CHECK(player.choose(probabilities.data()).is_new);  // 0.6 / e^0.5 is 0.36
  probabilities[f_major] = 0;
  probabilities[g_major] = 0.3F;
  CHECK_FALSE(player.choose(probabilities.data()).is_new);
  player.set_restlessness(20);
  CHECK(player.choose(probabilities.data()).is_new);
  player.set_restlessness(std::nan(""));
  probabilities[a_minor] = 0.55F;
  CHECK_FALSE(player.choose(probabilities.data()).is_new);
}

TEST_CASE("an answer without sense leaves the chord") {
  HarmonyPlayer player;
  for (const float number : {0.0F, not_a_number, -1.0F, infinity}) {
    Numbers nothing;
    nothing.fill(number);
    CHECK(player.choose(nothing.data()).chord == chord_start);
  }
  player.choose(saying(c_major).data());
  for (const float number : {0.0F, not_a_number, -1.0F, infinity}) {
    Numbers nothing;
    nothing.fill(number);
    const ChordEvent event = player.choose(nothing.data());
    CHECK(event.chord == c_major);
    CHECK_FALSE(event.is_new);
  }
}

TEST_CASE("a player that hears somebody else's chords learns how the piece goes") {
  HarmonyPlayer player;
  Features features;
  for (const int chord : {c_major, f_major, c_major}) player.hear(chord);
  CHECK_FALSE(player.hear(chord_hold).is_new);
  player.prepare(0, 4, {}, features.data());
  CHECK(features[f_major] > 0.25F);
  player.reset(0);
  player.prepare(0, 4, {}, features.data());
  CHECK(features[chord_start] == 1);
}

TEST_CASE("drawn chords are drawn by their seed") {
  const auto chords = [](std::uint64_t seed) {
    HarmonyPlayer player(seed);
    player.set_sampling({1, 0, 1});
    Numbers alike;
    alike.fill(1.0F / 64);
    std::vector<int> drawn;
    for (int n = 0; n < 60; ++n) drawn.push_back(player.choose(alike.data()).chord);
    return drawn;
  };
  CHECK(chords(1) == chords(1));
  CHECK(chords(1) != chords(2));
  const std::vector<int> drawn = chords(3);
  CHECK(std::set<int>(drawn.begin(), drawn.end()).size() > 20);
}

TEST_CASE("a player allocates nothing") {
  HarmonyPlayer player;
  BeatMelody melody;
  Features features;
  const Numbers probabilities = saying(f_major, g_major);
  const std::size_t allocations = tests::allocations_in([&] {
    for (int beat = 0; beat < 200; ++beat) {
      melody.add(60 + beat % 12, beat, beat + 1.5);
      player.prepare(beat % 4, 4, melody.ahead(beat), features.data());
      player.choose(probabilities.data());
      player.hear(beat % 60);
    }
    player.reset(0);
    melody.reset();
  });
  CHECK(allocations == 0);
}
