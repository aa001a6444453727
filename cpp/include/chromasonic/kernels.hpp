// The arithmetic of the layers, as plain loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace chromasonic {

/// How weights are held; sums are float32 throughout.
enum class Precision { float32, float16, int8 };

/// A matrix of `[in][out]` rows, held so that a product with it reads as few bytes as it can.
class Matrix {
 public:
  Matrix() = default;

  /// Loader thread. `rows` is copied.
  Matrix(const float* rows, std::size_t in, std::size_t out, Precision /*precision*/)
      : in_(in), out_(out), rows_(rows, rows + in * out) {}

  /// Audio thread. y[out] += x[in] * W[in][out].
  void accumulate(const float* x, float* y) const noexcept {
    for (std::size_t i = 0; i < in_; ++i) {
      const float* row = rows_.data() + i * out_;
      for (std::size_t o = 0; o < out_; ++o) y[o] += x[i] * row[o];
    }
  }

  /// What it holds in memory.
  std::size_t bytes() const noexcept { return rows_.size() * sizeof(float); }

 private:
  std::size_t in_ = 0, out_ = 0;
  std::vector<float> rows_;
};

inline float sigmoid(float x) noexcept { return 1.0f / (1.0f + std::exp(-x)); }

inline void relu(float* x, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i) x[i] = std::max(x[i], 0.0f);
}

inline void tanh(float* x, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i) x[i] = std::tanh(x[i]);
}

inline void sigmoid(float* x, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i) x[i] = sigmoid(x[i]);
}

/// Subtracts the largest first, so that large inputs do not overflow.
inline void softmax(float* x, std::size_t size) noexcept {
  const float largest = *std::max_element(x, x + size);
  float sum = 0.0f;
  for (std::size_t i = 0; i < size; ++i) sum += x[i] = std::exp(x[i] - largest);
  for (std::size_t i = 0; i < size; ++i) x[i] /= sum;
}

/// One step of an LSTM from its gates (4H: input, forget, candidate, output), before activation.
inline void lstm_cell(const float* gates, float* c, float* h, std::size_t size) noexcept {
  for (std::size_t k = 0; k < size; ++k) {
    const float i = sigmoid(gates[k]), f = sigmoid(gates[size + k]);
    c[k] = f * c[k] + i * std::tanh(gates[2 * size + k]);
    h[k] = sigmoid(gates[3 * size + k]) * std::tanh(c[k]);
  }
}

}  // namespace chromasonic
