// The compile-time side of the stand-in: a tuple of layers. Like RTNeural's, it passes over what it
// does not expect in a file.
#pragma once

#include <array>
#include <tuple>
#include <utility>

#include "Model.h"

namespace RTNeural {

template <typename T, int in, int out>
struct DenseT {
  void load(const nlohmann::json& layer) {
    if (layer["type"] != "dense") return;
    const auto rows = layer["weights"][0].template get<Matrix<T>>();
    Matrix<T> weights(out, std::vector<T>(in));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t o = 0; o < rows[i].size(); ++o) weights.at(o).at(i) = rows[i][o];
    }
    dense.setWeights(weights);
    dense.setBias(layer["weights"][1].template get<std::vector<T>>().data());
  }
  void reset() {}
  void forward(const T* x) { dense.forward(x, outs.data()); }

  static constexpr bool has_weights = true;
  Dense<T> dense{in, out};
  std::array<T, static_cast<std::size_t>(out)> outs{};
};

template <typename T, int in, int out>
struct LSTMLayerT {
  void load(const nlohmann::json& layer) {
    if (layer["type"] != "lstm") return;
    lstm.setWVals(layer["weights"][0].template get<Matrix<T>>());
    lstm.setUVals(layer["weights"][1].template get<Matrix<T>>());
    lstm.setBVals(layer["weights"][2].template get<std::vector<T>>());
  }
  void reset() { lstm.reset(); }
  void forward(const T* x) { lstm.forward(x, outs.data()); }

  static constexpr bool has_weights = true;
  LSTMLayer<T> lstm{in, out};
  std::array<T, static_cast<std::size_t>(out)> outs{};
};

template <template <typename> class Kind, typename T, int size>
struct ActivationT {
  void load(const nlohmann::json&) {}
  void reset() {}
  void forward(const T* x) { activation.forward(x, outs.data()); }

  static constexpr bool has_weights = false;
  Kind<T> activation{size};
  std::array<T, static_cast<std::size_t>(size)> outs{};
};

template <typename T, int size>
using ReLuActivationT = ActivationT<ReLuActivation, T, size>;
template <typename T, int size>
using TanhActivationT = ActivationT<TanhActivation, T, size>;
template <typename T, int size>
using SigmoidActivationT = ActivationT<SigmoidActivation, T, size>;
template <typename T, int size>
using SoftmaxActivationT = ActivationT<SoftmaxActivation, T, size>;

template <typename T, int in, int out, typename... Layers>
class ModelT {
 public:
  void parseJson(const nlohmann::json& parent) {
    std::size_t index = 0;
    const auto load = [&](auto& layer) {
      if (!layer.has_weights) return;
      if (index < parent["layers"].size()) layer.load(parent["layers"][index++]);
    };
    std::apply([&](auto&... layer) { (load(layer), ...); }, layers_);
  }
  void reset() {
    std::apply([](auto&... layer) { (layer.reset(), ...); }, layers_);
  }
  T forward(const T* input) {
    const T* x = input;
    const auto step = [&x](auto& layer) {
      layer.forward(x);
      x = layer.outs.data();
    };
    std::apply([&](auto&... layer) { (step(layer), ...); }, layers_);
    std::copy_n(x, out, outs_.begin());
    return outs_[0];
  }
  const T* getOutputs() const noexcept { return outs_.data(); }

 private:
  std::tuple<Layers...> layers_;
  std::array<T, static_cast<std::size_t>(out)> outs_{};
};

}  // namespace RTNeural
