// The drums of a MIDI file, humanized bar by bar. Hits stay at or after time 0, hits of one drum
// keep their order, each lasts as long as before where its drum's next hit leaves room, and none
// passes a change of kit.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/groove.hpp>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <tuple>
#include <vector>

#include "midi_file.hpp"
#include "musical_time.hpp"

namespace chromasonic::midi {

/// One step of the GroovePredictor: 64 numbers in, 32 out.
using Predict = std::function<void(const float*, float*)>;

/// A hit, where its messages are, and what becomes of it. Times are ticks.
struct DrumHit {
  std::size_t track;
  std::size_t on;    ///< number of its message in the track
  std::int64_t off;  ///< likewise; -1 where the file never switches it off
  std::uint8_t note, velocity;
  std::int64_t onset, end;
  std::int64_t earliest, latest;  ///< between which changes of kit it has to stay
  std::int64_t new_onset, new_end;
  std::uint8_t new_velocity;
  bool is_meant;
};

/// Hits of one track, in its order.
inline void collect_hits(const File& file, std::size_t number, int channel,
                         std::vector<DrumHit>& hits) {
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / finest_ticks;
  const Track& track = file.tracks()[number];
  std::array<std::deque<std::size_t>, 128> sounding;
  const std::size_t first = hits.size();
  std::size_t since_change = first;
  std::int64_t earliest = 0;
  const auto change_kit = [&](std::int64_t tick) {
    for (std::size_t i = since_change; i < hits.size(); ++i) hits[i].latest = tick;
    since_change = hits.size();
    earliest = tick;
  };
  for (std::size_t i = 0; i < track.messages.size(); ++i) {
    const Message& message = track.messages[i];
    if (message.status >= 0xF0 || (message.status & 0x0F) != channel) continue;
    const std::uint8_t note = file.note_of(message);
    if (file.is_note_on(message)) {
      sounding[note].push_back(hits.size());
      hits.push_back({number, i, -1, note, file.velocity_of(message), message.tick, track.last_tick,
                      earliest, never, 0, 0, 0, false});
    } else if (file.is_note_off(message)) {
      if (sounding[note].empty()) continue;
      DrumHit& hit = hits[sounding[note].front()];
      sounding[note].pop_front();
      hit.off = static_cast<std::int64_t>(i);
      hit.end = message.tick;
    } else if (message.status >> 4 == 0xC ||
               (message.status >> 4 == 0xB && (note == 0 || note == 32))) {
      change_kit(message.tick);
    }
  }
}

/// All hits of a song in the order of onsets, then of drums.
inline std::vector<DrumHit> hits_of(const File& file, const Song& song, int channel) {
  std::vector<DrumHit> hits;
  for (const std::size_t track : song.tracks) collect_hits(file, track, channel, hits);
  std::sort(hits.begin(), hits.end(), [](const DrumHit& a, const DrumHit& b) {
    return std::tie(a.onset, a.note, a.track, a.on) < std::tie(b.onset, b.note, b.track, b.on);
  });
  return hits;
}

/// Numbers of the hits of each drum, in time.
inline std::array<std::vector<std::size_t>, 128> hits_by_drum(const std::vector<DrumHit>& hits) {
  std::array<std::vector<std::size_t>, 128> numbers;
  for (std::size_t i = 0; i < hits.size(); ++i) numbers[hits[i].note].push_back(i);
  return numbers;
}

/// Onsets near the wanted ones that keep every promise.
///
/// Forwards each hit is pushed behind its drum's last one, then backwards in front of the next
/// one: what was written keeps all promises, so there is always room. Hits that were apart stay a
/// tick apart, those that were struck at once stay so.
inline void keep_order(std::vector<DrumHit>& hits) {
  for (const auto& mine : hits_by_drum(hits)) {
    std::vector<std::int64_t> gap(mine.size(), 0);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      DrumHit& hit = hits[mine[i]];
      hit.new_onset = std::max(hit.new_onset, hit.earliest);
      if (i == 0) continue;
      const DrumHit& before = hits[mine[i - 1]];
      gap[i] = gap[i - 1] + (hit.onset > before.onset ? 1 : 0);
      hit.new_onset = std::max(hit.new_onset, before.new_onset + gap[i] - gap[i - 1]);
    }
    for (std::size_t i = mine.size(); i-- > 0;) {
      DrumHit& hit = hits[mine[i]];
      hit.new_onset = std::min(hit.new_onset, hit.latest);
      if (i + 1 == mine.size()) continue;
      hit.new_onset = std::min(hit.new_onset, hits[mine[i + 1]].new_onset - (gap[i + 1] - gap[i]));
    }
  }
}

