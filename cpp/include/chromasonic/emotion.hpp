// What the EmotionRecognizer's answers mean: places on the plane of valence and arousal.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/specs.hpp>
#include <cmath>
#include <cstddef>

namespace chromasonic {

/// A place on the plane. Cell 8 x row + column: columns go up in valence, rows in arousal.
struct Emotion {
  float valence = 0;  ///< -1 sad to 1 glad: the mean of the cells' middles, weighted
  float arousal = 0;  ///< -1 calm to 1 excited
  /// Shares of quadrants 1 to 4: glad and excited; angry or afraid; sad; calm and content.
  std::array<float, 4> quadrants{};

  /// The quadrant, 1 to 4, that has most of the mass; of equal ones the first.
  int quadrant() const noexcept {
    return static_cast<int>(std::max_element(quadrants.begin(), quadrants.end()) -
                            quadrants.begin()) +
           1;
  }
};

inline constexpr std::size_t emotion_cells = spec_of(Model::emotion_recognizer).outputs;

namespace emotion_detail {

template <class Number>
Emotion emotion_of(const Number* cells) noexcept CHROMASONIC_NONBLOCKING {
  constexpr std::size_t side = 8;
  constexpr std::size_t quadrant_of[2][2] = {{2, 3}, {1, 0}};  // high arousal?, high valence?
  double valence = 0, arousal = 0;
  std::array<double, 4> quadrants{};
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t column = 0; column < side; ++column) {
      const double share = cells[side * row + column];
      valence += share * (static_cast<double>(column) - 3.5) / 4;
      arousal += share * (static_cast<double>(row) - 3.5) / 4;
      quadrants[quadrant_of[row >= side / 2][column >= side / 2]] += share;
    }
  }
  Emotion result;
  result.valence = static_cast<float>(valence);
  result.arousal = static_cast<float>(arousal);
  for (std::size_t n = 0; n < 4; ++n) result.quadrants[n] = static_cast<float>(quadrants[n]);
  return result;
}

}  // namespace emotion_detail

/// The place that a distribution expects. Audio thread.
///
/// @param cells (64,) adding up to 1, as the network gives them.
inline Emotion emotion_of(const float* cells) noexcept CHROMASONIC_NONBLOCKING {
  return emotion_detail::emotion_of(cells);
}

/// What was heard so far, after a frame.
struct EmotionEvent {
  Emotion emotion;           ///< of the smoothed distribution
  int quadrant = 0;          ///< 1 to 4; 0 while nothing is settled
  bool is_settled = false;   ///< the first two seconds are over
  bool has_changed = false;  ///< another quadrant than after the frame before
};

/// Follows the emotion of what sounds, frame by frame. Audio thread, all of it; 0.6 KB.
///
///     log_mel.push(samples, count, [&](const float* frame) noexcept {
///       processor.process(Model::emotion_recognizer, frame, cells);
///       EmotionEvent event = follower.hear(cells);
///       if (event.has_changed) ...
///     });
///
/// It smooths the distributions by a mean in which what is long ago weighs less. The quadrant
/// changes when another one has more of the mass by a margin, so that it does not flicker.
class EmotionFollower {
 public:
  /// Frames whose answer counts for nothing: the network's state has heard too little yet.
  static constexpr int warm_up_frames = 20;

  /// @param seconds after which a frame's weight is 1 / e; infinite (also 0, less, NaN): the plain
  ///     mean of all frames since the reset, which is what the model's accuracy is measured by.
  /// @param margin by how much of the mass, 0 to 1, another quadrant must lead.
  explicit EmotionFollower(double seconds = 6, double margin = 0.05) noexcept
      : keep_(is_finite(seconds) && seconds > 0 ? std::exp(-1 / (10 * seconds)) : 1),
        margin_(is_finite(margin) ? std::clamp(margin, 0.0, 1.0) : 0) {}

  /// Another piece begins. Reset the network and `LogMel` too.
  void reset() noexcept CHROMASONIC_NONBLOCKING {
    sums_.fill(0);
    weight_ = 0;
    heard_ = quadrant_ = 0;
  }

  /// Takes in the answer to a frame. One that is no distribution (a number is below 0, or none, or
  /// all are 0) is passed over.
  ///
  /// @param cells (64,).
  EmotionEvent hear(const float* cells) noexcept CHROMASONIC_NONBLOCKING {
    EmotionEvent event;
    if (is_distribution(cells)) {
      if (heard_ < warm_up_frames) {
        ++heard_;
      } else {
        for (std::size_t n = 0; n < emotion_cells; ++n) sums_[n] = sums_[n] * keep_ + cells[n];
        weight_ = weight_ * keep_ + 1;
      }
    }
    if (weight_ == 0) return event;
    std::array<double, emotion_cells> mean;
    for (std::size_t n = 0; n < emotion_cells; ++n) mean[n] = sums_[n] / weight_;
    event.emotion = emotion_detail::emotion_of(mean.data());
    event.is_settled = true;
    const int leader = event.emotion.quadrant();
    const auto share = [&event](int quadrant) {
      return double{event.emotion.quadrants[static_cast<std::size_t>(quadrant - 1)]};
    };
    if (quadrant_ == 0 || share(leader) > share(quadrant_) + margin_) {
      event.has_changed = leader != quadrant_;
      quadrant_ = leader;
    }
    event.quadrant = quadrant_;
    return event;
  }

 private:
  static bool is_distribution(const float* cells) noexcept {
    if (!are_finite(cells, emotion_cells)) return false;
    double sum = 0;
    for (std::size_t n = 0; n < emotion_cells; ++n) {
      if (cells[n] < 0) return false;
      sum += cells[n];
    }
    return sum > 0;
  }

  double keep_, margin_;
  std::array<double, emotion_cells> sums_{};
  double weight_ = 0;
  int heard_ = 0, quadrant_ = 0;
};

}  // namespace chromasonic
