// The 64 classes of chords that models speak of: tones, MIDI notes, names.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/music/key.hpp>
#include <cstddef>

namespace chromasonic {

enum class ChordQuality { major, minor, diminished, dominant_seventh, minor_seventh };

/// A class is 12 x quality + root (C major is 0, A minor 21, G dominant seventh 43), or one of the
/// four special ones. Hold and start are no chords: the chord before stays; there was none yet.
inline constexpr int chord_none = 60, chord_hold = 61, chord_other = 62, chord_start = 63;
inline constexpr int chord_classes = 64;

/// Whether a number is a class with a root, 0 to 59.
constexpr bool has_root(int chord) noexcept { return chord >= 0 && chord < chord_none; }

constexpr int chord_class(int root, ChordQuality quality) noexcept {
  return 12 * static_cast<int>(quality) + pitch_class(root);
}

/// The class so many semitones higher; what has no root stays.
constexpr int transposed_class(int chord, int semitones) noexcept {
  return has_root(chord) ? chord / 12 * 12 + pitch_class(chord + semitones % 12) : chord;
}

/// The tones of a class, as intervals above C where its root is C; empty without a root.
constexpr PitchClasses chord_tones(int chord) noexcept {
  constexpr PitchClasses qualities[] = {
      0b000010010001,  // major: 0 4 7
      0b000010001001,  // minor: 0 3 7
      0b000001001001,  // diminished: 0 3 6
      0b010010010001,  // dominant seventh: 0 4 7 10
      0b010010001001,  // minor seventh: 0 3 7 10
  };
  return has_root(chord) ? transposed(qualities[chord / 12], chord % 12) : PitchClasses{0};
}

/// MIDI notes of a chord, ascending, without allocation.
struct ChordNotes {
  std::array<int, 5> pitches{};
  std::size_t count = 0;  ///< how many of them sound; 0 without a root
};

/// A chord as a keyboard player would hold it: the root in the bass, the tones in one octave above.
/// As the octave stays, neighbouring chords share tones and move little.
///
/// @param bass the root lies in the octave from here up; cut to 0 to 116.
/// @param close the tones lie in the octave from here up; likewise.
constexpr ChordNotes voiced(int chord, int bass = 36, int close = 55) noexcept {
  ChordNotes notes;
  if (!has_root(chord)) return notes;
  const int low = bass < 0 ? 0 : bass > 116 ? 116 : bass;
  const int high = close < 0 ? 0 : close > 116 ? 116 : close;
  notes.pitches[notes.count++] = low + pitch_class(chord % 12 - low);
  for (int pitch = high; pitch < high + 12; ++pitch)
    if (contains(chord_tones(chord), pitch) && pitch != notes.pitches[0])
      notes.pitches[notes.count++] = pitch;
  return notes;
}

/// A name, ended by a zero.
struct ChordName {
  char text[8];
};

namespace chord_detail {

constexpr void append(ChordName& name, std::size_t& length, const char* text) noexcept {
  while (*text != 0 && length + 1 < sizeof name.text) name.text[length++] = *text++;
}

}  // namespace chord_detail

/// What lead sheets call a class: "Am7", "G7", "Bb", "none", "hold", "other", "start".
///
/// @param fifths sharps (above 0) or flats (below 0) of the key signature, for the spelling; cut to
///     -7 to 7.
/// @param is_minor whether the mode is minor, so that the raised leading tone is a sharp.
constexpr ChordName chord_name(int chord, int fifths = 0, bool is_minor = false) noexcept {
  constexpr const char* endings[] = {"", "m", "dim", "7", "m7"};
  constexpr const char* specials[] = {"none", "hold", "other", "start"};
  constexpr char letters[] = "FCGDAEB";
  ChordName name{};
  std::size_t length = 0;
  if (!has_root(chord)) {
    const bool is_special = chord >= chord_none && chord < chord_classes;
    chord_detail::append(name, length, is_special ? specials[chord - chord_none] : "?");
    return name;
  }
  const int signature = fifths < -7 ? -7 : fifths > 7 ? 7 : fifths;
  const int lowest = signature - (is_minor ? 3 : 4);
  const int place = lowest + pitch_class(7 * (chord % 12) - lowest) + 1;  // F is 0
  const int accidentals = (place + 70) / 7 - 10;
  name.text[length++] = letters[place - 7 * accidentals];
  for (int n = 0; n < accidentals; ++n) chord_detail::append(name, length, "#");
  for (int n = 0; n < -accidentals; ++n) chord_detail::append(name, length, "b");
  chord_detail::append(name, length, endings[chord / 12]);
  return name;
}

}  // namespace chromasonic
