// What a model is by its numbers. The table itself, `specs.hpp`, is generated from Python's.
#pragma once

#include <cstddef>
#include <string_view>

namespace chromasonic {

enum class Model : std::size_t {
  emotion_recognizer,
  melody_transformer,
  harmony_predictor,
  dynamics_engine,
  groove_predictor,
};

inline constexpr std::size_t model_count = 5;

/// What a caller does with the recurrent state: there is none, or it goes on from step to step
/// until the music stops or starts anew, which is when the caller resets it.
enum class StatePolicy { stateless, carry };

enum class LayerKind { dense, lstm };

enum class Activation { none, relu, tanh, sigmoid, softmax };

struct LayerSpec {
  LayerKind kind;
  std::size_t size;  ///< numbers that come out
  Activation activation;
};

inline constexpr std::size_t max_layers = 4;

struct ModelSpec {
  Model model;
  std::string_view name;   ///< of its file, without ".json"
  std::string_view title;  ///< as people write it
  std::size_t inputs;      ///< numbers that go in at each step
  std::size_t outputs;     ///< numbers that come out
  std::size_t layer_count;
  LayerSpec layers[max_layers];
  std::size_t parameters;  ///< numbers in the exported file
  StatePolicy state;
};

/// Where a block of neighbouring numbers stands in an input or an output.
struct Block {
  std::string_view name;
  std::size_t begin;
  std::size_t size;
};

/// The blocks of an input or an output, in order.
struct BlockPage {
  const Block* blocks;
  std::size_t count;
};

}  // namespace chromasonic
