// The chord that sounding tones make: from keys that are held to a class for `HarmonyPlayer::hear`.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/music/chord.hpp>
#include <cmath>
#include <cstddef>

namespace chromasonic {

/// The class that best explains what sounds, the same as Python's `music.chord_fitting`. Audio
/// thread.
///
/// Each of eight kinds of chord on each root is scored: the weight of the tones that it holds, less
/// that of those that it does not hold, less 1 for each of its tones that does not sound. Of equal
/// ones that with the heavier root is taken, then that with its root in the bass, then the more
/// usual.
///
/// Source: B. Pardo and W. P. Birmingham, "Algorithms for chordal analysis", Computer Music Journal
/// 26 (2002). Differs: as Python's page says.
///
/// @param weights (12,) how much of each pitch class sounds, C first; 1 is a tone throughout. What
/// is
///     below 0, or no number, is 0.
/// @param bass pitch class of the lowest tone; `unknown`: nobody knows.
/// @return 0 to 59, `chord_none` for silence, `chord_other` where nothing fits.
inline int fitted_chord(const float* weights, int bass = unknown) noexcept CHROMASONIC_NONBLOCKING {
  struct Template {
    PitchClasses tones;
    ChordQuality quality;  // that stands for it among the classes
  };
  constexpr Template templates[] = {
      {0b000010010001, ChordQuality::major},
      {0b000010001001, ChordQuality::minor},
      {0b010010010001, ChordQuality::dominant_seventh},
      {0b010010001001, ChordQuality::minor_seventh},
      {0b000001001001, ChordQuality::diminished},
      {0b100010010001, ChordQuality::major},       // major seventh
      {0b010001001001, ChordQuality::diminished},  // half-diminished
      {0b001001001001, ChordQuality::diminished},  // diminished seventh
  };
  constexpr double finest = 1e-6;  // scores nearer than this are equal
  std::array<double, 12> sounding{};
  double total = 0;
  for (std::size_t tone = 0; tone < 12; ++tone) {
    sounding[tone] = is_finite(weights[tone]) ? std::max(double{weights[tone]}, 0.0) : 0.0;
    total += sounding[tone];
  }
  if (total <= 0) return chord_none;
  int order = 0, found = chord_other;
  double best_rank = 0, best_score = 0;
  for (const Template& each : templates) {
    for (int root = 0; root < 12; ++root, ++order) {
      const PitchClasses tones = transposed(each.tones, root);
      double held = 0, missing = 0;
      for (int tone = 0; tone < 12; ++tone) {
        if (!contains(tones, tone)) continue;
        held += sounding[static_cast<std::size_t>(tone)];
        missing += sounding[static_cast<std::size_t>(tone)] <= 0 ? 1 : 0;
      }
      const double score = std::nearbyint((2 * held - total - missing) / finest);
      const double heaviest = sounding[static_cast<std::size_t>(root)] / std::max(total, 1e-9);
      const double rank = score + 0.4 * heaviest + (root == bass ? 1e-4 : 0.0) - 1e-7 * order;
      if (order > 0 && rank <= best_rank) continue;
      best_rank = rank, best_score = score;
      found = chord_class(root, each.quality);
    }
  }
  return best_score > 0 ? found : chord_other;
}

/// The same of keys that are held.
///
/// @param tones that sound, each throughout.
inline int fitted_chord(PitchClasses tones, int bass = unknown) noexcept CHROMASONIC_NONBLOCKING {
  std::array<float, 12> weights{};
  for (int tone = 0; tone < 12; ++tone)
    weights[static_cast<std::size_t>(tone)] = contains(tones, tone) ? 1.0F : 0.0F;
  return fitted_chord(weights.data(), bass);
}

}  // namespace chromasonic