/// Ends: lengths as written, but none into the next hit of its drum unless it was so.
inline void keep_ends(std::vector<DrumHit>& hits) {
  for (const auto& mine : hits_by_drum(hits)) {
    for (std::size_t i = 0; i < mine.size(); ++i) {
      DrumHit& hit = hits[mine[i]];
      hit.new_end = hit.new_onset + std::max<std::int64_t>(hit.end - hit.onset, 1);
      if (i + 1 == mine.size()) continue;
      const DrumHit& next = hits[mine[i + 1]];
      if (hit.end <= next.onset) hit.new_end = std::min(hit.new_end, next.new_onset);
      hit.new_end = std::max(hit.new_end, hit.new_onset + 1);
    }
  }
}

/// Where each hit goes; the file is not touched.
///
/// @param hits in time; `new_onset`, `new_end`, `new_velocity` and `is_meant` are written
inline void humanize(std::vector<DrumHit>& hits, const MetreMap& metres, int ticks_per_quarter,
                     const groove::Settings& settings, groove::Looseness& loose,
                     const Predict& predict) {
  std::vector<groove::Hit> bar;
  std::vector<groove::Struck> struck;
  std::int64_t bar_first = 0;
  const auto strike = [&](std::size_t end) {
    std::array<float, groove::input_size> features;
    std::array<float, groove::output_size> answer{};
    groove::encode(bar.data(), bar.size(), features.data());
    predict(features.data(), answer.data());
    struck.resize(bar.size());
    groove::decode(answer.data(), bar.data(), bar.size(), settings, loose, struck.data());
    for (std::size_t i = 0; i < bar.size(); ++i) {
      DrumHit& hit = hits[end - bar.size() + i];
      const double ticks = struck[i].shift * ticks_per_quarter / steps_per_quarter;
      const double limit = 1e15;  // of a wild model: what a whole number can hold
      hit.new_onset = static_cast<std::int64_t>(
          std::nearbyint(std::clamp(static_cast<double>(hit.onset) + ticks, -limit, limit)));
      hit.new_velocity = struck[i].velocity;
      hit.is_meant = struck[i].is_meant;
    }
    bar.clear();
  };
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const double quarters = static_cast<double>(hits[i].onset) / ticks_per_quarter;
    const double position = quarters * steps_per_quarter;
    const MetreMap::Stretch& stretch = metres.at(nearest_step(position));
    const groove::PlacedHit placed =
        groove::place(position, hits[i].note, hits[i].velocity, stretch.begin, stretch.length);
    if (!bar.empty() && placed.first_step != bar_first) strike(i);
    bar_first = placed.first_step;
    bar.push_back(placed.hit);
  }
  if (!bar.empty()) strike(hits.size());
  keep_order(hits);
  keep_ends(hits);
}

/// Write what became of the hits into the file.
inline void put_hits(const std::vector<DrumHit>& hits, int channel, File& file) {
  for (const DrumHit& hit : hits) {
    Track& track = file.tracks()[hit.track];
    track.messages[hit.on].tick = hit.new_onset;
    track.messages[hit.on].velocity = hit.new_velocity;
    if (hit.off >= 0) {
      track.messages[static_cast<std::size_t>(hit.off)].tick = hit.new_end;
    } else {
      track.added.push_back({hit.new_end, static_cast<std::uint8_t>(channel), hit.note});
    }
  }
}

}  // namespace chromasonic::midi
