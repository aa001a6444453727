// What goes into the five models at one step, and what comes out.
#pragma once

#include <array>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/specs.hpp>
#include <cstddef>

namespace chromasonic {

/// Inputs of all five models; `blocks` says where each number stands.
struct Inputs {
  alignas(64) std::array<float, spec_of(Model::emotion_recognizer).inputs> emotion_recognizer{};
  alignas(64) std::array<float, spec_of(Model::melody_transformer).inputs> melody_transformer{};
  alignas(64) std::array<float, spec_of(Model::harmony_predictor).inputs> harmony_predictor{};
  alignas(64) std::array<float, spec_of(Model::dynamics_engine).inputs> dynamics_engine{};
  alignas(64) std::array<float, spec_of(Model::groove_predictor).inputs> groove_predictor{};

  const float* of(Model model) const noexcept CHROMASONIC_NONBLOCKING;
  float* of(Model model) noexcept CHROMASONIC_NONBLOCKING {
    return const_cast<float*>(static_cast<const Inputs*>(this)->of(model));
  }
};

/// Outputs of all five models; `output_blocks` says where each number stands.
struct Outputs {
  alignas(64) std::array<float, spec_of(Model::emotion_recognizer).outputs> emotion_recognizer{};
  alignas(64) std::array<float, spec_of(Model::melody_transformer).outputs> melody_transformer{};
  alignas(64) std::array<float, spec_of(Model::harmony_predictor).outputs> harmony_predictor{};
  alignas(64) std::array<float, spec_of(Model::dynamics_engine).outputs> dynamics_engine{};
  alignas(64) std::array<float, spec_of(Model::groove_predictor).outputs> groove_predictor{};

  const float* of(Model model) const noexcept CHROMASONIC_NONBLOCKING;
  float* of(Model model) noexcept CHROMASONIC_NONBLOCKING {
    return const_cast<float*>(static_cast<const Outputs*>(this)->of(model));
  }
};

/// The array of one model; nullptr for a value that is no model.
template <class Values>
const float* array_of(const Values& values, Model model) noexcept CHROMASONIC_NONBLOCKING {
  switch (model) {
    case Model::emotion_recognizer:
      return values.emotion_recognizer.data();
    case Model::melody_transformer:
      return values.melody_transformer.data();
    case Model::harmony_predictor:
      return values.harmony_predictor.data();
    case Model::dynamics_engine:
      return values.dynamics_engine.data();
    case Model::groove_predictor:
      return values.groove_predictor.data();
  }
  return nullptr;
}

inline const float* Inputs::of(Model model) const noexcept CHROMASONIC_NONBLOCKING {
  return array_of(*this, model);
}

inline const float* Outputs::of(Model model) const noexcept CHROMASONIC_NONBLOCKING {
  return array_of(*this, model);
}

}  // namespace chromasonic
