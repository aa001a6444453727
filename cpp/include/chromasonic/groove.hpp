// Drum bars as what the GroovePredictor reads, and what it says as velocity and time of each hit.
//
// A bar has 16 steps (sixteenths); its hits stand in 4 groups of drums. All of this may run on the
// audio thread: nothing allocates, locks or throws.
#pragma once

#include <algorithm>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/events.hpp>
#include <chromasonic/music/bar_grid.hpp>
#include <chromasonic/music/chance.hpp>
#include <chromasonic/music/drum_tables.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace chromasonic::groove {

inline constexpr std::size_t input_size = drum_groups * bar_steps;  ///< group after group
inline constexpr std::size_t output_size = 2 * bar_steps;           ///< velocities, offsets

/// A hit farther than this share of a step from its sixteenth is meant so (a triplet, a swing):
/// the model knows sixteenths only and leaves its time alone.
inline constexpr double meant = 0.15;

/// Steps of one note of an eighth-note triplet.
inline constexpr double triplet = 4.0 / 3.0;

/// From this MIDI velocity of the loudest hit on, a step is loud.
inline constexpr float loud = 64.0F;

/// How much a drummer differs from himself when a bar comes again: spread of velocity in MIDI
/// units, spread of time as a share of a step, and how much of it the next step still has.
inline constexpr double loose_velocity = 8.1, loose_timing = 0.10, loose_memory = 0.58;

/// How a drum part is humanized.
struct Settings {
  double velocity = 1.0;   ///< 0 leaves it as it was, 1 goes where the model says, more beyond
  double timing = 1.0;     ///< the same of time
  double looseness = 0.0;  ///< chance on top: 1 is as much as drummers differ from themselves
  bool quantize = false;   ///< first put each hit on its nearest sixteenth or triplet
};

/// A hit of one bar.
struct Hit {
  int step;               ///< nearest sixteenth of the bar, 0 to 15
  double offset;          ///< from that step, in steps: -0.5 (early) to below 0.5
  std::uint8_t note;      ///< General MIDI drum, 0 to 127
  std::uint8_t velocity;  ///< 1 to 127
};

/// What becomes of a hit.
struct Struck {
  double shift;           ///< in steps; below 0 is earlier
  std::uint8_t velocity;  ///< 1 to 127
  bool is_meant;          ///< its time was left alone, see `meant`
};

/// What looseness remembers from bar to bar.
struct Looseness {
  Chance chance;
  double drift = 0.0;  ///< of the last struck step, in spreads
};

/// A hit at a position, with its bar. Audio thread.
///
/// @param position in steps from the start of the music
/// @param begin where the first bar of this metre begins, not after the hit's step
/// @param length steps of a bar, at least 1
struct PlacedHit {
  std::int64_t first_step;
  Hit hit;
};
inline PlacedHit place(double position, std::uint8_t note, std::uint8_t velocity,
                       std::int64_t begin, std::int64_t length) noexcept {
  const std::int64_t step = nearest_step(position);
  const BarPlace where = drum_place(step, begin, length);
  return {where.first_step, {where.step, position - static_cast<double>(step), note, velocity}};
}

/// One bar's features. Audio thread.
///
/// @param features 64: kick, snare, hat or cymbal, other; 16 steps each; 1 where it is struck
inline void encode(const Hit* hits, std::size_t count,
                   float* features) noexcept CHROMASONIC_NONBLOCKING {
  for (std::size_t i = 0; i < input_size; ++i) {
    features[i] = 0.0F;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t group = group_of(hits[i].note);
    features[group * bar_steps + static_cast<std::size_t>(hits[i].step)] = 1.0F;
  }
}

/// What several hits on a step need to know of each other.
struct StepTable {
  std::uint8_t groups[bar_steps] = {};                ///< which meet, as bits
  std::uint8_t loudest[bar_steps][drum_groups] = {};  ///< written velocity
  std::uint64_t near[bar_steps][2] = {};              ///< which drums are near the step, as bits

  StepTable(const Hit* hits, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      const Hit& hit = hits[i];
      const std::size_t group = group_of(hit.note);
      groups[hit.step] = static_cast<std::uint8_t>(groups[hit.step] | (1U << group));
      std::uint8_t& most = loudest[hit.step][group];
      most = hit.velocity > most ? hit.velocity : most;
      if (std::fabs(hit.offset) <= meant) {
        near[hit.step][hit.note >> 6 & 1] |= std::uint64_t{1} << (hit.note & 63);
      }
    }
  }

  bool is_meant(const Hit& hit) const noexcept {
    return (near[hit.step][hit.note >> 6 & 1] >> (hit.note & 63) & 1) == 0;
  }
};

/// Velocity of a group on a step, MIDI units: where groups meet, the softer ones are softer.
inline double group_velocity(float loudest, unsigned groups, std::size_t group) noexcept {
  const float velocity = loudest * 127.0F;
  return static_cast<double>(velocity * share_of_group(velocity >= loud, groups, group));
}

/// Of a broken model's answers: beyond this nothing is left of music, and products stay finite.
inline constexpr float widest_answer = 1e6F;

/// From a hit to the nearest note of an eighth-note triplet of its bar, in steps.
inline double to_triplet(const Hit& hit) noexcept {
  const double position = hit.step + hit.offset;
  return std::nearbyint(position / triplet) * triplet - position;
}

/// What the model's answer makes of each hit of a bar. Audio thread.
///
/// Hits of one group on one step keep their relation of loudness, hits of one drum on one step
/// (a flam, a drag) move together.
///
/// @param output 32: velocity of each step's loudest hit (1 is 127), then its offset in steps
/// @param loose memory of looseness from bar to bar; unused where `settings.looseness` is 0
/// @param struck one for each hit, in their order
inline void decode(const float* output, const Hit* hits, std::size_t count,
                   const Settings& settings, Looseness& loose,
                   Struck* struck) noexcept CHROMASONIC_NONBLOCKING {
  const StepTable table(hits, count);
  double drift[bar_steps] = {};
  if (settings.looseness > 0) {
    for (int step = 0; step < bar_steps; ++step) {
      if (table.groups[step] != 0) {
        const double noise = loose.chance.normal() * std::sqrt(1 - loose_memory * loose_memory);
        loose.drift = loose_memory * loose.drift + noise;
        drift[step] = loose_timing * loose.drift;
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Hit& hit = hits[i];
    const std::size_t group = group_of(hit.note);
    const double written = hit.velocity;
    const bool is_meant = table.is_meant(hit);
    double velocity = written, shift = 0.0;
    // What is no number says nothing: the hit stays as it is written.
    if (are_finite(output + hit.step, 1) && are_finite(output + bar_steps + hit.step, 1)) {
      const float loudest = std::clamp(output[hit.step], -widest_answer, widest_answer);
      const float offset = std::clamp(output[bar_steps + hit.step], -widest_answer, widest_answer);
      const double wanted = group_velocity(loudest, table.groups[hit.step], group) * written /
                            table.loudest[hit.step][group];
      velocity += settings.velocity * (wanted - written);
      shift = is_meant ? 0.0 : settings.timing * static_cast<double>(offset);
    }
    if (settings.looseness > 0) {
      velocity += settings.looseness * loose_velocity * loose.chance.normal();
      shift += settings.looseness * drift[hit.step];
    }
    if (settings.quantize) {
      shift += is_meant ? to_triplet(hit) : -hit.offset;
    }
    struck[i] = {shift, midi_velocity(velocity), is_meant};
  }
}

}  // namespace chromasonic::groove
