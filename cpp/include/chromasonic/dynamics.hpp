// Bars of any part but drums as what the DynamicsEngine reads, and what it says as velocities.
//
// All of this may run on the audio thread: nothing allocates, locks or throws.
#pragma once

#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/events.hpp>
#include <chromasonic/music/bar_grid.hpp>
#include <cstddef>
#include <cstdint>

namespace chromasonic::dynamics {

inline constexpr std::size_t input_size = 2 * bar_steps;  ///< onset weights, then mean heights
inline constexpr std::size_t output_size = bar_steps;     ///< velocities

/// So many notes at once are a full onset weight; more add nothing.
inline constexpr int most_notes = 8;
inline constexpr float middle_c = 60.0F, two_octaves = 24.0F;

/// How notes are given their strength.
struct Settings {
  double amount = 1.0;  ///< 0 leaves it as it was, 1 goes where the model says, more beyond
  /// Added to what the model says, MIDI units. No bar tells how loud a piece is as a whole: the
  /// model has learned the mean of piano recitals, so whoever knows the level says it here.
  double level = 0.0;
};

/// A note that begins in a bar.
struct Onset {
  int step;               ///< nearest sixteenth of the window, 0 to 15
  std::uint8_t note;      ///< MIDI note, 0 to 127
  std::uint8_t velocity;  ///< as written, 1 to 127
};

/// One bar's features. Audio thread.
///
/// @param features 32: how many notes begin on each sixteenth, at most 8, over 8; then their mean
///     MIDI note less 60, over 24, 0 where none begins
inline void encode(const Onset* onsets, std::size_t count,
                   float* features) noexcept CHROMASONIC_NONBLOCKING {
  std::int64_t notes[bar_steps] = {};
  std::int64_t sums[bar_steps] = {};
  for (std::size_t i = 0; i < count; ++i) {
    ++notes[onsets[i].step];
    sums[onsets[i].step] += onsets[i].note;
  }
  for (int step = 0; step < bar_steps; ++step) {
    const std::int64_t many = notes[step];
    float height = 0.0F;
    if (many > 0) {
      const double mean = static_cast<double>(sums[step]) / static_cast<double>(many);
      height = (static_cast<float>(mean) - middle_c) / two_octaves;
    }
    features[step] = static_cast<float>(many < most_notes ? many : most_notes) / most_notes;
    features[bar_steps + step] = height;
  }
}

/// Velocity of each note of a bar. Audio thread.
///
/// The loudest note of a step goes where the model says, others keep their share of it: a chord
/// stays voiced as it was written.
///
/// @param output 16: velocity of each sixteenth, 0 to 1 (1 is 127)
/// @param velocities one for each onset, in their order, 1 to 127
inline void decode(const float* output, const Onset* onsets, std::size_t count,
                   const Settings& settings,
                   std::uint8_t* velocities) noexcept CHROMASONIC_NONBLOCKING {
  std::uint8_t loudest[bar_steps] = {};
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t& most = loudest[onsets[i].step];
    most = onsets[i].velocity > most ? onsets[i].velocity : most;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double written = onsets[i].velocity;
    if (!are_finite(output + onsets[i].step, 1)) {  // no number says nothing
      velocities[i] = onsets[i].velocity;
      continue;
    }
    const double step = static_cast<double>(output[onsets[i].step]) * 127.0 + settings.level;
    const double wanted = step * written / loudest[onsets[i].step];
    velocities[i] = midi_velocity(written + settings.amount * (wanted - written));
  }
}

}  // namespace chromasonic::dynamics
