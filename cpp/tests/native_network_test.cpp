#include <doctest/doctest.h>

#include <chromasonic/engine/native_network.hpp>
#include <chromasonic/file/self_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "small_document.hpp"
#include "support.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

Document small_document() { return parse_document(small_text(), "small.json"); }

}  // namespace

TEST_CASE("a small recurrent network gives what float64 written out by hand gives") {
  NativeNetwork network(small_document(), small_spec);
  SmallModel model;
  for (int step = 0; step < 1000; ++step) {
    if (step == 500) {
      network.reset();
      model.reset();
    }
    const std::vector<double> x{std::sin(step * 0.7), std::cos(step * 1.3) - 0.2};
    const float in[2] = {static_cast<float>(x[0]), static_cast<float>(x[1])};
    float out[3];
    network.step(in, out);
    const std::vector<double> wanted = model.step({in[0], in[1]});
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(std::fabs(static_cast<double>(out[k]) - wanted[k]) < 1e-6);
    }
  }
}

TEST_CASE("the five models give their golden outputs, through every step and reset") {
  for (const ModelSpec& spec : specs) {
    const Document document = read_document(model_file(spec.model));
    NativeNetwork network(document, spec);
    const GoldenError error = golden_error(network, document);
    MESSAGE(spec.title << ": largest error at float32 " << error.largest);
    CHECK(error.largest <= document.tolerance);
    CHECK(document.golden.steps >= 64);
    CHECK(document.golden.reset_before.size() >= 2);
  }
}

TEST_CASE("weights of fewer bits stay within the bounds that loading allows them, and use less") {
  for (const ModelSpec& spec : specs) {
    const Document document = read_document(model_file(spec.model));
    NativeNetwork full(document, spec);
    NativeNetwork half(document, spec, Precision::float16);
    NativeNetwork eighth(document, spec, Precision::int8);
    const double half_error = golden_error(half, document).largest;
    const double eighth_error = golden_error(eighth, document).largest;
    MESSAGE(spec.title << ": largest error at float16 " << half_error << " (" << half.weight_bytes()
                       << " bytes), at int8 " << eighth_error << " (" << eighth.weight_bytes()
                       << " bytes), float32 has " << full.weight_bytes() << " bytes");
    CHECK(half_error <= allowed_error(document, Precision::float16));
    CHECK(eighth_error <= allowed_error(document, Precision::int8));
  }
}

TEST_CASE("a recurrent model goes on from step to step, and a reset takes it back to its start") {
  for (const ModelSpec& spec : specs) {
    const Document document = read_document(model_file(spec.model));
    NativeNetwork network(document, spec);
    std::vector<float> in(spec.inputs, 0.5f), first(spec.outputs), second(spec.outputs),
        again(spec.outputs);
    network.step(in.data(), first.data());
    network.step(in.data(), second.data());
    network.reset();
    network.step(in.data(), again.data());
    CHECK(first == again);
    CHECK((first == second) == (spec.state == StatePolicy::stateless));
  }
}

TEST_CASE("input and output may be the same memory") {
  const Document document = read_document(model_file(Model::emotion_recognizer));
  const ModelSpec& spec = spec_of(Model::emotion_recognizer);
  NativeNetwork network(document, spec);
  std::vector<float> in(spec.inputs), out(spec.outputs);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i % 7) * 0.2f - 0.5f;
  network.step(in.data(), out.data());
  network.reset();
  network.step(in.data(), in.data());
  CHECK(std::vector<float>(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(out.size())) ==
        out);
}

TEST_CASE("softmax of inputs without measure still adds up to one") {
  const ModelSpec& spec = spec_of(Model::harmony_predictor);
  NativeNetwork network(read_document(model_file(spec.model)), spec);
  std::vector<float> in(spec.inputs, 1e6f), out(spec.outputs);
  network.step(in.data(), out.data());
  double sum = 0.0;
  for (const float value : out) {
    CHECK(value >= 0.0f);
    sum += static_cast<double>(value);
  }
  CHECK(std::fabs(sum - 1.0) < 1e-5);
}

TEST_CASE("a state that is no number is seen") {
  NativeNetwork network(small_document(), small_spec);
  CHECK(network.is_finite());
  const float in[2] = {std::numeric_limits<float>::quiet_NaN(), 0.0f};
  float out[3];
  network.step(in, out);
  CHECK_FALSE((network.is_finite() && are_finite(out, 3)));
  network.reset();
  CHECK(network.is_finite());
}

TEST_CASE("its own memory is aligned to lines of the cache") {
  Arena arena(Arena::padded(3) + Arena::padded(17));
  const float* first = arena.take(3);
  const float* second = arena.take(17);
  CHECK(reinterpret_cast<std::uintptr_t>(first) % Arena::alignment == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(second) % Arena::alignment == 0);
  CHECK(second - first == 16);
  CHECK(first[0] == 0.0f);
  CHECK(arena.take(1) == nullptr);
}

TEST_CASE("whether numbers are finite is told from their bits") {
  std::vector<float> values(37, 1.0f);
  values[5] = std::numeric_limits<float>::max();
  values[6] = std::numeric_limits<float>::denorm_min();
  CHECK(are_finite(values.data(), values.size()));
  CHECK(are_finite(values.data(), 0));
  for (const float bad : {std::numeric_limits<float>::infinity(), -HUGE_VALF,
                          std::numeric_limits<float>::quiet_NaN()}) {
    for (std::size_t place : {std::size_t{0}, std::size_t{31}, std::size_t{36}}) {
      std::vector<float> spoilt = values;
      spoilt[place] = bad;
      CHECK_FALSE(are_finite(spoilt.data(), spoilt.size()));
    }
  }
}
