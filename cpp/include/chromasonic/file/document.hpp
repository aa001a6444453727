// An exported model as it stands in its file.
#pragma once

#include <chromasonic/model_spec.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace chromasonic {

/// One layer.
struct DocumentLayer {
  LayerKind kind = LayerKind::dense;
  std::size_t inputs = 0;
  std::size_t size = 0;  ///< numbers that come out
  Activation activation = Activation::none;

  /// Each array flattened, in the file's order: dense W [in][out], b [out]; lstm W [in][4H],
  /// U [H][4H], b [4H], gates i, f, c, o.
  std::vector<std::vector<float>> weights;
};

/// A block of the feature page that the file was trained on.
struct PageBlock {
  std::string name;
  std::size_t size = 0;
};

/// What goes in and must come out, step by step.
struct Golden {
  std::size_t steps = 0;
  std::vector<float> inputs;              ///< [steps][inputs]
  std::vector<float> outputs;             ///< [steps][outputs]
  std::vector<std::size_t> reset_before;  ///< steps before which the state is cleared; ascending
};

/// A file that was read: its shapes fit together and its weights have the hash that it names.
struct Document {
  std::string file;  ///< as errors call it
  std::size_t inputs = 0;
  std::vector<DocumentLayer> layers;

  std::string name;
  std::string title;
  std::string version;
  bool is_synthetic = false;  ///< trained on made-up examples
  StatePolicy state = StatePolicy::stateless;
  std::vector<PageBlock> input_page, output_page;
  double tolerance = 0.0;  ///< allowed distance of each output from the golden one
  std::string weight_hash;
  Golden golden;

  /// Numbers that come out at each step.
  std::size_t outputs() const noexcept { return layers.back().size; }

  /// Numbers in the weights.
  std::size_t parameters() const noexcept {
    std::size_t count = 0;
    for (const DocumentLayer& layer : layers) {
      for (const std::vector<float>& array : layer.weights) count += array.size();
    }
    return count;
  }
};

}  // namespace chromasonic
