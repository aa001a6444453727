// Sixteenths and bars: where in which bar a note stands, for groove and dynamics.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace chromasonic {

/// Steps (sixteenths) of the longest bar that a model sees.
inline constexpr int bar_steps = 16;
inline constexpr int steps_per_quarter = 4;

/// One bar, or a piece of a longer one, and a step in it.
struct BarPlace {
  std::int64_t first_step;  ///< steps from the start of the music to the bar or piece
  int step;                 ///< in the piece, 0 to 15
};

/// The nearest step; what lies exactly between two belongs to the later one. Any thread.
///
/// @param position in steps from the start of the music
inline std::int64_t nearest_step(double position) noexcept {
  return static_cast<std::int64_t>(std::floor(position + 0.5));
}

/// Steps of a bar of a metre, at least 1; halves go to the even number. Any thread.
inline std::int64_t steps_of_metre(int numerator, int denominator) noexcept {
  const double steps = std::nearbyint(bar_steps * static_cast<double>(numerator) / denominator);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(steps));
}

/// Which of `length` steps from `begin` on, again and again, a step is; 0 to `length` - 1.
inline std::int64_t step_in_bar(std::int64_t step, std::int64_t begin,
                                std::int64_t length) noexcept {
  const std::int64_t rest = (step - begin) % length;
  return rest < 0 ? rest + length : rest;
}

/// Drums: a bar of more than 16 steps is cut into pieces of 16 and a rest. Any thread.
///
/// @param step steps from the start of the music
/// @param begin where a bar of this metre begins
/// @param length steps of a bar, at least 1
inline BarPlace drum_place(std::int64_t step, std::int64_t begin, std::int64_t length) noexcept {
  const std::int64_t in_piece = step_in_bar(step, begin, length) % bar_steps;
  return {step - in_piece, static_cast<int>(in_piece)};
}

/// Other parts: a bar of more than 16 steps is cut into the fewest equal windows. Any thread.
///
/// @param step steps from the start of the music
/// @param begin where a bar of this metre begins
/// @param length steps of a bar, at least 1
/// @param next where the metre changes, above `step`: a bar that is cut short there counts as short
inline BarPlace dynamics_place(std::int64_t step, std::int64_t begin, std::int64_t length,
                               std::int64_t next = INT64_MAX) noexcept {
  const std::int64_t in_bar = step_in_bar(step, begin, length);
  const std::int64_t bar = step - in_bar;
  const std::int64_t whole = std::min(length, next - bar);
  const std::int64_t windows = (whole + bar_steps - 1) / bar_steps;
  const std::int64_t size = (whole + windows - 1) / windows;
  const std::int64_t in_window = in_bar % size;
  return {step - in_window, static_cast<int>(in_window)};
}

}  // namespace chromasonic
