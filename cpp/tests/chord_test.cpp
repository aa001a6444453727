// Chords: tones, names and notes as musicians know them, and the chord that sounding tones make.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <array>
#include <chromasonic/music/chord_fitting.hpp>
#include <limits>
#include <string>

using namespace chromasonic;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr int c_major = 0, a_minor = 21, g_seventh = 43;

}  // namespace

TEST_CASE("chords have the tones, names and notes that musicians know") {
  CHECK(chord_class(9, ChordQuality::minor) == a_minor);
  CHECK(chord_class(-5, ChordQuality::dominant_seventh) == g_seventh);
  CHECK(chord_tones(g_seventh) == 0b100010100100);  // G B D F
  CHECK(transposed_class(a_minor, 5) == 14);        // D minor
  CHECK(transposed_class(a_minor, -21) == 12);      // C minor
  CHECK(transposed_class(chord_hold, 5) == chord_hold);
  CHECK(std::string(chord_name(a_minor).text) == "Am");
  CHECK(std::string(chord_name(g_seventh).text) == "G7");
  CHECK(std::string(chord_name(10).text) == "Bb");
  CHECK(std::string(chord_name(10, 6).text) == "A#");
  CHECK(std::string(chord_name(chord_hold).text) == "hold");
  CHECK(std::string(chord_name(-1).text) == "?");
  const ChordNotes notes = voiced(g_seventh);
  CHECK(notes.count == 5);
  CHECK(notes.pitches == std::array<int, 5>{43, 55, 59, 62, 65});
}

TEST_CASE("whatever number a chord is, its notes are MIDI's and its name ends") {
  for (const int chord : {-1000, -1, 0, 31, 59, 60, 63, 64, 1 << 30}) {
    for (const int place : {-1000, 0, 60, 116, 127, 1 << 30}) {
      const ChordNotes notes = voiced(chord, place, place);
      CHECK((notes.count == 0) == !has_root(chord));
      for (std::size_t n = 0; n < notes.count; ++n) {
        CHECK(notes.pitches[n] >= 0);
        CHECK(notes.pitches[n] <= 127);
      }
    }
    for (const int fifths : {-1000, -7, 7, 1000})
      CHECK(std::string(chord_name(chord, fifths).text).size() < 8);
  }
}

TEST_CASE("keys that are held make a chord") {
  CHECK(fitted_chord(0b000010010001) == c_major);
  CHECK(fitted_chord(0b001010010001, 9) == 45 + 12);  // A C E G with A in the bass: Am7
  CHECK(fitted_chord(PitchClasses{0}) == chord_none);
  CHECK(fitted_chord(0b000000000011) == chord_other);  // C and C sharp
  CHECK(fitted_chord(0xF000, 1000) == chord_none);     // bits beyond B
  const std::array<float, 12> broken{not_a_number, infinity, -1, -infinity};
  CHECK(fitted_chord(broken.data()) == chord_none);
}
