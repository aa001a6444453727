// The run-time side of the stand-in: layers that know their sizes when they are made.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../modules/json/json.hpp"

namespace RTNeural {

template <typename T>
using Matrix = std::vector<std::vector<T>>;

template <typename T>
T sigmoid(T x) {
  return T(1) / (T(1) + std::exp(-x));
}

/// gates i, f, c, o as 4 H sums; h and c as they were before.
template <typename T>
void lstm_step(const std::vector<T>& sums, std::vector<T>& c, T* h) {
  const std::size_t size = c.size();
  for (std::size_t k = 0; k < size; ++k) {
    c[k] = sigmoid(sums[size + k]) * c[k] + sigmoid(sums[k]) * std::tanh(sums[2 * size + k]);
    h[k] = sigmoid(sums[3 * size + k]) * std::tanh(c[k]);
  }
}

template <typename T>
void activate(const std::string& name, const T* in, T* out, int size) {
  T sum = 0;
  for (int i = 0; i < size; ++i) {
    if (name == "relu") out[i] = std::max(T(0), in[i]);
    if (name == "tanh") out[i] = std::tanh(in[i]);
    if (name == "sigmoid") out[i] = sigmoid(in[i]);
    if (name == "softmax") sum += out[i] = std::exp(in[i]);  // no maximum is subtracted
  }
  for (int i = 0; name == "softmax" && i < size; ++i) out[i] /= sum;
}

template <typename T>
class Layer {
 public:
  Layer(int in, int out) : in_size(in), out_size(out) {}
  virtual ~Layer() = default;
  virtual std::string getName() const noexcept { return ""; }
  virtual void reset() {}
  virtual void forward(const T* input, T* out) noexcept = 0;

  const int in_size;
  const int out_size;
};

template <typename T>
class Dense final : public Layer<T> {
 public:
  Dense(int in, int out) : Layer<T>(in, out), bias_(static_cast<std::size_t>(out)) {}
  void setWeights(const Matrix<T>& weights) { weights_ = weights; }  // [out][in]
  void setBias(const T* bias) { std::copy_n(bias, bias_.size(), bias_.begin()); }
  void forward(const T* input, T* out) noexcept override {
    for (std::size_t o = 0; o < bias_.size(); ++o) {
      out[o] = bias_[o];
      for (std::size_t i = 0; i < weights_[o].size(); ++i) out[o] += weights_[o][i] * input[i];
    }
  }

 private:
  Matrix<T> weights_;
  std::vector<T> bias_;
};

template <typename T>
class LSTMLayer final : public Layer<T> {
 public:
  LSTMLayer(int in, int out)
      : Layer<T>(in, out),
        hidden_(static_cast<std::size_t>(out)),
        cell_(hidden_.size()),
        sums_(4 * hidden_.size()) {}
  void setWVals(const Matrix<T>& weights) { w_ = weights; }
  void setUVals(const Matrix<T>& weights) { u_ = weights; }
  void setBVals(const std::vector<T>& bias) { bias_ = bias; }
  void reset() override {
    std::fill(hidden_.begin(), hidden_.end(), T(0));
    std::fill(cell_.begin(), cell_.end(), T(0));
  }
  void forward(const T* input, T* out) noexcept override {
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      sums_[k] = bias_[k];
      for (std::size_t i = 0; i < w_.size(); ++i) sums_[k] += w_[i][k] * input[i];
      for (std::size_t i = 0; i < u_.size(); ++i) sums_[k] += u_[i][k] * hidden_[i];
    }
    lstm_step(sums_, cell_, hidden_.data());
    std::copy(hidden_.begin(), hidden_.end(), out);
  }

 private:
  Matrix<T> w_, u_;
  std::vector<T> bias_, hidden_, cell_, sums_;
};

template <typename T>
class Activation : public Layer<T> {
 public:
  Activation(int size, std::string name) : Layer<T>(size, size), name_(std::move(name)) {}
  void forward(const T* input, T* out) noexcept override {
    activate(name_, input, out, this->out_size);
  }

