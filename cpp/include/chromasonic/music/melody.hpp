// What the MelodyTransformer is told before a note: 64 numbers, the same as Python's.
#pragma once

#include <algorithm>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/music/key.hpp>
#include <chromasonic/music/metre.hpp>
#include <chromasonic/specs.hpp>
#include <cmath>
#include <cstddef>

namespace chromasonic {

/// All that is known at the moment before a note begins.
///
/// Whatever is out of range counts as unknown, so that no number a host may hold does harm.
struct MelodyMoment {
  int last_pitch = unknown;    ///< MIDI number of the last note that sounded; else nothing has yet
  double last_sixteenths = 0;  ///< how long it sounded, in sixteenths of a whole note
  bool after_silence = true;   ///< whether silence has come after it
  int place = unknown;         ///< 0 to 15: see `place_in_bar`
  PitchClasses chord = 0;      ///< of the chord that sounds when the note begins; 0: unknown
  Key key{};
  float valence = 0;  ///< -1 to 1; 0: unknown; what is beyond is cut, what is no number is 0
  float arousal = 0;
};

inline constexpr std::size_t melody_inputs = spec_of(Model::melody_transformer).inputs;
inline constexpr std::size_t melody_outputs = spec_of(Model::melody_transformer).outputs;

constexpr bool is_midi_pitch(int pitch) noexcept { return pitch >= 0 && pitch <= 127; }

/// A length as the number of the block `last_duration`: 0 a sixteenth, 0.5 a quarter, 1 a whole
/// note; from -0.25 (also 0, less, and what is no number) to 1.5.
inline float duration_number(double sixteenths) noexcept {
  if (!is_finite(sixteenths)) return -0.25F;
  const double shown = std::log2(std::max(sixteenths, 1e-3)) / 4;
  return static_cast<float>(std::clamp(shown, -0.25, 1.5));
}

namespace melody_detail {

inline float within_plane(float value) noexcept {
  return is_finite(value) ? std::clamp(value, -1.0F, 1.0F) : 0.0F;
}

}  // namespace melody_detail

/// Writes the features of a moment. Audio thread.
///
/// @param features (64,): written whole.
inline void encode_melody(const MelodyMoment& moment,
                          float* features) noexcept CHROMASONIC_NONBLOCKING {
  namespace page = blocks::melody_transformer;
  constexpr std::size_t rest = 12;  // place of the rest in the block last_pitch_class
  std::fill_n(features, melody_inputs, 0.0F);
  const bool has_last = is_midi_pitch(moment.last_pitch);
  if (has_last) {
    const int octave = std::clamp(moment.last_pitch / 12 - 2, 0, 7);
    features[page::last_pitch_class.begin + static_cast<std::size_t>(moment.last_pitch % 12)] = 1;
    features[page::last_octave.begin + static_cast<std::size_t>(octave)] = 1;
    features[page::last_duration.begin] = duration_number(moment.last_sixteenths);
  }
  if (!has_last || moment.after_silence) features[page::last_pitch_class.begin + rest] = 1;
  if (moment.place >= 0 && moment.place < 16)
    features[page::sixteenth.begin + static_cast<std::size_t>(moment.place)] = 1;
  for (std::size_t tone = 0; tone < 12; ++tone) {
    if (contains(moment.chord, static_cast<int>(tone))) features[page::chord.begin + tone] = 1;
    if (contains(moment.key.scale, static_cast<int>(tone))) features[page::key.begin + tone] = 0.5F;
  }
  if (moment.key.has_tonic())
    features[page::key.begin + static_cast<std::size_t>(moment.key.tonic)] = 1;
  features[page::valence.begin] = melody_detail::within_plane(moment.valence);
  features[page::arousal.begin] = melody_detail::within_plane(moment.arousal);
}

}  // namespace chromasonic
