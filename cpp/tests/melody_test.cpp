// Melodies: places, features by hand, drawing, the player, and whatever a host may get wrong.
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/melody_player.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "allocation_counter.hpp"

using namespace chromasonic;
namespace page = blocks::melody_transformer;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
using Features = std::array<float, melody_inputs>;
using Probabilities = std::array<float, melody_outputs>;

/// The places in a block where something other than 0 stands.
std::set<std::size_t> set_places(const Features& features, const Block& block) {
  std::set<std::size_t> places;
  for (std::size_t n = 0; n < block.size; ++n)
    if (features[block.begin + n] != 0) places.insert(n);
  return places;
}

Features encoded(const MelodyMoment& moment) {
  Features features;
  features.fill(99);  // whatever was there is overwritten
  encode_melody(moment, features.data());
  return features;
}

bool is_within_page(const Features& features) {
  for (const float value : features)
    if (!(value >= -1 && value <= 1.5F)) return false;
  return true;
}

Probabilities all_alike() {
  Probabilities probabilities;
  probabilities.fill(1.0F / 128);
  return probabilities;
}

}  // namespace

TEST_CASE("a key's scale is the one that musicians know") {
  CHECK(Key::of(0, Mode::major).scale == 0b101010110101);
  CHECK(Key::of(9, Mode::minor).scale == Key::of(0, Mode::major).scale);
  CHECK(Key::of(2, Mode::dorian).scale == Key::of(0, Mode::major).scale);
  CHECK(Key::of(4, Mode::phrygian).scale == Key::of(0, Mode::major).scale);
  CHECK(Key::of(5, Mode::lydian).scale == Key::of(0, Mode::major).scale);
  CHECK(Key::of(7, Mode::mixolydian).scale == Key::of(0, Mode::major).scale);
  CHECK(Key::of(11, Mode::locrian).scale == Key::of(0, Mode::major).scale);
  CHECK(Key::of(-3, Mode::minor).tonic == 9);
  CHECK(Key::of(14, static_cast<Mode>(99)).scale == 0b100);
}

TEST_CASE("places in the bar are counted in sixteenths, in long bars by groups") {
  const auto place = [](int numerator, int denominator, double quarters) {
    return place_in_bar(quarters, Metre{numerator, denominator});
  };
  CHECK(place(4, 4, 0) == 0);
  CHECK(place(4, 4, 3.75) == 15);
  CHECK(place(4, 4, 9) == 15);
  CHECK(place(3, 4, 1.5) == 6);
  CHECK(place(9, 8, 3) == 0);  // the 13th sixteenth of 18: a new group of 12
  CHECK(place(9, 8, 4.25) == 5);
  CHECK(place(6, 4, 2.25) == 1);
  CHECK(place(4, 4, 1 - 1e-7) == 4);  // a host's rounding is no sixteenth
  CHECK(place(4, 4, 1.0 / 3) == 1);
}

TEST_CASE("what is no metre has no places, and beats of quarters") {
  for (const Metre metre : {Metre{0, 4}, Metre{4, 0}, Metre{4, 3}, Metre{-4, 4}, Metre{4, -4},
                            Metre{65, 4}, Metre{4, 128}, Metre{1 << 30, 1 << 30}}) {
    CHECK(metre.is_free());
    CHECK(place_in_bar(1.0, metre) == unknown);
    CHECK(metre.bar_beats() == 0);
    CHECK(metre.beat_ticks() == ticks_per_quarter);
  }
  CHECK(place_in_bar(-0.5, Metre{4, 4}) == unknown);
  CHECK(place_in_bar(not_a_number, Metre{4, 4}) == unknown);
  CHECK(place_in_bar(infinity, Metre{4, 4}) == unknown);
  CHECK(ticks_of_quarters(not_a_number) == 0);
  CHECK(ticks_of_quarters(1e300) == ticks_of_quarters(1e9));
}

