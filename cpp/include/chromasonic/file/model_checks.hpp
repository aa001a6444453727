// Whether a document is the model that it is loaded as. Never on the audio thread.
#pragma once

#include <chromasonic/error.hpp>
#include <chromasonic/file/document.hpp>
#include <chromasonic/specs.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chromasonic {

inline std::string_view name_of(LayerKind kind) noexcept {
  return kind == LayerKind::dense ? "dense" : "lstm";
}

inline std::string_view name_of(Activation activation) noexcept {
  switch (activation) {
    case Activation::none:
      return "no activation";
    case Activation::relu:
      return "relu";
    case Activation::tanh:
      return "tanh";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::softmax:
      return "softmax";
  }
  return "?";
}

inline std::string_view name_of(StatePolicy state) noexcept {
  return state == StatePolicy::carry ? "carry" : "stateless";
}

inline void check_page(const Document& document, const std::vector<PageBlock>& met,
                       const BlockPage& wanted, const std::string& where) {
  if (met.size() != wanted.count) {
    refuse(document.file, where, std::to_string(met.size()) + " blocks",
           std::to_string(wanted.count));
  }
  for (std::size_t i = 0; i < wanted.count; ++i) {
    const Block& block = wanted.blocks[i];
    if (met[i].name != block.name || met[i].size != block.size) {
      refuse(document.file, where + "[" + std::to_string(i) + "]",
             met[i].name + " of " + std::to_string(met[i].size),
             std::string(block.name) + " of " + std::to_string(block.size) +
                 ": the file was trained on other features");
    }
  }
}

inline void check_layer(const Document& document, std::size_t index, const LayerSpec& wanted) {
  const DocumentLayer& met = document.layers[index];
  const auto words = [](LayerKind kind, std::size_t size, Activation activation) {
    return std::string(name_of(kind)) + " of " + std::to_string(size) + " with " +
           std::string(name_of(activation));
  };
  if (met.kind != wanted.kind || met.size != wanted.size || met.activation != wanted.activation) {
    refuse(document.file, "layers[" + std::to_string(index) + "]",
           words(met.kind, met.size, met.activation),
           words(wanted.kind, wanted.size, wanted.activation));
  }
}

/// @throws LoadError The document is another model than the spec, by name.
inline void check_document(const Document& document, const ModelSpec& spec) {
  const auto compare = [&](const std::string& where, const std::string& met,
                           const std::string& wanted) {
    if (met != wanted) {
      refuse(document.file, where, met, wanted + ", for the " + std::string(spec.title));
    }
  };
  compare("metadata.name", document.name, std::string(spec.name));
  compare("metadata.state_policy", std::string(name_of(document.state)),
          std::string(name_of(spec.state)));
  compare("in_shape", std::to_string(document.inputs), std::to_string(spec.inputs));
  compare("the number of layers", std::to_string(document.layers.size()),
          std::to_string(spec.layer_count));
  for (std::size_t i = 0; i < spec.layer_count; ++i) check_layer(document, i, spec.layers[i]);
  compare("the number of weights", std::to_string(document.parameters()),
          std::to_string(spec.parameters));
}

/// The numbers that go in and come out must mean what this version's features put there.
///
/// @throws LoadError The file was trained on another feature page, by name.
inline void check_pages(const Document& document, Model model) {
  check_page(document, document.input_page, input_page(model), "metadata.feature_page.inputs");
  check_page(document, document.output_page, output_page(model), "metadata.feature_page.outputs");
}

}  // namespace chromasonic
