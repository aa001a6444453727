// What the HarmonyPredictor is told at a beat: 128 numbers, the same as Python's.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/music/harmony_memory.hpp>
#include <chromasonic/music/key.hpp>
#include <chromasonic/music/metre.hpp>
#include <chromasonic/specs.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace chromasonic {

inline constexpr std::size_t harmony_inputs = spec_of(Model::harmony_predictor).inputs;
inline constexpr std::size_t harmony_outputs = spec_of(Model::harmony_predictor).outputs;
static_assert(harmony_outputs == chord_classes, "the network speaks of the classes of chord.hpp");

/// Beats of melody that the network hears, the present one first.
inline constexpr std::size_t beats_ahead = 4;

/// How long each pitch class sounds in each of the beats, as a share of the beat: 12 numbers a
/// beat, C first.
using MelodyAhead = std::array<float, 12 * beats_ahead>;

/// All that is known at a beat beside the chords so far; pitch classes as they sound.
struct HarmonyMoment {
  Key key{};
  int beat = unknown;    ///< of the bar, from 0, in felt beats
  int bar_beats = 0;     ///< felt beats of the bar; below 1: unknown
  MelodyAhead melody{};  ///< all 0: no melody; cut to 0 to 1, what is no number is 0
};

/// Writes the features of a beat, roots and pitch classes counted from the tonic. Audio thread.
///
/// @param features (128,): written whole.
inline void encode_harmony(const HarmonyMemory& memory, const HarmonyMoment& moment,
                           float* features) noexcept CHROMASONIC_NONBLOCKING {
  namespace page = blocks::harmony_predictor;
  std::fill_n(features, harmony_inputs, 0.0F);
  const int tonic = moment.key.has_tonic() ? moment.key.tonic : 0;
  std::array<float, chord_classes> sounding;
  memory.numbers(sounding.data());
  for (int chord = 0; chord < chord_classes; ++chord) {
    const int counted = transposed_class(chord, -tonic);
    features[page::last_chord.begin + static_cast<std::size_t>(counted)] =
        sounding[static_cast<std::size_t>(chord)];
  }
  for (int step = 0; step < 12; ++step) {  // above the tonic
    const auto place = static_cast<std::size_t>(step);
    const auto tone = static_cast<std::size_t>(pitch_class(tonic + step));
    for (std::size_t ahead = 0; ahead < beats_ahead; ++ahead) {
      const float share = moment.melody[12 * ahead + tone];
      features[page::melody.begin + 12 * ahead + place] =
          is_finite(share) ? std::clamp(share, 0.0F, 1.0F) : 0.0F;
    }
    if (contains(moment.key.scale, tonic + step)) features[page::key.begin + place] = 1;
  }
  if (moment.beat >= 0 && moment.bar_beats > 0) {
    const auto place = static_cast<std::size_t>(std::min(moment.beat, 3));
    features[page::beat.begin + place] = static_cast<float>(moment.bar_beats) / 4;
  }
}

/// The melody's notes as shares of beats, for as many beats as it holds. Audio thread; 7 KB.
///
/// The network wants to know the next three beats too. Where they are known (a sequencer, a loop, a
/// game's score), add notes as soon as they are known; where somebody plays, harmonize three beats
/// late, or let the network hear what there is.
class BeatMelody {
 public:
  static constexpr std::int64_t most_beats = 64;  ///< that are kept at once; older ones go

  void reset() noexcept CHROMASONIC_NONBLOCKING { slots_.fill({}); }

  /// Adds a note, its times in felt beats from the song's beginning (see `Metre::beat_ticks`). What
  /// is no pitch, no time, or before the beginning is passed over; of a longer note the first
  /// `most_beats` beats are taken.
  void add(int pitch, double onset_beats, double end_beats) noexcept CHROMASONIC_NONBLOCKING {
    constexpr double far = 1e12;
    if (!is_finite(onset_beats) || !is_finite(end_beats)) return;
    const bool is_time = onset_beats >= 0 && end_beats > onset_beats && onset_beats < far;
    if (pitch < 0 || pitch > 127 || !is_time) return;
    const auto first = static_cast<std::int64_t>(onset_beats);
    for (std::int64_t beat = first; beat < first + most_beats; ++beat) {
      const auto begin = static_cast<double>(beat);
      if (end_beats <= begin) return;
      Slot& slot = slots_[static_cast<std::size_t>(beat % most_beats)];
      if (slot.beat > beat) continue;  // long gone
      if (slot.beat < beat) slot = {beat, {}};
      slot.shares[static_cast<std::size_t>(pitch % 12)] +=
          std::min(end_beats, begin + 1) - std::max(onset_beats, begin);
    }
  }

  /// The shares of a beat and of the three after it.
  MelodyAhead ahead(std::int64_t beat) const noexcept CHROMASONIC_NONBLOCKING {
    MelodyAhead result{};
    for (std::size_t n = 0; n < beats_ahead && beat >= 0; ++n, ++beat) {
      const Slot& slot = slots_[static_cast<std::size_t>(beat % most_beats)];
      if (slot.beat != beat) continue;
      for (std::size_t tone = 0; tone < 12; ++tone)
        result[12 * n + tone] = static_cast<float>(slot.shares[tone]);
    }
    return result;
  }

 private:
  struct Slot {
    std::int64_t beat = -1;
    std::array<double, 12> shares{};
  };

  std::array<Slot, most_beats> slots_{};
};

}  // namespace chromasonic
