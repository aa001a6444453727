// A network plays only after it has given the golden outputs of its own file.
#pragma once

#include <algorithm>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/kernels.hpp>
#include <chromasonic/error.hpp>
#include <chromasonic/file/document.hpp>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace chromasonic {

/// How far a network is from its file's golden outputs.
struct GoldenError {
  double largest = 0.0;  ///< distance of an output; infinity where one is not finite
  std::size_t step = 0;  ///< where that is
  std::size_t output = 0;
};

/// Runs the golden inputs, with their resets, and leaves the state clear. Loader thread.
template <class Network>
GoldenError golden_error(Network& network, const Document& document) {
  const Golden& golden = document.golden;
  const std::size_t inputs = document.inputs, outputs = document.outputs();
  std::vector<float> got(outputs);
  GoldenError error;
  std::size_t resets = 0;
  for (std::size_t step = 0; step < golden.steps; ++step) {
    if (resets < golden.reset_before.size() && golden.reset_before[resets] == step) {
      network.reset();
      ++resets;
    }
    network.step(golden.inputs.data() + step * inputs, got.data());
    for (std::size_t k = 0; k < outputs; ++k) {
      const double wanted = static_cast<double>(golden.outputs[step * outputs + k]);
      const double distance =
          are_finite(&got[k], 1) ? std::fabs(static_cast<double>(got[k]) - wanted) : HUGE_VAL;
      if (distance > error.largest) error = {distance, step, k};
    }
  }
  network.reset();
  return error;
}

/// How far outputs may be from the golden ones: at float32 what the file says. With weights of
/// fewer bits, a bound of this project: the five trained models need up to 0.0012 at float16 and
/// 0.057 at int8. It only tells whether a model bears the rounding; whether the file is right was
/// told at float32 before.
inline double allowed_error(const Document& document, Precision precision) noexcept {
  switch (precision) {
    case Precision::float32:
      return document.tolerance;
    case Precision::float16:
      return 0.01;
    case Precision::int8:
      return 0.15;
  }
  return 0.0;
}

/// @throws LoadError The network does not give what the file says that it must.
template <class Network>
void self_test(Network& network, const Document& document, Precision precision) {
  const GoldenError error = golden_error(network, document);
  const double allowed = allowed_error(document, precision);
  if (error.largest <= allowed) return;
  char met[64], wanted[64];
  std::snprintf(met, sizeof met, "%.3g off", error.largest);
  std::snprintf(wanted, sizeof wanted, "at most %.3g", allowed);
  const std::string reason = precision == Precision::float32
                                 ? "; the weights are not those of the model that was exported"
                                 : "; this model does not bear weights of so few bits, load it "
                                   "with more";
  refuse(document.file,
         "golden step " + std::to_string(error.step) + ", output " + std::to_string(error.output),
         met, std::string(wanted) + "; the weights are not those of the model that was exported");
}

}  // namespace chromasonic
