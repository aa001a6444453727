// A melody note by note: what was played, what the MelodyTransformer is told, what it says next.
#pragma once

#include <bitset>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/music/melody.hpp>
#include <chromasonic/music/random.hpp>
#include <chromasonic/music/sampling.hpp>

namespace chromasonic {

/// A note to play, on the clock of the song.
struct NoteEvent {
  int pitch;              ///< MIDI number
  double onset_quarters;  ///< from the song's beginning
  double duration_quarters;
};

/// Keeps the last note and all that the network is told, and draws notes. Audio thread, all of it;
/// 0.2 KB, no allocation.
///
///     player.prepare(when, bar_began, input);                       // before each note
///     processor.process(Model::melody_transformer, input, output);
///     NoteEvent note = player.choose(output, duration);              // or player.hear(...), where
///                                                                    // somebody else plays it
///
/// When notes come, and how long they are, is the caller's: the network says pitches.
class MelodyPlayer {
 public:
  /// @param seed the same seed, settings and probabilities give the same notes.
  explicit MelodyPlayer(std::uint64_t seed = 0) noexcept : random_(seed) {}

  /// Nothing has sounded yet; chance begins anew. Key, chord and all settings stay. Reset the
  /// network too.
  void reset(std::uint64_t seed) noexcept CHROMASONIC_NONBLOCKING {
    random_ = Pcg32(seed);
    last_ = {unknown, 0, 0};
    asked_quarters_ = 0;
  }

  void set_metre(Metre metre) noexcept CHROMASONIC_NONBLOCKING { metre_ = metre; }
  void set_key(Key key) noexcept CHROMASONIC_NONBLOCKING { moment_.key = key; }
  /// Tones of the chord that sounds from now on; 0: nobody knows.
  void set_chord(PitchClasses tones) noexcept CHROMASONIC_NONBLOCKING { moment_.chord = tones; }
  /// -1 to 1; 0: the network is not told.
  void set_emotion(float valence, float arousal) noexcept CHROMASONIC_NONBLOCKING {
    moment_.valence = valence, moment_.arousal = arousal;
  }
  void set_sampling(Sampling how) noexcept CHROMASONIC_NONBLOCKING { sampling_ = how; }

  /// Pitches that may come, both ends included, in either order; cut to MIDI's 0 to 127.
  void set_range(int one_end, int other_end) noexcept CHROMASONIC_NONBLOCKING {
    lowest_ = std::clamp(std::min(one_end, other_end), 0, 127);
    highest_ = std::clamp(std::max(one_end, other_end), 0, 127);
  }

  /// Pitch classes that may come: a scale, a chord's tones, the tonic alone for the last note.
  /// Where the range holds none of them, any pitch of the range may come.
  void set_allowed(PitchClasses tones) noexcept CHROMASONIC_NONBLOCKING { tones_ = tones; }

  /// Silence from which on a gap between two notes is a rest, in sixteenths; a shorter gap is
  /// articulation, and the note before counts as held. 0, for notes of a score, makes every gap a
  /// rest; for notes that people play, training took 1.5.
  void set_shortest_rest(double sixteenths) noexcept CHROMASONIC_NONBLOCKING {
    shortest_rest_ = is_finite(sixteenths) && sixteenths > 0 ? sixteenths : 0;
  }

  /// Writes the network's input before a note.
  ///
  /// @param onset_quarters when the note will begin, from the song's beginning.
  /// @param bar_quarters when its bar began; the place in the bar is unknown if it is not finite.
  /// @param features (64,).
  void prepare(double onset_quarters, double bar_quarters,
               float* features) noexcept CHROMASONIC_NONBLOCKING {
    asked_quarters_ = is_finite(onset_quarters) ? onset_quarters : 0;
    moment_.place = place_in_bar(onset_quarters - bar_quarters, metre_);
    moment_.last_pitch = last_.pitch;
    const auto end = ticks_of_quarters(last_.onset_quarters + last_.duration_quarters);
    const auto gap = ticks_of_quarters(asked_quarters_) - end;
    const auto shortest = static_cast<double>(ticks_per_sixteenth) * shortest_rest_;
    moment_.after_silence = gap > 0 && static_cast<double>(gap) > shortest;
    const bool is_held = gap > 0 && !moment_.after_silence;
    moment_.last_sixteenths =
        4 * (is_held ? asked_quarters_ - last_.onset_quarters : last_.duration_quarters);
    encode_melody(moment_, features);
  }

  /// Draws the note that was prepared, and keeps it as the last one.
  ///
  /// @param probabilities (128,) of the network; see `draw` for what is no probability.
  /// @param duration_quarters how long the note will sound.
  NoteEvent choose(const float* probabilities,
                   double duration_quarters) noexcept CHROMASONIC_NONBLOCKING {
    const auto chosen =
        draw<melody_outputs>(probabilities, allowed(), random_.uniform(), sampling_);
    const NoteEvent note{static_cast<int>(chosen), asked_quarters_, length_of(duration_quarters)};
    last_ = note;
    return note;
  }

  /// Keeps a note that somebody else plays as the last one; no MIDI pitch: nothing is kept.
  void hear(const NoteEvent& note) noexcept CHROMASONIC_NONBLOCKING {
    if (!is_midi_pitch(note.pitch) || !is_finite(note.onset_quarters)) return;
    last_ = {note.pitch, note.onset_quarters, length_of(note.duration_quarters)};
  }

  /// Pitches that `choose` draws among.
  std::bitset<melody_outputs> allowed() const noexcept CHROMASONIC_NONBLOCKING {
    std::bitset<melody_outputs> range, fitting;
    for (int pitch = lowest_; pitch <= highest_; ++pitch) {
      range[static_cast<std::size_t>(pitch)] = true;
      fitting[static_cast<std::size_t>(pitch)] = contains(tones_, pitch);
    }
    return fitting.any() ? fitting : range;
  }

 private:
  static double length_of(double quarters) noexcept {
    return is_finite(quarters) && quarters > 0 ? quarters : 0;
  }

  Pcg32 random_;
  Sampling sampling_;
  Metre metre_;
  MelodyMoment moment_;
  NoteEvent last_{unknown, 0, 0};
  double asked_quarters_ = 0;
  double shortest_rest_ = 0;
  int lowest_ = 48, highest_ = 88;  // as steered melodies stay in
  PitchClasses tones_ = all_pitch_classes;
};

}  // namespace chromasonic
