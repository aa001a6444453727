// A model on RTNeural, behind the interface of NativeNetwork. CMake includes it where
// CHROMASONIC_RTNEURAL_DIR names an RTNeural checkout.
#pragma once

// RTNeural's headers use these without including them all. And nlohmann's JSON goes first: RTNeural
// has a copy of its own, which the guard of this one then leaves out.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>
#include <vector>

// RTNeural's own CMake defines it; without, some of its headers take the word for the name.
#if !defined(RTNEURAL_NAMESPACE)
#define RTNEURAL_NAMESPACE RTNeural
#endif

#include <RTNeural/RTNeural.h>

#include <chromasonic/engine/arena.hpp>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/kernels.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/error.hpp>
#include <chromasonic/file/document.hpp>
#include <chromasonic/file/model_checks.hpp>
#include <chromasonic/model_spec.hpp>
#include <cstddef>
#include <memory>
#include <string>

namespace chromasonic {

namespace rtneural = RTNEURAL_NAMESPACE;

/// Hands on what an LSTM gives, and notes whether it is finite. RTNeural shows no recurrent state;
/// but |c| grows by at most 1 a step, so it is NaN or never broken, and then so is h.
class RTNeuralWatch final : public rtneural::Layer<float> {
 public:
  explicit RTNeuralWatch(int size) : rtneural::Layer<float>(size, size) {}

  std::string getName() const noexcept override { return "watch"; }

  void forward(const float* in, float* out) noexcept override {
    const auto size = static_cast<std::size_t>(out_size);
    std::copy_n(in, size, out);
    is_finite_ = are_finite(in, size);
  }

  void reset() override { is_finite_ = true; }

  bool is_finite() const noexcept { return is_finite_; }

 private:
  bool is_finite_ = true;
};

/// RTNeural's run-time model, filled layer by layer from a document that was read and checked, so
/// that nothing reaches RTNeural which it would take in silence and compute wrongly.
///
/// It takes all of its memory when it is made (loader thread); afterwards `step` and `reset` belong
/// to one thread at a time, as a rule the audio thread.
///
/// Differs: RTNeural's softmax subtracts no maximum. Logits above 88 overflow there and not in
/// NativeNetwork.
class RTNeuralNetwork {
 public:
#if RTNEURAL_USE_EIGEN
  static constexpr const char* engine = "RTNeural, Eigen";
#elif RTNEURAL_USE_XSIMD
  static constexpr const char* engine = "RTNeural, xsimd";
#else
  static constexpr const char* engine = "RTNeural, STL";
#endif

  /// @throws LoadError The document is another model than the spec, or the precision is not
  ///     float32.
  RTNeuralNetwork(const Document& document, const ModelSpec& spec,
                  Precision precision = Precision::float32)
      : spec_((check_document(document, spec), check_precision(document, precision), spec)),
        arena_(Arena::padded(spec.inputs)),
        input_(arena_.take(spec.inputs)),
        model_(static_cast<int>(spec.inputs)),
        weight_bytes_(document.parameters() * sizeof(float)) {
    model_.layers.reserve(2 * document.layers.size());
    for (const DocumentLayer& layer : document.layers) add(layer);
    model_.reset();  // RTNeural's LSTM on the STL begins with whatever is in memory
  }

  RTNeuralNetwork(const RTNeuralNetwork&) = delete;
  RTNeuralNetwork& operator=(const RTNeuralNetwork&) = delete;

#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic push
// RTNeural does not declare what it does; RealtimeSanitizer watches it as it runs.
#pragma clang diagnostic ignored "-Wfunction-effects"
#endif

  /// One step. Audio thread.
  ///
  /// @param in Numbers of the spec's inputs.
  /// @param out Room for the spec's outputs; may be the same memory as `in`.
  void step(const float* in, float* out) noexcept CHROMASONIC_NONBLOCKING {
    std::copy_n(in, spec_.inputs, input_);  // aligned and padded, as some of its backends want it
    model_.forward(input_);
    std::copy_n(model_.getOutputs(), spec_.outputs, out);
  }

