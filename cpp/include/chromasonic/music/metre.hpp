// Musical time: ticks, metres, places in the bar.
#pragma once

#include <chromasonic/engine/finite.hpp>
#include <chromasonic/music/key.hpp>
#include <cmath>
#include <cstdint>

namespace chromasonic {

/// 2^5 x 3^2 x 5 x 7, so that tuplets of 3, 5, 7 and 9 are whole numbers of ticks.
inline constexpr std::int64_t ticks_per_quarter = 10'080;
inline constexpr std::int64_t ticks_per_sixteenth = ticks_per_quarter / 4;

/// The nearest tick of a time in quarter notes, as hosts count it. What is not finite is 0, what is
/// beyond a billion quarters is cut there.
inline std::int64_t ticks_of_quarters(double quarters) noexcept {
  if (!is_finite(quarters)) return 0;
  constexpr double limit = 1e9;
  const double within = quarters < -limit ? -limit : quarters > limit ? limit : quarters;
  return static_cast<std::int64_t>(std::llround(within * double{ticks_per_quarter}));
}

/// A time signature. One that is none (0/4, 4/3) is free metre: no bars, beats of quarters.
struct Metre {
  int numerator = 4;
  int denominator = 4;

  constexpr bool is_free() const noexcept {
    const bool is_power = denominator > 0 && (denominator & (denominator - 1)) == 0;
    return numerator < 1 || numerator > 64 || !is_power || denominator > 64;
  }

  /// 0 in free metre.
  constexpr std::int64_t bar_ticks() const noexcept {
    return is_free() ? 0 : numerator * 4 * ticks_per_quarter / denominator;
  }

  /// Length of a felt beat: a dotted unit in compound metres (6/8, 9/8, 12/8).
  constexpr std::int64_t beat_ticks() const noexcept {
    if (is_free()) return ticks_per_quarter;
    const bool is_compound = denominator >= 8 && numerator > 3 && numerator % 3 == 0;
    return 4 * ticks_per_quarter / denominator * (is_compound ? 3 : 1);
  }

  /// Felt beats of a bar; 0 in free metre.
  constexpr int bar_beats() const noexcept {
    return static_cast<int>(is_free() ? 0 : bar_ticks() / beat_ticks());
  }
};

/// The sixteenth of the bar in which a moment lies, 0 to 15; `unknown` in free metre and before the
/// bar.
///
/// A bar of more than 16 sixteenths is counted in groups: of 12 where it is compound (9/8, 12/8),
/// else of 8 (6/4, 3/2).
constexpr int place_in_bar(std::int64_t ticks_into_bar, Metre metre) noexcept {
  if (metre.is_free() || ticks_into_bar < 0) return unknown;
  const std::int64_t sixteenth = ticks_into_bar / ticks_per_sixteenth;
  if (metre.bar_ticks() <= 16 * ticks_per_sixteenth)
    return static_cast<int>(sixteenth < 15 ? sixteenth : 15);
  const bool is_dotted = metre.beat_ticks() % (3 * ticks_per_sixteenth) == 0;
  return static_cast<int>(sixteenth % (is_dotted ? 12 : 8));
}

/// The same of a time in quarters, `unknown` too if it is not finite.
inline int place_in_bar(double quarters_into_bar, Metre metre) noexcept {
  if (!is_finite(quarters_into_bar)) return unknown;
  return place_in_bar(ticks_of_quarters(quarters_into_bar), metre);
}

}  // namespace chromasonic
