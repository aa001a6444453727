// The models on RTNeural; built only with CHROMASONIC_RTNEURAL_DIR.
#include <doctest/doctest.h>

#include <chromasonic/engine/native_network.hpp>
#include <chromasonic/engine/network.hpp>
#include <chromasonic/file/document_reading.hpp>
#include <chromasonic/file/self_test.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

#include "support.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;

static_assert(std::is_same_v<Network, RTNeuralNetwork>);

namespace {

/// Neither periodic nor symmetric; every third step mostly zeros, as features often are.
std::vector<float> input_at(std::size_t step, std::size_t size) {
  std::vector<float> input(size);
  std::uint32_t state = static_cast<std::uint32_t>(step) * 2654435761u + 12345u;
  for (float& value : input) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 16777216.0f * 2.5f - 1.0f;
    if (step % 3 == 0 && (state & 7u) != 0) value = 0.0f;
  }
  return input;
}

}  // namespace

TEST_CASE("each file gives its golden outputs on RTNeural") {
  for (const ModelSpec& spec : specs) {
    const Document document = read_document(model_file(spec.model));
    RTNeuralNetwork network(document, spec);
    const GoldenError error = golden_error(network, document);
    CAPTURE(spec.name);
    CHECK(error.largest <= document.tolerance);
    MESSAGE(std::string(spec.name) << " on " << std::string(RTNeuralNetwork::engine)
                                   << ": largest error " << error.largest);
    CHECK(network.weight_bytes() == spec.parameters * sizeof(float));
  }
}

TEST_CASE("1,024 steps with resets are the same on RTNeural and on this project's loops") {
  for (const ModelSpec& spec : specs) {
    const Document document = read_document(model_file(spec.model));
    RTNeuralNetwork one(document, spec);
    NativeNetwork other(document, spec);
    std::vector<float> a(spec.outputs), b(spec.outputs);
    float largest = 0.0f;
    for (std::size_t step = 0; step < 1024; ++step) {
      if (step % 300 == 299) {
        one.reset();
        other.reset();
      }
      const std::vector<float> in = input_at(step, spec.inputs);
      one.step(in.data(), a.data());
      other.step(in.data(), b.data());
      for (std::size_t k = 0; k < spec.outputs; ++k) {
        largest = std::max(largest, std::fabs(a[k] - b[k]));
      }
    }
    CAPTURE(spec.name);
    CHECK(largest <= 1e-5f);
  }
}

TEST_CASE("RTNeural's own parser makes the same network of the same file, to the bit") {
  for (const ModelSpec& spec : specs) {
    std::ifstream stream(model_file(spec.model), std::ios::binary);
    const auto parsed = rtneural::json_parser::parseJson<float>(nlohmann::json::parse(stream));
    RTNeuralNetwork ours(read_document(model_file(spec.model)), spec);
    parsed->reset();
    std::vector<float> out(spec.outputs);
    bool is_same = true;
    for (std::size_t step = 0; step < 40; ++step) {
      alignas(64) float in[256];
      REQUIRE(spec.inputs <= std::size(in));
      const std::vector<float> input = input_at(step, spec.inputs);
      std::copy(input.begin(), input.end(), in);
      parsed->forward(in);
      ours.step(in, out.data());
      is_same &= std::equal(out.begin(), out.end(), parsed->getOutputs());
    }
    CAPTURE(spec.name);
    CHECK(is_same);
  }
}

TEST_CASE("a step may write over its input, wherever in memory that is") {
  const ModelSpec& spec = spec_of(Model::dynamics_engine);
  RTNeuralNetwork network(read_document(model_file(spec.model)), spec);
  const std::vector<float> in = input_at(1, spec.inputs);
  std::vector<float> wanted(spec.outputs), memory(spec.inputs + 1);
  network.step(in.data(), wanted.data());
  std::copy(in.begin(), in.end(), memory.begin() + 1);
  network.step(memory.data() + 1, memory.data() + 1);
  CHECK(std::equal(wanted.begin(), wanted.end(), memory.begin() + 1));
}

TEST_CASE("a recurrent state that is broken shows, until it is reset") {
  const ModelSpec& spec = spec_of(Model::melody_transformer);
  const Document document = read_document(model_file(spec.model));
  RTNeuralNetwork network(document, spec);
  std::vector<float> in = input_at(1, spec.inputs), out(spec.outputs);
  network.step(in.data(), out.data());
  CHECK(network.is_finite());
  in.assign(spec.inputs, std::numeric_limits<float>::max());
  in[1] = -in[1];
  for (int i = 0; i < 3; ++i) network.step(in.data(), out.data());
  const bool is_broken = !are_finite(out.data(), out.size()) || !network.is_finite();
  network.reset();
  CHECK(network.is_finite());
  const GoldenError error = golden_error(network, document);
  CHECK(error.largest <= document.tolerance);
  MESSAGE("inputs of 3e38 " << std::string(is_broken ? "broke" : "did not break") << " the state");
}

TEST_CASE("RTNeural has float32 only, and says so; another model is refused as ever") {
  const Document document = read_document(model_file(Model::groove_predictor));
  for (const Precision precision : {Precision::float16, Precision::int8}) {
    const std::string message =
        message_of([&] { RTNeuralNetwork(document, spec_of(Model::groove_predictor), precision); });
    CHECK(message.find("float32") != std::string::npos);
    CHECK(message.find("groove_predictor.json") != std::string::npos);
  }
  const std::string message =
      message_of([&] { RTNeuralNetwork(document, spec_of(Model::dynamics_engine)); });
  CHECK(message.find("dynamics_engine") != std::string::npos);
}
