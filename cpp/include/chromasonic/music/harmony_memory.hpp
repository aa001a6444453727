// What the HarmonyPredictor remembers of a piece, in fixed memory.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/music/chord.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace chromasonic {

/// The chords of a piece so far, as the 64 numbers of the block `last_chord`.
///
/// Beside the chord that sounds they say how long it has lasted, which chords came before it, and
/// what the piece itself did the last time it stood here: which chord came next, and whether it is
/// time for it. "The last time" is the latest moment to which the same chords led, as many of the
/// last 8 as have been met before in a row.
///
/// Audio thread, all of it; about 16 KB, no allocation. Python's memory has no bound; this one
/// forgets what is longer ago than `most_changes` chord changes (three hours of music, one chord in
/// 2.5 seconds), and is equal to Python's until then.
class HarmonyMemory {
 public:
  static constexpr std::size_t most_changes = 4096;
  static constexpr std::size_t order = 8;  ///< chords by which the memory finds its way back

  /// Forget everything: another piece begins.
  void reset() noexcept CHROMASONIC_NONBLOCKING {
    count_ = usable_ = 0;
    held_ = 0;
    follower_ = unknown;
    trace_.fill(0);
  }

  /// Class that sounds; `chord_start` before the first.
  int current() const noexcept { return count_ == 0 ? chord_start : at(count_ - 1).chord; }

  /// Beats for which it has sounded.
  int held() const noexcept { return held_; }

  /// Takes in the chord of a beat, roots as they sound. `chord_hold` and `chord_start` mean that
  /// nothing new is heard, as does a number that is no class.
  void hear(int chord) noexcept CHROMASONIC_NONBLOCKING { hear(chord, chord != current()); }

  /// The same where the caller knows whether it is another chord than in the beat before, though
  /// of the same class ("other" twice).
  void hear(int chord, bool is_new) noexcept CHROMASONIC_NONBLOCKING {
    const bool is_chord = has_root(chord) || chord == chord_none || chord == chord_other;
    if (!is_chord || !is_new) {
      if (count_ > 0 && held_ < most_beats) ++held_;
      return;
    }
    if (count_ > 0) at(count_ - 1).held = static_cast<std::uint16_t>(held_);
    at(count_++) = {static_cast<std::uint8_t>(chord), 0};
    for (double& recency : trace_) recency *= decay;
    trace_[static_cast<std::size_t>(chord)] = 1;
    held_ = 1;
    look_back();
  }

  /// What was heard is no evidence of how the piece goes on, as the network chose it itself: only
  /// the chords stay, and the one that sounds counts as held for so many beats at most.
  void forget_course(int held_at_most) noexcept CHROMASONIC_NONBLOCKING {
    usable_ = count_ == 0 ? 0 : count_ - 1;
    follower_ = unknown;
    held_ = std::min(held_, std::max(held_at_most, 0));
  }

  /// Writes the block.
  ///
  /// @param numbers (64,), roots as they sound.
  void numbers(float* numbers) const noexcept CHROMASONIC_NONBLOCKING {
    std::fill_n(numbers, chord_classes, 0.0F);
    if (count_ == 0) {
      numbers[chord_start] = 1;
      return;
    }
    for (std::size_t i = 0; i < trace_.size(); ++i)
      numbers[i] = static_cast<float>(trace_share * trace_[i]);
    if (follower_ != unknown)
      numbers[follower_] +=
          static_cast<float>(expected + expected_by_all * found_by_ / double{order});
    numbers[current()] = 1;
    numbers[chord_hold] = static_cast<float>(std::log2(1.0 + held_));
    numbers[chord_start] = due();
  }

  /// Whether the chord has lasted as long as the last time: 1 yes, -1 not yet, 0.3 longer, 0
  /// nobody knows.
  float due() const noexcept {
    if (follower_ == unknown) return 0;
    return held_ == due_after_ ? 1.0F : held_ < due_after_ ? -1.0F : 0.3F;
  }

 private:
  static constexpr double trace_share = 0.15, decay = 0.6;
  static constexpr double expected = 0.25, expected_by_all = 0.25;
  static constexpr int most_beats = 65'535;  // nine hours; longer counts as this long

  struct Change {
    std::uint8_t chord;
    std::uint16_t held;  ///< beats until the next change; not known of the last one
  };

  Change& at(std::uint64_t number) noexcept { return changes_[number % most_changes]; }
  const Change& at(std::uint64_t number) const noexcept { return changes_[number % most_changes]; }

  /// Finds the latest moment to which the longest run of the last chords led.
  void look_back() noexcept {
    follower_ = unknown;
    const std::uint64_t now = count_ - 1;
    const std::uint64_t kept = count_ > most_changes ? count_ - most_changes : 0;
    std::uint64_t longest = 0;
    for (std::uint64_t then = now; then-- > std::max(kept, usable_);) {
      const std::uint64_t most = std::min<std::uint64_t>(order, then - kept + 1);
      std::uint64_t run = 0;
      while (run < most && at(then - run).chord == at(now - run).chord) ++run;
      if (run <= longest) continue;
      longest = run;
      follower_ = at(then + 1).chord;
      due_after_ = at(then).held;
      found_by_ = static_cast<int>(run);
      if (run == order) return;
    }
  }

  std::array<Change, most_changes> changes_{};
  std::uint64_t count_ = 0;   ///< changes so far, those that were forgotten too
  std::uint64_t usable_ = 0;  ///< the first one whose course counts
  int held_ = 0;
  int follower_ = unknown, due_after_ = 0, found_by_ = 0;
  std::array<double, chord_classes> trace_{};
};

}  // namespace chromasonic
