// Sets of pitch classes, and keys.
#pragma once

#include <cstdint>

namespace chromasonic {

/// A set of pitch classes: bit 0 is C, bit 11 is B; higher bits mean nothing.
using PitchClasses = std::uint16_t;

inline constexpr PitchClasses all_pitch_classes = 0xFFF;

/// Of a pitch, a tonic, a place in the bar.
inline constexpr int unknown = -1;

/// `value` modulo 12, 0 to 11, of a negative number too.
constexpr int pitch_class(int value) noexcept { return (value % 12 + 12) % 12; }

/// The set so many semitones higher, round the circle of the twelve.
constexpr PitchClasses transposed(PitchClasses set, int semitones) noexcept {
  const unsigned up = static_cast<unsigned>(pitch_class(semitones));
  const unsigned bits = set & all_pitch_classes;
  return static_cast<PitchClasses>((bits << up | bits >> (12 - up)) & all_pitch_classes);
}

constexpr bool contains(PitchClasses set, int class_of_pitch) noexcept {
  return (set >> pitch_class(class_of_pitch) & 1) != 0;
}

enum class Mode { major, minor, dorian, phrygian, lydian, mixolydian, locrian };

/// A key as models are told of it.
struct Key {
  int tonic = unknown;     ///< pitch class 0 to 11; anything else: unknown
  PitchClasses scale = 0;  ///< pitch classes as they sound; 0: unknown

  /// The key of a tonic (any number: its pitch class counts) and a mode.
  static constexpr Key of(int tonic, Mode mode) noexcept {
    constexpr PitchClasses scales[] = {
        0b101010110101,  // major: 0 2 4 5 7 9 11, bit 0 on the right
        0b010110101101,  // minor, the natural one: 0 2 3 5 7 8 10
        0b011010101101,  // dorian: 0 2 3 5 7 9 10
        0b010110101011,  // phrygian: 0 1 3 5 7 8 10
        0b101011010101,  // lydian: 0 2 4 6 7 9 11
        0b011010110101,  // mixolydian: 0 2 4 5 7 9 10
        0b010101101011,  // locrian: 0 1 3 5 6 8 10
    };
    const auto number = static_cast<unsigned>(mode);
    const PitchClasses scale = number < 7 ? scales[number] : PitchClasses{1};
    return {pitch_class(tonic), transposed(scale, tonic)};
  }

  /// The key of a tonic whose mode nobody knows: the tonic alone stands for the scale.
  static constexpr Key of_unknown_mode(int tonic) noexcept {
    return {pitch_class(tonic), transposed(1, tonic)};
  }

  constexpr bool has_tonic() const noexcept { return tonic >= 0 && tonic < 12; }
};

}  // namespace chromasonic
