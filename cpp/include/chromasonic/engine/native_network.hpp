// A model on this project's own loops.
#pragma once

#include <algorithm>
#include <chromasonic/engine/arena.hpp>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/kernels.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/file/document.hpp>
#include <chromasonic/file/model_checks.hpp>
#include <chromasonic/model_spec.hpp>
#include <cstddef>

namespace chromasonic {

/// Dense and LSTM layers in a row. Takes all of its memory when it is made (loader thread);
/// afterwards `step` and `reset` belong to one thread at a time, as a rule the audio thread.
class NativeNetwork {
 public:
  static constexpr const char* engine = "native";

  /// @throws LoadError The document is another model than the spec.
  NativeNetwork(const Document& document, const ModelSpec& spec,
                Precision precision = Precision::float32)
      : spec_((check_document(document, spec), spec)), arena_(arena_size(spec)) {
    std::size_t widest = 0, inputs = spec.inputs;
    for (std::size_t i = 0; i < spec.layer_count; ++i) {
      const LayerSpec& wanted = spec.layers[i];
      const DocumentLayer& from = document.layers[i];
      Layer& layer = layers_[i];
      const bool is_lstm = wanted.kind == LayerKind::lstm;
      const std::size_t columns = is_lstm ? 4 * wanted.size : wanted.size;
      layer.input = Matrix(from.weights[0].data(), inputs, columns, precision);
      if (is_lstm) {
        layer.recurrent = Matrix(from.weights[1].data(), wanted.size, columns, precision);
        layer.hidden = arena_.take(wanted.size);
        layer.cell = arena_.take(wanted.size);
      }
      layer.bias = arena_.take(columns);
      std::copy_n(from.weights.back().data(), columns, layer.bias);
      widest = std::max(widest, columns);
      inputs = wanted.size;
    }
    front_ = arena_.take(widest);
    back_ = arena_.take(widest);
  }

  NativeNetwork(const NativeNetwork&) = delete;
  NativeNetwork& operator=(const NativeNetwork&) = delete;

  /// One step. Audio thread, while a `ScopedFlushToZero` lives (MultiModelProcessor sees to it): a
  /// fading state would else go through numbers that some processors are slow with.
  ///
  /// @param in Numbers of the spec's inputs.
  /// @param out Room for the spec's outputs; may be the same memory as `in`.
  void step(const float* in, float* out) noexcept CHROMASONIC_NONBLOCKING {
    const float* x = in;
    float *next = front_, *other = back_;
    for (std::size_t i = 0; i < spec_.layer_count; ++i) {
      const LayerSpec& wanted = spec_.layers[i];
      Layer& layer = layers_[i];
      if (wanted.kind == LayerKind::lstm) {
        std::copy_n(layer.bias, 4 * wanted.size, next);
        layer.input.accumulate(x, next);
        layer.recurrent.accumulate(layer.hidden, next);
        lstm_cell(next, layer.cell, layer.hidden, wanted.size);
        x = layer.hidden;
      } else {
        std::copy_n(layer.bias, wanted.size, next);
        layer.input.accumulate(x, next);
        activate(wanted.activation, next, wanted.size);
        x = next;
        std::swap(next, other);
      }
    }
    std::copy_n(x, spec_.outputs, out);
  }

  /// Clears the recurrent state. Audio thread.
  void reset() noexcept CHROMASONIC_NONBLOCKING {
    for (std::size_t i = 0; i < spec_.layer_count; ++i) {
      if (spec_.layers[i].kind != LayerKind::lstm) continue;
      std::fill_n(layers_[i].hidden, spec_.layers[i].size, 0.0f);
      std::fill_n(layers_[i].cell, spec_.layers[i].size, 0.0f);
    }
  }

  /// Whether the recurrent state is a state: neither infinite nor NaN. Audio thread.
  bool is_finite() const noexcept CHROMASONIC_NONBLOCKING {
    bool is = true;
    for (std::size_t i = 0; i < spec_.layer_count; ++i) {
      if (spec_.layers[i].kind != LayerKind::lstm) continue;
      is &= are_finite(layers_[i].hidden, spec_.layers[i].size);
      is &= are_finite(layers_[i].cell, spec_.layers[i].size);
    }
    return is;
  }

  /// What its weights take in memory.
  std::size_t weight_bytes() const noexcept {
    std::size_t total = 0;
    for (std::size_t i = 0; i < spec_.layer_count; ++i) {
      const bool is_lstm = spec_.layers[i].kind == LayerKind::lstm;
      total += layers_[i].input.bytes() + (is_lstm ? layers_[i].recurrent.bytes() : 0);
      total += spec_.layers[i].size * (is_lstm ? 4 : 1) * sizeof(float);
    }
    return total;
  }

 private:
  struct Layer {
    Matrix input;
    Matrix recurrent;         ///< of an LSTM
    float* bias = nullptr;    ///< in the arena, as are the next two
    float* hidden = nullptr;  ///< of an LSTM
    float* cell = nullptr;    ///< of an LSTM
  };

  static std::size_t arena_size(const ModelSpec& spec) noexcept {
    std::size_t total = 0, widest = 0;
    for (std::size_t i = 0; i < spec.layer_count; ++i) {
      const std::size_t size = spec.layers[i].size;
      const bool is_lstm = spec.layers[i].kind == LayerKind::lstm;
      total += Arena::padded(is_lstm ? 4 * size : size) + (is_lstm ? 2 * Arena::padded(size) : 0);
      widest = std::max(widest, is_lstm ? 4 * size : size);
    }
    return total + 2 * Arena::padded(widest);
  }

  static void activate(Activation activation, float* x, std::size_t size) noexcept {
    switch (activation) {
      case Activation::none:
        return;
      case Activation::relu:
        return relu(x, size);
      case Activation::tanh:
        return tanh(x, size);
      case Activation::sigmoid:
        return sigmoid(x, size);
      case Activation::softmax:
        return softmax(x, size);
    }
  }

  ModelSpec spec_;
  Arena arena_;
  Layer layers_[max_layers];
  float* front_ = nullptr;  ///< what the layer computes now, in the arena
  float* back_ = nullptr;   ///< what the layer before has computed
};

}  // namespace chromasonic
