// Every part of a MIDI file but the drums, struck anew by the DynamicsEngine bar by bar. Times
// stay.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/dynamics.hpp>
#include <cstdint>
#include <tuple>
#include <vector>

#include "drum_part.hpp"
#include "midi_file.hpp"
#include "musical_time.hpp"

namespace chromasonic::midi {

/// A note of a part.
struct PartNote {
  std::size_t track, on;  ///< its message
  std::int64_t onset;     ///< ticks
  std::uint8_t note, velocity, new_velocity;
};

/// How loud a part is as a whole: as written, or as the model has learned it.
enum class Level { written, model };

/// The notes of a channel, whatever track they stand on (two hands of a piano), in time.
inline std::vector<PartNote> notes_of(const File& file, const Song& song, int channel) {
  std::vector<PartNote> notes;
  for (const std::size_t number : song.tracks) {
    const Track& track = file.tracks()[number];
    for (std::size_t i = 0; i < track.messages.size(); ++i) {
      const Message& message = track.messages[i];
      if (!file.is_note_on(message) || (message.status & 0x0F) != channel) continue;
      const std::uint8_t velocity = file.velocity_of(message);
      notes.push_back({number, i, message.tick, file.note_of(message), velocity, velocity});
    }
  }
  std::sort(notes.begin(), notes.end(), [](const PartNote& a, const PartNote& b) {
    return std::tie(a.onset, a.track, a.on) < std::tie(b.onset, b.track, b.on);
  });
  return notes;
}

/// A bar of a part, or a window of a longer one, with the model's answer.
struct PartBar {
  std::size_t begin, end;  ///< of its notes
  std::array<float, dynamics::output_size> answer;
};

/// A part cut into bars, each answered by the model.
///
/// @param onsets one for each note
inline std::vector<PartBar> answered_bars(const std::vector<PartNote>& notes,
                                          const MetreMap& metres, int ticks_per_quarter,
                                          const Predict& predict,
                                          std::vector<dynamics::Onset>& onsets) {
  std::vector<PartBar> bars;
  std::int64_t last_window = -1;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const double quarters = static_cast<double>(notes[i].onset) / ticks_per_quarter;
    const std::int64_t step = nearest_step(quarters * steps_per_quarter);
    const MetreMap::Stretch& stretch = metres.at(step);
    const BarPlace place = dynamics_place(step, stretch.begin, stretch.length, stretch.next);
    if (place.first_step != last_window) bars.push_back({i, i, {}});
    last_window = place.first_step;
    bars.back().end = i + 1;
    onsets.push_back({place.step, notes[i].note, notes[i].velocity});
  }
  for (PartBar& bar : bars) {
    std::array<float, dynamics::input_size> features;
    dynamics::encode(&onsets[bar.begin], bar.end - bar.begin, features.data());
    predict(features.data(), bar.answer.data());
  }
  return bars;
}

/// How much louder than the model's recitals a part is written: the mean difference over all struck
/// steps of their loudest notes.
inline double written_level(const std::vector<PartBar>& bars,
                            const std::vector<dynamics::Onset>& onsets) {
  double sum = 0.0;
  std::int64_t steps = 0;
  for (const PartBar& bar : bars) {
    std::array<int, bar_steps> loudest{};
    for (std::size_t i = bar.begin; i < bar.end; ++i) {
      int& most = loudest[static_cast<std::size_t>(onsets[i].step)];
      most = std::max<int>(most, onsets[i].velocity);
    }
    for (std::size_t step = 0; step < bar_steps; ++step) {
      if (loudest[step] == 0) continue;
      sum += loudest[step] - static_cast<double>(bar.answer[step]) * 127.0;
      ++steps;
    }
  }
  return steps == 0 ? 0.0 : sum / static_cast<double>(steps);
}

/// New velocities of a part; the file is not touched.
inline void strike(std::vector<PartNote>& notes, const MetreMap& metres, int ticks_per_quarter,
                   double amount, Level level, const Predict& predict) {
  std::vector<dynamics::Onset> onsets;
  onsets.reserve(notes.size());
  const std::vector<PartBar> bars =
      answered_bars(notes, metres, ticks_per_quarter, predict, onsets);
  dynamics::Settings settings;
  settings.amount = amount;
  settings.level = level == Level::written ? written_level(bars, onsets) : 0.0;
  std::vector<std::uint8_t> velocities(notes.size());
  for (const PartBar& bar : bars) {
    dynamics::decode(bar.answer.data(), &onsets[bar.begin], bar.end - bar.begin, settings,
                     &velocities[bar.begin]);
  }
  for (std::size_t i = 0; i < notes.size(); ++i) notes[i].new_velocity = velocities[i];
}

/// Write new velocities into the file.
inline void put_notes(const std::vector<PartNote>& notes, File& file) {
  for (const PartNote& note : notes) {
    file.tracks()[note.track].messages[note.on].velocity = note.new_velocity;
  }
}

}  // namespace chromasonic::midi
