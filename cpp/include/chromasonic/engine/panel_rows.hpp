// Which rows of a matrix a step reads.
#pragma once

#include <chromasonic/engine/target.hpp>
#include <cstddef>
#include <cstdint>

namespace chromasonic {

/// Outputs whose sums stay in registers while their rows, which lie one after the other, stream by.
inline constexpr std::size_t panel_width = 64;
inline constexpr std::size_t half_panel_width = 32;  // the last one, where that is enough

namespace detail {

/// All rows of a panel, for inputs of which few are 0.
struct EveryRow {
  std::size_t count;
  const float* values;

  CHROMASONIC_INLINE std::size_t number(std::size_t i) const noexcept { return i; }
  CHROMASONIC_INLINE float x(std::size_t i) const noexcept { return values[i]; }
};

/// The rows whose inputs are not 0: what a ReLU before, or a one-hot input, leaves to do.
struct SomeRows {
  static constexpr std::size_t capacity = 512;
  struct Row {
    std::uint32_t number;
    float x;
  };
  std::size_t count;
  Row rows[capacity];

  CHROMASONIC_INLINE std::size_t number(std::size_t i) const noexcept { return rows[i].number; }
  CHROMASONIC_INLINE float x(std::size_t i) const noexcept { return rows[i].x; }
};

}  // namespace detail
}  // namespace chromasonic
