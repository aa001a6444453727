// An accompaniment beat by beat: what the HarmonyPredictor is told, and the chord that it says.
#pragma once

#include <bitset>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/music/harmony.hpp>
#include <chromasonic/music/random.hpp>
#include <chromasonic/music/sampling.hpp>

namespace chromasonic {

/// The chord of a beat.
struct ChordEvent {
  int chord = chord_start;  ///< class that sounds, 0 to 59; `chord_start` while none has begun
  bool is_new = false;      ///< it begins with this beat; else it is held
  float probability = 0;    ///< that the network gave to this choice
  PitchClasses tones = 0;   ///< for `MelodyPlayer::set_chord`
  ChordNotes notes{};       ///< to play
};

/// Keeps the chords so far and chooses the next. Audio thread, all of it; about 17 KB, no
/// allocation.
///
///     player.prepare(beat, bar_beats, melody.ahead(number), input);  // at each beat
///     processor.process(Model::harmony_predictor, input, output);
///     ChordEvent chord = player.choose(output);                      // or player.hear(class),
///                                                                    // where somebody else plays
///
/// It chooses as Python's `harmonize_tune` with a beam of 1: the likeliest chord that makes sense.
class HarmonyPlayer {
 public:
  explicit HarmonyPlayer(std::uint64_t seed = 0) noexcept : random_(seed) {
    sampling_.temperature = 0;
  }

  /// Another piece begins; chance begins anew. Key and settings stay.
  void reset(std::uint64_t seed) noexcept CHROMASONIC_NONBLOCKING {
    random_ = Pcg32(seed);
    memory_.reset();
  }

  void set_key(Key key) noexcept CHROMASONIC_NONBLOCKING { moment_.key = key; }

  /// What holding costs, in nats: more gives more changes, less gives fewer. 0.5 was chosen on
  /// tunes that were not learned from. Cut to -20 to 20; what is no number counts as 0.
  void set_restlessness(double nats) noexcept CHROMASONIC_NONBLOCKING {
    restlessness_ = is_finite(nats) ? std::clamp(nats, -20.0, 20.0) : 0;
  }

  /// How chords are drawn; a temperature of 0, as at first, takes the likeliest.
  void set_sampling(Sampling how) noexcept CHROMASONIC_NONBLOCKING { sampling_ = how; }

  /// Where the notes of a chord lie: see `voiced`.
  void set_voicing(int bass, int close) noexcept CHROMASONIC_NONBLOCKING {
    bass_ = bass, close_ = close;
  }

  /// Writes the network's input at a beat.
  ///
  /// @param beat of the bar, from 0, in felt beats; below 0: unknown.
  /// @param bar_beats felt beats of the bar (`Metre::bar_beats`).
  /// @param melody of this beat and the next three, pitch classes as they sound.
  /// @param features (128,).
  void prepare(int beat, int bar_beats, const MelodyAhead& melody,
               float* features) noexcept CHROMASONIC_NONBLOCKING {
    moment_.beat = beat;
    moment_.bar_beats = bar_beats;
    moment_.melody = melody;
    tonic_ = moment_.key.has_tonic() ? moment_.key.tonic : 0;
    encode_harmony(memory_, moment_, features);
  }

  /// Chooses the chord of the beat that was prepared, and keeps it.
  ///
  /// @param probabilities (64,) of the network, roots from the tonic. If nothing that makes sense
  ///     has a share, the chord stays.
  ChordEvent choose(const float* probabilities) noexcept CHROMASONIC_NONBLOCKING {
    const bool has_begun = memory_.current() != chord_start;
    const int stay = has_begun ? chord_hold : chord_start;
    std::array<float, chord_classes> sounding{};
    std::bitset<chord_classes> allowed;
    bool is_said = false;
    for (int chord = 0; chord < chord_classes; ++chord) {
      const auto place = static_cast<std::size_t>(chord);
      const bool makes_sense = has_root(chord) ? chord != memory_.current() : chord == stay;
      const float share = probabilities[transposed_class(chord, -tonic_)];
      sounding[place] = share;
      allowed[place] = makes_sense;
      is_said = is_said || (makes_sense && is_finite(share) && share > 0);
    }
    sounding[chord_hold] *= static_cast<float>(std::exp(-restlessness_));
    const double chance = random_.uniform();
    const int chosen =
        is_said ? static_cast<int>(draw<chord_classes>(sounding.data(), allowed, chance, sampling_))
                : stay;
    memory_.hear(chosen);
    memory_.forget_course(held_at_most);
    return event(has_root(chosen), probabilities[transposed_class(chosen, -tonic_)]);
  }

  /// Keeps the chord of a beat that somebody else plays, roots as they sound; `chord_hold`, or what
  /// is no class, says that it stays. The network then also hears how the piece itself went on.
  ChordEvent hear(int chord) noexcept CHROMASONIC_NONBLOCKING {
    const int before = memory_.current();
    memory_.hear(chord);
    return event(memory_.current() != before, 0);
  }

  const HarmonyMemory& memory() const noexcept { return memory_; }

  /// Beats that a chord of its own is said to have lasted at most, however long it has.
  static constexpr int held_at_most = 4;

 private:
  ChordEvent event(bool is_new, float probability) const noexcept {
    const int chord = memory_.current();
    return {chord, is_new, probability, chord_tones(chord), voiced(chord, bass_, close_)};
  }

  Pcg32 random_;
  Sampling sampling_;
  HarmonyMemory memory_;
  HarmonyMoment moment_;
  double restlessness_ = 0.5;
  int tonic_ = 0;
  int bass_ = 36, close_ = 55;
};

}  // namespace chromasonic