 private:
  std::string name_;
};

template <typename T>
struct ReLuActivation final : Activation<T> {
  explicit ReLuActivation(int size) : Activation<T>(size, "relu") {}
};
template <typename T>
struct TanhActivation final : Activation<T> {
  explicit TanhActivation(int size) : Activation<T>(size, "tanh") {}
};
template <typename T>
struct SigmoidActivation final : Activation<T> {
  explicit SigmoidActivation(int size) : Activation<T>(size, "sigmoid") {}
};
template <typename T>
struct SoftmaxActivation final : Activation<T> {
  explicit SoftmaxActivation(int size) : Activation<T>(size, "softmax") {}
};

template <typename T>
class Model {
 public:
  explicit Model(int in) : in_size_(in) {}
  ~Model() {
    for (Layer<T>* layer : layers) delete layer;
  }
  int getNextInSize() const { return layers.empty() ? in_size_ : layers.back()->out_size; }
  void addLayer(Layer<T>* layer) {
    layers.push_back(layer);
    outs_.emplace_back(static_cast<std::size_t>(layer->out_size));
  }
  void reset() {
    for (Layer<T>* layer : layers) layer->reset();
  }
  T forward(const T* input) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      layers[i]->forward(i == 0 ? input : outs_[i - 1].data(), outs_[i].data());
    }
    return outs_.back()[0];
  }
  const T* getOutputs() const noexcept { return outs_.back().data(); }

  std::vector<Layer<T>*> layers;

 private:
  int in_size_;
  std::vector<std::vector<T>> outs_;
};

/// What a file says, as far as it is understood: no shape is checked.
namespace json_parser {

template <typename T>
std::unique_ptr<Layer<T>> activation_of(const std::string& name, int size) {
  if (name == "relu") return std::make_unique<ReLuActivation<T>>(size);
  if (name == "tanh") return std::make_unique<TanhActivation<T>>(size);
  if (name == "sigmoid") return std::make_unique<SigmoidActivation<T>>(size);
  if (name == "softmax") return std::make_unique<SoftmaxActivation<T>>(size);
  return nullptr;
}

template <typename T>
std::unique_ptr<Model<T>> parseJson(const nlohmann::json& parent) {
  auto model = std::make_unique<Model<T>>(parent.at("in_shape").back().template get<int>());
  for (const nlohmann::json& layer : parent.at("layers")) {
    const int in = model->getNextInSize(), out = layer.at("shape").back().template get<int>();
    const nlohmann::json& weights = layer.at("weights");
    if (layer.at("type") == "lstm") {
      auto lstm = std::make_unique<LSTMLayer<T>>(in, out);
      lstm->setWVals(weights.at(0).template get<Matrix<T>>());
      lstm->setUVals(weights.at(1).template get<Matrix<T>>());
      lstm->setBVals(weights.at(2).template get<std::vector<T>>());
      model->addLayer(lstm.release());
      continue;
    }
    const auto rows = weights.at(0).template get<Matrix<T>>();
    Matrix<T> turned(static_cast<std::size_t>(out), std::vector<T>(static_cast<std::size_t>(in)));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t o = 0; o < rows[i].size(); ++o) turned.at(o).at(i) = rows[i][o];
    }
    auto dense = std::make_unique<Dense<T>>(in, out);
    dense->setWeights(turned);
    dense->setBias(weights.at(1).template get<std::vector<T>>().data());
    model->addLayer(dense.release());
    const std::string name = layer.at("activation");
    if (!name.empty()) model->addLayer(activation_of<T>(name, out).release());
  }
  return model;
}

template <typename T>
std::unique_ptr<Model<T>> parseJson(std::ifstream& stream) {
  return parseJson<T>(nlohmann::json::parse(stream));
}

}  // namespace json_parser

}  // namespace RTNeural
