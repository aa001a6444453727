// A document small enough to spoil at every byte: 2 inputs, an LSTM of 2, a dense layer of 3.
#pragma once

#include <chromasonic/document.hpp>
#include <chromasonic/document_reading.hpp>
#include <chromasonic/native_network.hpp>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chromasonic::tests {

inline constexpr ModelSpec small_spec{
    Model::groove_predictor,
    "small",
    "Small",
    2,
    3,
    2,
    {{LayerKind::lstm, 2, Activation::none}, {LayerKind::dense, 3, Activation::softmax}},
    2 * 8 + 2 * 8 + 8 + 2 * 3 + 3,
    StatePolicy::carry};

inline double small_sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// Its layers, written out in plain float64: what the golden outputs come from.
class SmallModel {
 public:
  std::vector<std::vector<double>> w{{0.5, -0.25, 1, 0.75, -1, 0.5, 0.25, -0.5},
                                     {-0.75, 0.5, 0.25, 1, 0.5, -0.25, 1.5, 0.125}};
  std::vector<std::vector<double>> u{{0.25, 1, -0.5, 0.5, 0.75, -0.25, 0.5, 1},
                                     {-1, 0.5, 0.25, -0.25, 1, 0.5, -0.75, 0.5}};
  std::vector<double> b{0.1, -0.2, 0.3, 0.4, -0.1, 0.2, -0.3, 0.05};
  std::vector<std::vector<double>> v{{1, -0.5, 0.25}, {-0.75, 2, 0.5}};
  std::vector<double> d{0.05, -0.15, 0.25};

  void reset() { h_ = c_ = {0.0, 0.0}; }

  std::vector<double> step(const std::vector<double>& x) {
    std::vector<double> gates = b;
    for (std::size_t k = 0; k < 8; ++k) {
      for (std::size_t i = 0; i < 2; ++i) gates[k] += x[i] * w[i][k] + h_[i] * u[i][k];
    }
    for (std::size_t k = 0; k < 2; ++k) {
      c_[k] =
          small_sigmoid(gates[2 + k]) * c_[k] + small_sigmoid(gates[k]) * std::tanh(gates[4 + k]);
      h_[k] = small_sigmoid(gates[6 + k]) * std::tanh(c_[k]);
    }
    std::vector<double> y = d;
    double sum = 0.0;
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::size_t i = 0; i < 2; ++i) y[k] += h_[i] * v[i][k];
      sum += y[k] = std::exp(y[k]);
    }
    for (double& value : y) value /= sum;
    return y;
  }

 private:
  std::vector<double> h_{0.0, 0.0}, c_{0.0, 0.0};
};

/// The document as JSON; `sign` is not needed.
inline nlohmann::json small_json() {
  SmallModel model;
  nlohmann::json golden{{"reset_before", {0, 40}}};
  for (int step = 0; step < 64; ++step) {
    if (step == 0 || step == 40) model.reset();
    const std::vector<double> x{(step * 7 % 16) / 8.0 - 1.0, (step * 5 % 8) / 4.0 - 0.75};
    golden["inputs"].push_back(x);
    nlohmann::json y;
    for (const double value : model.step(x)) y.push_back(std::round(value * 1e7) / 1e7);
    golden["outputs"].push_back(y);
  }
  const nlohmann::json null;
  const auto page = [](const char* name, int size) {
    return nlohmann::json{{{"name", name}, {"size", size}, {"meaning", "anything"}}};
  };
  nlohmann::json json{{"in_shape", {null, null, 2}},
                      {"layers",
                       {{{"type", "lstm"},
                         {"shape", {null, null, 2}},
                         {"activation", ""},
                         {"weights", {model.w, model.u, model.b}}},
                        {{"type", "dense"},
                         {"shape", {null, null, 3}},
                         {"activation", "softmax"},
                         {"weights", {model.v, model.d}}}}},
                      {"metadata",
                       {{"format", 1},
                        {"name", "small"},
                        {"title", "Small"},
                        {"version", "0.1.0"},
                        {"corpora", nlohmann::json::array()},
                        {"is_synthetic", true},
                        {"feature_page", {{"inputs", page("in", 2)}, {"outputs", page("out", 3)}}},
                        {"state_policy", "carry"},
                        {"step", "each"},
                        {"parameters", small_spec.parameters},
                        {"tolerance", 1e-5},
                        {"training", nlohmann::json::object()},
                        {"golden", golden}}}};
  const JsonValue tree = parse_json(json.dump(), "small");
  const std::string file = "small";
  json["metadata"]["weight_hash"] = weight_hash(read_layers(Field(tree, file, "").at("layers"), 2));
  return json;
}

}  // namespace chromasonic::tests
