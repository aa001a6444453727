// A document small enough to spoil at every byte: 2 inputs, an LSTM of 2, a dense layer of 3.
#pragma once

#include <chromasonic/engine/native_network.hpp>
#include <chromasonic/file/document.hpp>
#include <chromasonic/file/document_reading.hpp>
#include <chromasonic/file/self_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdio>
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

/// Rows as JSON.
inline std::string json_of(const std::vector<double>& row) {
  std::string text = "[";
  for (const double value : row) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.8g", text.size() > 1 ? "," : "", value);
    text += number;
  }
  return text + "]";
}

inline std::string json_of(const std::vector<std::vector<double>>& rows) {
  std::string text = "[";
  for (const std::vector<double>& row : rows) text += (text.size() > 1 ? "," : "") + json_of(row);
  return text + "]";
}

/// The document as text.
inline std::string small_text() {
  SmallModel model;
  std::vector<std::vector<double>> inputs, outputs;
  for (int step = 0; step < 64; ++step) {
    if (step == 0 || step == 40) model.reset();
    inputs.push_back({(step * 7 % 16) / 8.0 - 1.0, (step * 5 % 8) / 4.0 - 0.75});
    outputs.push_back(model.step(inputs.back()));
  }
  const std::string layers =
      "[{\"type\":\"lstm\",\"shape\":[null,null,2],\"activation\":\"\",\"weights\":[" +
      json_of(model.w) + "," + json_of(model.u) + "," + json_of(model.b) +
      "]},{\"type\":\"dense\",\"shape\":[null,null,3],\"activation\":\"softmax\",\"weights\":[" +
      json_of(model.v) + "," + json_of(model.d) + "]}]";
  const std::string file = "small";
  const JsonValue tree = parse_json(layers, file);
  return "{\"in_shape\":[null,null,2],\"layers\":" + layers +
         ",\"metadata\":{\"format\":1,\"name\":\"small\",\"title\":\"Small\",\"version\":\"0.1.0\","
         "\"corpora\":[],\"is_synthetic\":true,\"feature_page\":{\"inputs\":[{\"name\":\"in\","
         "\"size\":2,\"meaning\":\"any\"}],\"outputs\":[{\"name\":\"out\",\"size\":3,\"meaning\":"
         "\"any\"}]},\"state_policy\":\"carry\",\"step\":\"each\",\"parameters\":49,\"tolerance\":"
         "1e-5,"
         "\"weight_hash\":\"" +
         weight_hash(read_layers(Field(tree, file, "layers"), 2)) +
         "\",\"training\":{},\"golden\":{\"inputs\":" + json_of(inputs) +
         ",\"outputs\":" + json_of(outputs) + ",\"reset_before\":[0,40]}}}";
}

/// How a text was taken.
enum class Taken { refused, right, wrong };

/// Loads the small document from a text as a program would, and compares what it computes with
/// what the right one computes.
inline Taken take_small(const std::string& text, const Document& right) {
  try {
    const Document document = parse_document(text, "small.json");
    NativeNetwork network(document, small_spec);
    self_test(network, document, Precision::float32);
    return golden_error(network, right).largest <= right.tolerance ? Taken::right : Taken::wrong;
  } catch (const LoadError&) {
    return Taken::refused;
  }
}

}  // namespace chromasonic::tests