  /// Clears the recurrent state. Audio thread.
  void reset() noexcept CHROMASONIC_NONBLOCKING { model_.reset(); }

  /// Whether the recurrent state is a state: neither infinite nor NaN. Audio thread.
  bool is_finite() const noexcept CHROMASONIC_NONBLOCKING {
    bool is = true;
    for (std::size_t i = 0; i < watch_count_; ++i) is &= watches_[i]->is_finite();
    return is;
  }

#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic pop
#endif

  /// What its weights take in memory.
  std::size_t weight_bytes() const noexcept { return weight_bytes_; }

 private:
  using Layer = rtneural::Layer<float>;
  using Rows = std::vector<std::vector<float>>;

  static int check_precision(const Document& document, Precision precision) {
    if (precision != Precision::float32) {
      throw LoadError(document.file +
                      ": RTNeural computes with float32 weights only; wanted: Precision::float32, "
                      "or a build without CHROMASONIC_RTNEURAL_DIR.");
    }
    return 0;
  }

  void add(const DocumentLayer& from) {
    const int size = static_cast<int>(from.size);
    if (from.kind == LayerKind::lstm) {
      own(lstm(from));
      auto watch = std::make_unique<RTNeuralWatch>(size);
      watches_[watch_count_++] = watch.get();
      own(std::move(watch));
      return;
    }
    own(dense(from));
    switch (from.activation) {
      case Activation::none:
        return;
      case Activation::relu:
        return own(std::make_unique<rtneural::ReLuActivation<float>>(size));
      case Activation::tanh:
        return own(std::make_unique<rtneural::TanhActivation<float>>(size));
      case Activation::sigmoid:
        return own(std::make_unique<rtneural::SigmoidActivation<float>>(size));
      case Activation::softmax:
        return own(std::make_unique<rtneural::SoftmaxActivation<float>>(size));
    }
  }

  /// The model deletes its layers; there is room for each in its list.
  void own(std::unique_ptr<Layer> layer) { model_.addLayer(layer.release()); }

  static std::unique_ptr<Layer> dense(const DocumentLayer& from) {
    auto layer = std::make_unique<rtneural::Dense<float>>(static_cast<int>(from.inputs),
                                                          static_cast<int>(from.size));
    const std::vector<float>& weights = from.weights[0];
    Rows rows(from.size, std::vector<float>(from.inputs));  // [out][in]: the file's transposed
    for (std::size_t in = 0; in < from.inputs; ++in) {
      for (std::size_t out = 0; out < from.size; ++out)
        rows[out][in] = weights[in * from.size + out];
    }
    layer->setWeights(rows);
    layer->setBias(from.weights[1].data());
    return layer;
  }

  static std::unique_ptr<Layer> lstm(const DocumentLayer& from) {
    auto layer = std::make_unique<rtneural::LSTMLayer<float>>(static_cast<int>(from.inputs),
                                                              static_cast<int>(from.size));
    layer->setWVals(rows_of(from.weights[0], from.inputs));
    layer->setUVals(rows_of(from.weights[1], from.size));
    layer->setBVals(from.weights[2]);
    return layer;
  }

  static Rows rows_of(const std::vector<float>& values, std::size_t count) {
    const std::size_t columns = values.size() / count;
    Rows rows;
    rows.reserve(count);
    for (const float* row = values.data(); rows.size() < count; row += columns) {
      rows.emplace_back(row, row + columns);
    }
    return rows;
  }

  ModelSpec spec_;
  Arena arena_;
  float* input_;  ///< in the arena
  rtneural::Model<float> model_;
  RTNeuralWatch* watches_[max_layers] = {};  ///< of the model's layers, behind each LSTM
  std::size_t watch_count_ = 0;
  std::size_t weight_bytes_;
};

}  // namespace chromasonic
