// Bars and seconds of a MIDI file: its time signatures and tempos as maps.
#pragma once

#include <algorithm>
#include <chromasonic/music/bar_grid.hpp>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "midi_file.hpp"

namespace chromasonic::midi {

/// Tracks that run together: all of a file, or each one by itself in a file of format 2.
struct Song {
  std::vector<std::size_t> tracks;
};

inline std::vector<Song> songs_of(const File& file) {
  std::vector<Song> songs(file.format() == 2 ? file.tracks().size() : 1);
  for (std::size_t track = 0; track < file.tracks().size(); ++track) {
    songs[file.format() == 2 ? track : 0].tracks.push_back(track);
  }
  return songs;
}

/// Whether something that a track says counts in a song.
inline bool counts_in(const Song& song, std::size_t track) {
  return std::find(song.tracks.begin(), song.tracks.end(), track) != song.tracks.end();
}

/// Which metre is in force at each step (sixteenth); 4/4 until the first.
class MetreMap {
 public:
  struct Stretch {
    std::int64_t begin;   ///< steps from the start; here a bar begins
    std::int64_t length;  ///< steps of a bar
    std::int64_t next;    ///< where the next metre begins
  };

  struct Metre {
    double quarters;  ///< from the start
    int numerator, denominator;
  };

  /// @param metres in time; of two on one step the later one counts
  explicit MetreMap(const std::vector<Metre>& metres) {
    std::map<std::int64_t, std::int64_t> lengths{{0, bar_steps}};
    for (const Metre& metre : metres) {
      const double step = std::nearbyint(metre.quarters * steps_per_quarter);
      lengths[static_cast<std::int64_t>(step)] = steps_of_metre(metre.numerator, metre.denominator);
    }
    for (const auto& [begin, length] : lengths) {
      if (!stretches_.empty()) stretches_.back().next = begin;
      stretches_.push_back({begin, length, INT64_MAX});
    }
  }

  /// The stretch that a step, 0 or later, lies in.
  const Stretch& at(std::int64_t step) const {
    const auto after = std::upper_bound(stretches_.begin(), stretches_.end(), step,
                                        [](auto value, const auto& s) { return value < s.begin; });
    return *std::prev(after);
  }

 private:
  std::vector<Stretch> stretches_;
};

inline MetreMap metres_of(const File& file, const Song& song) {
  std::vector<MetreMap::Metre> metres;
  const bool is_all = song.tracks.size() == file.tracks().size();
  for (const TimeSignature& metre : file.metres()) {
    if (!is_all && !counts_in(song, metre.track)) continue;
    const double quarters = static_cast<double>(metre.tick) / file.ticks_per_quarter();
    metres.push_back({quarters, metre.numerator, metre.denominator});
  }
  return MetreMap(metres);
}

/// Seconds of ticks, through all changes of tempo; 120 a minute until the first.
class TempoMap {
 public:
  TempoMap(const File& file, const Song& song) : ticks_per_quarter_(file.ticks_per_quarter()) {
    std::map<std::int64_t, int> tempos{{0, 500'000}};
    const bool is_all = song.tracks.size() == file.tracks().size();
    for (const Tempo& tempo : file.tempos()) {
      if (is_all || counts_in(song, tempo.track)) tempos[tempo.tick] = tempo.microseconds;
    }
    for (const auto& [tick, microseconds] : tempos) {
      const double seconds = stretches_.empty() ? 0.0 : seconds_of(static_cast<double>(tick));
      stretches_.push_back({tick, seconds, microseconds / (1e6 * ticks_per_quarter_)});
    }
  }

  double seconds_of(double tick) const {
    const auto after = std::upper_bound(
        stretches_.begin(), stretches_.end(), tick,
        [](double value, const auto& s) { return value < static_cast<double>(s.begin); });
    const Stretch& stretch = *std::prev(after);
    return stretch.seconds + (tick - static_cast<double>(stretch.begin)) * stretch.rate;
  }

 private:
  struct Stretch {
    std::int64_t begin;
    double seconds, rate;
  };
  double ticks_per_quarter_;
  std::vector<Stretch> stretches_;
};

}  // namespace chromasonic::midi