TEST_CASE("a moment by hand") {
  MelodyMoment moment;
  moment.last_pitch = 69;
  moment.last_sixteenths = 4;
  moment.after_silence = true;
  moment.place = 6;
  moment.chord = 0b001001000100;  // D F# A
  moment.key = Key::of(2, Mode::major);
  moment.valence = 0.5F;
  moment.arousal = -0.25F;
  const Features features = encoded(moment);
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{9, 12});
  CHECK(set_places(features, page::last_octave) == std::set<std::size_t>{3});
  CHECK(set_places(features, page::sixteenth) == std::set<std::size_t>{6});
  CHECK(set_places(features, page::chord) == std::set<std::size_t>{2, 6, 9});
  CHECK(set_places(features, page::key) == std::set<std::size_t>{1, 2, 4, 6, 7, 9, 11});
  CHECK(features[page::key.begin + 2] == 1);
  CHECK(features[page::key.begin + 4] == 0.5F);
  CHECK(features[page::last_duration.begin] == 0.5F);
  CHECK(features[page::valence.begin] == 0.5F);
  CHECK(features[page::arousal.begin] == -0.25F);
}

TEST_CASE("before the first note there is silence and nothing else is known") {
  const Features features = encoded({});
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{12});
  for (std::size_t n = 13; n < features.size(); ++n) CHECK(features[n] == 0);
}

TEST_CASE("numbers that mean nothing count as unknown") {
  MelodyMoment moment;
  for (const int pitch : {-1, -200, 128, std::numeric_limits<int>::max()}) {
    moment.last_pitch = pitch;
    moment.after_silence = false;
    CHECK(encoded(moment) == encoded({}));
  }
  moment = {};
  moment.place = 16;
  moment.key.tonic = 12;
  moment.chord = moment.key.scale = 0xF000;  // bits beyond B
  moment.valence = std::numeric_limits<float>::quiet_NaN();
  moment.arousal = -std::numeric_limits<float>::infinity();
  CHECK(encoded(moment) == encoded({}));
  moment.valence = 7;
  CHECK(encoded(moment)[page::valence.begin] == 1);
  CHECK(duration_number(0) == -0.25F);
  CHECK(duration_number(-3) == -0.25F);
  CHECK(duration_number(not_a_number) == -0.25F);
  CHECK(duration_number(infinity) == -0.25F);
  CHECK(duration_number(1e300) == 1.5F);
  CHECK(duration_number(1) == 0);
  CHECK(duration_number(16) == 1);
}

TEST_CASE("chance is PCG's, as its author's demonstration prints it") {
  Pcg32 random(42, 54);
  for (const std::uint32_t expected :
       {0xa15c02b7U, 0x7b47f409U, 0xba1d3330U, 0x83d2f293U, 0xbfa4784bU, 0xcbed606eU})
    CHECK(random.next() == expected);
}

TEST_CASE("draws come as often as their probabilities say") {
  const std::array<float, 4> probabilities{0.5F, 0.3F, 0, 0.2F};
  std::array<int, 4> counts{};
  Pcg32 random(1);
  for (int n = 0; n < 100'000; ++n)
    ++counts[draw<4>(probabilities.data(), std::bitset<4>("1111"), random.uniform())];
  CHECK(counts[2] == 0);
  CHECK(std::abs(counts[0] - 50'000) < 800);
  CHECK(std::abs(counts[1] - 30'000) < 700);
}

TEST_CASE("a draw is always one that may come, whatever it is given") {
  const float broken = std::numeric_limits<float>::quiet_NaN();
  const float endless = std::numeric_limits<float>::infinity();
  const std::bitset<4> middle("0110");
  const std::vector<std::array<float, 4>> answers = {{broken, broken, broken, broken},
                                                     {1, endless, -1, 1},
                                                     {0, 0, 0, 0},
                                                     {1, 1e-45F, 0, 1},
                                                     {-0.0F, -5, broken, endless}};
  for (const auto& answer : answers) {
    for (const double chance : {0.0, 0.999999999, 1.0, -1.0, not_a_number, infinity}) {
      for (const Sampling how :
           {Sampling{}, Sampling{0, 0, 1}, Sampling{not_a_number, -5, not_a_number},
            Sampling{1e-300, 1, 0.5}, Sampling{infinity, 99, -1}, Sampling{-1, 2, infinity}}) {
        const std::size_t drawn = draw<4>(answer.data(), middle, chance, how);
        CHECK((drawn == 1 || drawn == 2));
      }
    }
  }
  CHECK(draw<4>(answers[2].data(), std::bitset<4>(), 0.6) == 2);  // nothing may: everything may
}

TEST_CASE("cold draws are the likeliest, and the first of equals") {
  const std::array<float, 4> probabilities{0.1F, 0.4F, 0.4F, 0.1F};
  const std::bitset<4> all("1111");
  for (const double chance : {0.0, 0.5, 0.99}) {
    CHECK(draw<4>(probabilities.data(), all, chance, {0, 0, 1}) == 1);
    CHECK(draw<4>(probabilities.data(), all, chance, {1, 1, 1}) == 1);
    CHECK(draw<4>(probabilities.data(), all, chance, {1, 0, 1e-9}) == 1);
  }
}

TEST_CASE("a player keeps what it draws as the last note") {
  MelodyPlayer player(3);
  Features features;
  player.prepare(0, 0, features.data());
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{12});
  Probabilities certain{};
  certain[62] = 1;
  const NoteEvent note = player.choose(certain.data(), 0.5);
  CHECK(note.pitch == 62);
  CHECK(note.onset_quarters == 0);
  CHECK(note.duration_quarters == 0.5);
  player.prepare(0.5, 0, features.data());
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{2});
  CHECK(set_places(features, page::sixteenth) == std::set<std::size_t>{2});
  CHECK(features[page::last_duration.begin] == 0.25F);
  player.prepare(0.75, 0, features.data());  // half an eighth of silence
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{2, 12});
}

TEST_CASE("a short gap is articulation where the player is told so, and the note counts as held") {
  MelodyPlayer player;
  Features features;
  player.set_shortest_rest(1.5);
  player.hear({60, 0, 0.75});
  player.prepare(1, 0, features.data());
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{0});
  CHECK(features[page::last_duration.begin] == 0.5F);  // a quarter, not three sixteenths
  player.prepare(1.25, 0, features.data());
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{0, 12});
}

