// Models with made-up weights that never let a step skip a row: the worst case of a step's time.
#pragma once

#include <chromasonic/file/document.hpp>
#include <chromasonic/model_spec.hpp>
#include <chromasonic/specs.hpp>
#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace chromasonic::bench {

/// A model of a spec's shape whose inner values are all above 0 for inputs above 0: dense weights
/// and biases are positive, so that no ReLU gives a 0.
inline Document dense_document(const ModelSpec& spec, unsigned seed) {
  std::mt19937 source(seed);
  Document document;
  document.file = "dense";
  document.inputs = spec.inputs;
  document.name = spec.name;
  document.title = spec.title;
  document.state = spec.state;
  std::size_t inputs = spec.inputs;
  for (std::size_t i = 0; i < spec.layer_count; ++i) {
    const LayerSpec& wanted = spec.layers[i];
    const bool is_lstm = wanted.kind == LayerKind::lstm;
    const std::size_t columns = is_lstm ? 4 * wanted.size : wanted.size;
    const float bound = 1.0f / static_cast<float>(inputs);
    std::uniform_real_distribution<float> weight(is_lstm ? -bound : 0.1f * bound, bound);
    const auto made = [&](std::size_t count) {
      std::vector<float> numbers(count);
      for (float& number : numbers) number = weight(source);
      return numbers;
    };
    DocumentLayer layer;
    layer.kind = wanted.kind;
    layer.inputs = inputs;
    layer.size = wanted.size;
    layer.activation = wanted.activation;
    layer.weights.push_back(made(inputs * columns));
    if (is_lstm) layer.weights.push_back(made(wanted.size * columns));
    layer.weights.push_back(made(columns));
    document.layers.push_back(std::move(layer));
    inputs = wanted.size;
  }
  return document;
}

/// Inputs above 0, step after step.
inline std::vector<float> dense_inputs(const ModelSpec& spec, std::size_t steps, unsigned seed) {
  std::mt19937 source(seed);
  std::uniform_real_distribution<float> number(0.1f, 1.0f);
  std::vector<float> inputs(steps * spec.inputs);
  for (float& x : inputs) x = number(source);
  return inputs;
}

}  // namespace chromasonic::bench
