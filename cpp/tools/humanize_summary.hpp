// What chromasonic-humanize says it did: a line for each drum and for each other part.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "drum_names.hpp"
#include "drum_part.hpp"
#include "other_parts.hpp"

namespace chromasonic::host {

/// Velocities of a drum or part before and after, and times.
struct Change {
  std::size_t count = 0;
  double before = 0, after = 0;
  int softest = 127, loudest = 1;
  double earliest_ms = 0, latest_ms = 0;

  void add(int old_velocity, int new_velocity) {
    ++count;
    before += old_velocity;
    after += new_velocity;
    softest = std::min(softest, new_velocity);
    loudest = std::max(loudest, new_velocity);
  }

  void add_shift(double ms) {
    earliest_ms = count == 1 ? ms : std::min(earliest_ms, ms);
    latest_ms = count == 1 ? ms : std::max(latest_ms, ms);
  }
};

class Summary {
 public:
  void add_drums(const std::vector<midi::DrumHit>& hits, const midi::TempoMap& tempos) {
    for (const midi::DrumHit& hit : hits) {
      Change& drum = drums_[hit.note];
      drum.add(hit.velocity, hit.new_velocity);
      drum.add_shift(1000 * (tempos.seconds_of(static_cast<double>(hit.new_onset)) -
                             tempos.seconds_of(static_cast<double>(hit.onset))));
      meant_ += hit.is_meant ? 1 : 0;
      ++hits_;
    }
  }

  void add_part(int channel, const std::vector<midi::PartNote>& notes) {
    for (const midi::PartNote& note : notes) {
      parts_[static_cast<std::size_t>(channel)].add(note.velocity, note.new_velocity);
    }
  }

  std::string text() const {
    std::string lines = row("", "notes", "velocity", "early/late (ms)");
    for (std::size_t note = 0; note < drums_.size(); ++note) {
      const Change& drum = drums_[note];
      if (drum.count == 0) continue;
      char shift[64];
      std::snprintf(shift, sizeof shift, "%+.0f to %+.0f", drum.earliest_ms, drum.latest_ms);
      lines += row(midi::drum_name(note), std::to_string(drum.count), strength(drum), shift);
    }
    for (std::size_t channel = 0; channel < parts_.size(); ++channel) {
      const Change& part = parts_[channel];
      if (part.count == 0) continue;
      lines += row("channel " + std::to_string(channel + 1), std::to_string(part.count),
                   strength(part), "");
    }
    if (meant_ > 0) {
      lines += std::to_string(meant_) + " of " + std::to_string(hits_) +
               " hits are written off the sixteenths (triplets, swing): their timing was left "
               "alone.\n";
    }
    return lines;
  }

 private:
  static std::string strength(const Change& change) {
    const auto many = static_cast<double>(change.count);
    char text[96];
    std::snprintf(text, sizeof text, "%.0f -> %.0f (%d to %d)", change.before / many,
                  change.after / many, change.softest, change.loudest);
    return text;
  }

  static std::string row(const std::string& name, const std::string& count,
                         const std::string& velocity, const std::string& shift) {
    char text[192];
    std::snprintf(text, sizeof text, "%-24s%8s%24s%22s", name.c_str(), count.c_str(),
                  velocity.c_str(), shift.c_str());
    std::string line = text;
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  }

  std::array<Change, 128> drums_{};
  std::array<Change, 16> parts_{};
  std::size_t meant_ = 0, hits_ = 0;
};

}  // namespace chromasonic::host
