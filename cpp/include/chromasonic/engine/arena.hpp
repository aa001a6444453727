// One aligned block of float32 from which a network takes all that it works on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>

namespace chromasonic {

/// Zeroed memory, allocated once (loader thread) and never moved. Each part begins on a line of the
/// cache.
class Arena {
 public:
  static constexpr std::size_t alignment = 64;

  /// What a part of `count` floats takes.
  static constexpr std::size_t padded(std::size_t count) noexcept {
    constexpr std::size_t line = alignment / sizeof(float);
    return (count + line - 1) / line * line;
  }

  /// @param size Floats, the sum of the `padded` sizes of all parts.
  explicit Arena(std::size_t size)
      : size_(size),
        data_(static_cast<float*>(
            ::operator new(size * sizeof(float), std::align_val_t{alignment}))) {
    std::fill_n(data_, size_, 0.0f);
  }

  ~Arena() { ::operator delete(data_, std::align_val_t{alignment}); }

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// The next part; nullptr once there is no more room.
  float* take(std::size_t count) noexcept {
    if (used_ + padded(count) > size_) return nullptr;
    float* part = data_ + used_;
    used_ += padded(count);
    return part;
  }

 private:
  std::size_t size_;
  std::size_t used_ = 0;
  float* data_;
};

}  // namespace chromasonic