TEST_CASE("the song jumps back, as loops do: the last note stays, and no silence is made up") {
  MelodyPlayer player;
  Features features;
  player.hear({60, 15, 1});
  player.prepare(0, 0, features.data());
  CHECK(set_places(features, page::last_pitch_class) == std::set<std::size_t>{0});
  CHECK(features[page::last_duration.begin] == 0.5F);
}

TEST_CASE("a player stays within range and allowed tones") {
  MelodyPlayer player(5);
  Features features;
  const Probabilities alike = all_alike();
  player.set_range(72, 60);  // either order
  player.set_allowed(0b000010010001);
  std::set<int> pitches;
  for (int n = 0; n < 500; ++n) {
    player.prepare(n, 0, features.data());
    pitches.insert(player.choose(alike.data(), 1).pitch);
  }
  CHECK(pitches == std::set<int>{60, 64, 67, 72});
  player.set_range(61, 62);  // holds none of them
  CHECK(player.allowed().count() == 2);
  player.set_range(-1000, 1000);
  player.set_allowed(0);
  CHECK(player.allowed().all());
  player.set_range(500, 1000);
  CHECK(player.choose(alike.data(), 1).pitch == 127);
}

TEST_CASE("one seed gives one melody, and a reset gives it again") {
  const Probabilities alike = all_alike();
  const auto melody = [&alike](MelodyPlayer& player) {
    std::vector<int> pitches;
    for (int n = 0; n < 50; ++n) pitches.push_back(player.choose(alike.data(), 1).pitch);
    return pitches;
  };
  MelodyPlayer player(11), twin(11), other(12);
  const std::vector<int> first = melody(player);
  CHECK(first == melody(twin));
  CHECK(first != melody(other));
  player.reset(11);
  CHECK(first == melody(player));
}

TEST_CASE("whatever a host says, the input stays on the page") {
  MelodyPlayer player;
  Features features;
  const std::array<double, 8> times{not_a_number, infinity, -infinity, 1e300,
                                    -1e300,       0,        -4,        1e-300};
  for (const double onset : times) {
    for (const double length : times) {
      player.hear({60, onset, length});
      player.hear({-7, onset, length});
      for (const double next : times) {
        player.set_metre({static_cast<int>(length > 0), 0});
        player.prepare(next, onset, features.data());
        CHECK(is_within_page(features));
      }
    }
  }
}

TEST_CASE("a player allocates nothing") {
  MelodyPlayer player;
  Features features;
  const Probabilities alike = all_alike();
  const std::size_t allocations = tests::allocations_in([&] {
    player.set_sampling({0.9, 20, 0.9});
    for (int n = 0; n < 100; ++n) {
      player.prepare(n, 0, features.data());
      player.choose(alike.data(), 1);
    }
    player.reset(0);
  });
  CHECK(allocations == 0);
}
