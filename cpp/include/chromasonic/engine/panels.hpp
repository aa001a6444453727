// The sum over rows of x[row] * W[row][o], for the outputs o of a panel, on the machine's own
// target.
#pragma once

#include <chromasonic/engine/panel_rows.hpp>
#include <chromasonic/engine/panels_avx2.hpp>
#include <chromasonic/engine/panels_plain.hpp>
#include <chromasonic/engine/target.hpp>
#include <cstddef>

namespace chromasonic::detail {

/// `sums[width]` of a panel; its rows are `width` weights each, aligned to 32 bytes.
template <class Weight, class Rows>
inline void sum_panel(Target target, const Weight* panel, std::size_t width, const Rows& rows,
                      float* sums) noexcept {
  const bool is_whole = width == panel_width;
#if CHROMASONIC_HAS_AVX2_FUNCTIONS
  if (target == Target::avx2) {
    if (is_whole) return sum_avx2<panel_width>(panel, rows, sums);
    return sum_avx2<half_panel_width>(panel, rows, sums);
  }
#endif
  (void)target;
  if (is_whole) return sum_plain<panel_width>(panel, rows, sums);
  sum_plain<half_panel_width>(panel, rows, sums);
}

}  // namespace chromasonic::detail
