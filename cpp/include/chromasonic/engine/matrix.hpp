// A layer's matrix, held so that a step reads as few bytes as it can, in the order that they lie.
#pragma once

#include <algorithm>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/half.hpp>
#include <chromasonic/engine/panels.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/engine/target.hpp>
#include <chromasonic/error.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace chromasonic {

/// How weights are held; sums are float32 throughout.
enum class Precision {
  float32,  ///< as in the file
  float16,  ///< the nearest IEEE half: half the bytes
  int8,     ///< -127 to 127 times one float for each output: a quarter of the bytes
};

inline const char* name_of(Precision precision) noexcept {
  return precision == Precision::float32   ? "float32"
         : precision == Precision::float16 ? "float16"
                                           : "int8";
}

/// The float that int8 weights of one output, the largest of which is `largest`, are times; 0
/// where they are all 0 (or too small for it to be a normal number).
inline float int8_scale(float largest) noexcept {
  const float scale = largest / 127.0f;
  return scale < std::numeric_limits<float>::min() ? 0.0f : scale;
}

/// The nearest whole number of scales, ties to even.
inline std::int8_t to_int8(float weight, float scale) noexcept {
  if (scale == 0.0f) return 0;
  return static_cast<std::int8_t>(std::clamp(std::nearbyint(weight / scale), -127.0f, 127.0f));
}

/// A matrix of `[in][out]` rows.
class Matrix {
 public:
  Matrix() = default;

  /// Loader thread. Copies `rows`, rounded to the precision.
  ///
  /// Throws LoadError if a weight is not finite, or is too large for float16.
  Matrix(const float* rows, std::size_t in, std::size_t out, Precision precision)
      : in_(in), out_(out), precision_(precision), target_(best_target) {
    check(rows);
    const std::size_t bytes_each = precision == Precision::float32   ? sizeof(float)
                                   : precision == Precision::float16 ? sizeof(Half)
                                                                     : sizeof(std::int8_t);
    size_ = in * padded_outputs() * bytes_each;
    if (size_ > 0) weights_.reset(::operator new(size_, std::align_val_t{alignment}));
    if (precision == Precision::float32) {
      pack<float>(rows, [](float weight, std::size_t) { return weight; });
    } else if (precision == Precision::float16) {
      pack<Half>(rows, [](float weight, std::size_t) { return to_half(weight); });
    } else {
      find_scales(rows);
      pack<std::int8_t>(rows, [this](float weight, std::size_t output) {
        return to_int8(weight, scales_[output]);
      });
    }
  }

  /// Audio thread. y[out] += x[in] * W[in][out]; `y` is not a part of `x`.
  ///
  /// Where more than an eighth of x is 0, the rows of those are left out, which is exact, since
  /// weights are finite.
  void accumulate(const float* x, float* y) const noexcept CHROMASONIC_NONBLOCKING {
    switch (precision_) {
      case Precision::float32:
        return add<float>(x, y);
      case Precision::float16:
        return add<Half>(x, y);
      case Precision::int8:
        return add<std::int8_t>(x, y);
    }
  }

  std::size_t inputs() const noexcept { return in_; }
  std::size_t outputs() const noexcept { return out_; }

  /// What a step reads of it when no input is 0: weights, what fills the last panel up, scales.
  std::size_t bytes() const noexcept { return size_ + scales_.size() * sizeof(float); }

  /// The target that it runs on, for tests and benchmarks; must be one that the machine has.
  void set_target(Target target) noexcept { target_ = target; }

 private:
  static constexpr std::size_t alignment = 64;

  struct Free {
    void operator()(void* memory) const noexcept {
      ::operator delete(memory, std::align_val_t{alignment});
    }
  };

  std::size_t padded_outputs() const noexcept CHROMASONIC_NONBLOCKING {
    return (out_ + half_panel_width - 1) / half_panel_width * half_panel_width;
  }

  void check(const float* rows) const {
    for (std::size_t i = 0; i < in_ * out_; ++i) {
      const float weight = rows[i];
      if (!are_finite(&weight, 1)) {
        throw LoadError("weight " + std::to_string(i) + " of a matrix is " +
                        std::to_string(weight) + "; every weight must be finite");
      }
      // What rounds to infinity: from the middle between the largest half and the next on.
      if (precision_ == Precision::float16 && std::fabs(weight) >= 65520.0f) {
        throw LoadError("weight " + std::to_string(i) + " of a matrix is " +
                        std::to_string(weight) +
                        ", and float16 ends at 65504; load it as float32 or int8");
      }
    }
  }

  void find_scales(const float* rows) {
    scales_.assign(padded_outputs(), 0.0f);
    for (std::size_t i = 0; i < in_; ++i) {
      for (std::size_t o = 0; o < out_; ++o) {
        scales_[o] = std::max(scales_[o], std::fabs(rows[i * out_ + o]));
      }
    }
    for (float& scale : scales_) scale = int8_scale(scale);
  }

  /// Panel after panel, in each row after row.
  template <class Weight, class Round>
  void pack(const float* rows, Round round) {
    auto* to = static_cast<Weight*>(weights_.get());
    for (std::size_t begin = 0; begin < padded_outputs(); begin += panel_width) {
      const std::size_t width = std::min(panel_width, padded_outputs() - begin);
      for (std::size_t i = 0; i < in_; ++i) {
        for (std::size_t o = begin; o < begin + width; ++o) {
          *to++ = o < out_ ? round(rows[i * out_ + o], o) : Weight{};
        }
      }
    }
  }

  template <class Weight>
  void add(const float* x, float* y) const noexcept CHROMASONIC_NONBLOCKING {
    std::uint32_t zeros = 0;
    for (std::size_t i = 0; i < in_; ++i) zeros += x[i] == 0.0f;
    if (zeros <= in_ / 8) return add_rows<Weight>(0, detail::EveryRow{in_, x}, y);
    detail::SomeRows rows;
    for (std::size_t begin = 0; begin < in_; begin += detail::SomeRows::capacity) {
      const std::size_t end = std::min(in_, begin + detail::SomeRows::capacity);
      std::size_t count = 0;
      for (std::size_t i = begin; i < end; ++i) {
        rows.rows[count] = {static_cast<std::uint32_t>(i - begin), x[i]};
        count += !(x[i] == 0.0f);  // NaN counts
      }
      rows.count = count;
      if (count > 0) add_rows<Weight>(begin, rows, y);
    }
  }

  /// Rows from a first one on.
  template <class Weight, class Rows>
  void add_rows(std::size_t first, const Rows& rows,
                float* y) const noexcept CHROMASONIC_NONBLOCKING {
    const auto* panel = static_cast<const Weight*>(weights_.get());
    float sums[panel_width];
    for (std::size_t begin = 0; begin < out_; begin += panel_width) {
      const std::size_t width = std::min(panel_width, padded_outputs() - begin);
      detail::sum_panel(target_, panel + first * width, width, rows, sums);
      const std::size_t real = std::min(width, out_ - begin);
      if (precision_ == Precision::int8) {
        for (std::size_t o = 0; o < real; ++o) y[begin + o] += scales_[begin + o] * sums[o];
      } else {
        for (std::size_t o = 0; o < real; ++o) y[begin + o] += sums[o];
      }
      panel += in_ * width;
    }
  }

  std::size_t in_ = 0, out_ = 0, size_ = 0;
  Precision precision_ = Precision::float32;
  Target target_ = Target::plain;
  std::unique_ptr<void, Free> weights_;
  std::vector<float> scales_;  // of int8, for each output, filled up to whole panels
};

}  // namespace chromasonic
