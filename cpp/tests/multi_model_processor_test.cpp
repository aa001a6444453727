#include <doctest/doctest.h>

#include <chromasonic/multi_model_processor.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

using Numbers = std::vector<float>;

Numbers step(MultiModelProcessor& processor, Model model, float value) {
  const Numbers in(spec_of(model).inputs, value);
  Numbers out(spec_of(model).outputs, 99.0f);
  REQUIRE(processor.process(model, in.data(), out.data()));
  return out;
}

}  // namespace

TEST_CASE("before anything is loaded there are zeros") {
  MultiModelProcessor processor;
  const Inputs in;
  Outputs out;
  out.groove_predictor.fill(5.0f);
  CHECK_FALSE(processor.process_all(in, out));
  for (const float value : out.groove_predictor) CHECK(value == 0.0f);
  for (const ModelSpec& spec : specs) {
    Numbers one(spec.outputs, 7.0f);
    CHECK_FALSE(processor.is_loaded(spec.model));
    CHECK_FALSE(processor.process(spec.model, in.of(spec.model), one.data()));
    CHECK(one == Numbers(spec.outputs, 0.0f));
  }
  processor.reset();
  processor.collect();
}

TEST_CASE("a folder's five models give their golden outputs, alone and together") {
  MultiModelProcessor processor;
  processor.load(models_folder());
  std::vector<Document> documents;
  for (const ModelSpec& spec : specs) {
    CHECK(processor.is_loaded(spec.model));
    documents.push_back(read_document(model_file(spec.model)));
  }
  const std::size_t resets_at = documents[0].golden.reset_before[1];
  double largest = 0.0;
  for (std::size_t step = 0; step < documents[0].golden.steps; ++step) {
    if (step == resets_at) processor.reset();
    Inputs in;
    Outputs out;
    for (const ModelSpec& spec : specs) {
      const Golden& golden = documents[static_cast<std::size_t>(spec.model)].golden;
      REQUIRE(golden.reset_before == documents[0].golden.reset_before);
      std::copy_n(golden.inputs.data() + step * spec.inputs, spec.inputs, in.of(spec.model));
    }
    REQUIRE(processor.process_all(in, out));
    for (const ModelSpec& spec : specs) {
      const Golden& golden = documents[static_cast<std::size_t>(spec.model)].golden;
      for (std::size_t k = 0; k < spec.outputs; ++k) {
        const float wanted = golden.outputs[step * spec.outputs + k];
        largest = std::max(largest, std::fabs(static_cast<double>(out.of(spec.model)[k] - wanted)));
      }
    }
  }
  MESSAGE("largest error of all five: " << largest);
  CHECK(largest <= largest_tolerance);
}

TEST_CASE("every precision loads, and gives nearly the same") {
  for (const Precision precision : {Precision::float16, Precision::int8}) {
#ifdef CHROMASONIC_USE_RTNEURAL
    break;  // it computes in float32 alone
#endif
    MultiModelProcessor full, small;
    full.load(models_folder());
    small.load(models_folder(), precision);
    for (const ModelSpec& spec : specs) {
      const Numbers a = step(full, spec.model, 0.5f), b = step(small, spec.model, 0.5f);
      for (std::size_t k = 0; k < a.size(); ++k) {
        CHECK(std::fabs(a[k] - b[k]) <= (precision == Precision::int8 ? 0.15f : 0.01f));
      }
    }
  }
}

TEST_CASE("one model loads alone; the others, and their state, go on") {
  MultiModelProcessor processor;
  processor.load(models_folder());
  const Numbers first = step(processor, Model::melody_transformer, 0.5f);
  const Numbers second = step(processor, Model::melody_transformer, 0.5f);
  REQUIRE(first != second);

  processor.load(Model::emotion_recognizer, model_file(Model::emotion_recognizer));
  const Numbers third = step(processor, Model::melody_transformer, 0.5f);
  MultiModelProcessor undisturbed;
  undisturbed.load(models_folder());
  for (int i = 0; i < 2; ++i) step(undisturbed, Model::melody_transformer, 0.5f);
  CHECK(third == step(undisturbed, Model::melody_transformer, 0.5f));

  processor.load(Model::melody_transformer, model_file(Model::melody_transformer));
  CHECK(step(processor, Model::melody_transformer, 0.5f) == first);
}

TEST_CASE("a reset clears one recurrent model, or all") {
  MultiModelProcessor processor;
  processor.load(models_folder());
  const Model emotion = Model::emotion_recognizer, melody = Model::melody_transformer;
  const Numbers emotion_first = step(processor, emotion, 0.5f);
  const Numbers melody_first = step(processor, melody, 0.5f);
  const Numbers melody_second = step(processor, melody, 0.5f);
  processor.reset();
  CHECK(step(processor, emotion, 0.5f) == emotion_first);
  CHECK(step(processor, melody, 0.5f) == melody_first);
  processor.reset(emotion);
  CHECK(step(processor, emotion, 0.5f) == emotion_first);
  CHECK(step(processor, melody, 0.5f) == melody_second);
}

TEST_CASE("loads that nobody picks up are merged, the newest of each model wins") {
  MultiModelProcessor processor;
  for (int i = 0; i < 20; ++i) {
    processor.load(Model::dynamics_engine, model_file(Model::dynamics_engine));
    processor.load(Model::groove_predictor, model_file(Model::groove_predictor));
  }
  const Inputs in;
  Outputs out;
  CHECK_FALSE(processor.process_all(in, out));  // the other three are not loaded
  CHECK(processor.process(Model::dynamics_engine, in.dynamics_engine.data(),
                          out.dynamics_engine.data()));
  CHECK(processor.process(Model::groove_predictor, in.groove_predictor.data(),
                          out.groove_predictor.data()));
  CHECK_FALSE(processor.is_loaded(Model::harmony_predictor));
}

TEST_CASE("a load that fails leaves what runs untouched, its state too") {
  MultiModelProcessor processor;
  processor.load(models_folder());
  MultiModelProcessor undisturbed;
  undisturbed.load(models_folder());
  step(processor, Model::melody_transformer, 0.5f);
  step(undisturbed, Model::melody_transformer, 0.5f);

  const TemporaryFolder folder;
  for (const ModelSpec& spec : specs) {  // all but the last are right
    const bool is_last = spec.model == Model::groove_predictor;
    folder.write(std::string(spec.name) + ".json",
                 is_last ? "{}" : text_of(model_file(spec.model)));
  }
  CHECK_REFUSED(message_of([&] { processor.load(folder.path()); }),
                "groove_predictor.json: in_shape is missing");
  CHECK_REFUSED(message_of([&] { processor.load(folder.path() / "none"); }),
                "none: no such folder. Give the folder that 'chromasonic export RUN' wrote");
  CHECK_REFUSED(message_of([&] { processor.load(folder.write("file", "")); }),
                "file: is no folder");
  CHECK(step(processor, Model::melody_transformer, 0.5f) ==
        step(undisturbed, Model::melody_transformer, 0.5f));
}

TEST_CASE("numbers that are none cost one step, and leave no trace") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const ModelSpec& spec : specs) {
    MultiModelProcessor processor, undisturbed;
    processor.load(spec.model, model_file(spec.model));
    undisturbed.load(spec.model, model_file(spec.model));
    step(processor, spec.model, 0.5f);
    step(undisturbed, spec.model, 0.5f);
    for (const float bad : {nan, infinity, -infinity}) {
      Numbers in(spec.inputs, 0.5f), out(spec.outputs, 7.0f);
      in[spec.inputs / 3] = bad;
      CHECK_FALSE(processor.process(spec.model, in.data(), out.data()));
      CHECK(out == Numbers(spec.outputs, 0.0f));
    }
    CHECK(step(processor, spec.model, 0.25f) == step(undisturbed, spec.model, 0.25f));
  }
}

TEST_CASE("numbers without measure never silence a model for good") {
  for (const ModelSpec& spec : specs) {
    MultiModelProcessor processor;
    processor.load(spec.model, model_file(spec.model));
    const Numbers first = step(processor, spec.model, 0.5f);
    for (const float large : {1e10f, 1e30f, 3e38f, -3e38f}) {
      Numbers in(spec.inputs, large), out(spec.outputs);
      for (std::size_t i = 0; i < in.size(); i += 2) in[i] = -large;
      const bool is_good = processor.process(spec.model, in.data(), out.data());
      CHECK(are_finite(out.data(), out.size()));
      if (!is_good) {  // its state is clear then
        CHECK(out == Numbers(spec.outputs, 0.0f));
        CHECK(step(processor, spec.model, 0.5f) == first);
      }
    }
    processor.reset();
    CHECK(step(processor, spec.model, 0.5f) == first);
  }
}

TEST_CASE("numbers too small to be normal are zeros while a model runs, and only then") {
  volatile float tiny = std::numeric_limits<float>::min();
  volatile float half = 0.5f;
  const auto is_flushed = [&] {
    const volatile float product = tiny * half;
    return product == 0.0f;
  };
  CHECK_FALSE(is_flushed());
#if defined(__x86_64__) || defined(_M_X64) || defined(__aarch64__)
  {
    const ScopedFlushToZero outer;
    {
      const ScopedFlushToZero inner;
      CHECK(is_flushed());
    }
    CHECK(is_flushed());
  }
#endif
  CHECK_FALSE(is_flushed());
  MultiModelProcessor processor;
  processor.load(models_folder());
  Inputs in;
  Outputs out;
  in.melody_transformer.fill(std::numeric_limits<float>::denorm_min());
  CHECK(processor.process_all(in, out));
  CHECK_FALSE(is_flushed());
  const Outputs of_denormals = out;
  processor.reset();
  CHECK(processor.process_all(Inputs{}, out));
  CHECK(of_denormals.melody_transformer == out.melody_transformer);
}

TEST_CASE("every input and output has its place") {
  Inputs in;
  Outputs out;
  for (const ModelSpec& spec : specs) {
    std::fill_n(in.of(spec.model), spec.inputs, static_cast<float>(spec.model));
    std::fill_n(out.of(spec.model), spec.outputs, static_cast<float>(spec.model));
  }
  for (const ModelSpec& spec : specs) {
    CHECK(in.of(spec.model)[spec.inputs - 1] == static_cast<float>(spec.model));
    CHECK(out.of(spec.model)[0] == static_cast<float>(spec.model));
    for (const BlockPage& page : {input_page(spec.model), output_page(spec.model)}) {
      std::size_t end = 0;
      for (std::size_t i = 0; i < page.count; ++i) {
        CHECK(page.blocks[i].begin == end);
        end += page.blocks[i].size;
      }
      CHECK(end == (page.blocks == input_page(spec.model).blocks ? spec.inputs : spec.outputs));
    }
  }
  CHECK(blocks::melody_transformer::chord.begin == 37);  // 13 + 8 + 16
  CHECK(output_blocks::groove_predictor::offset.begin == 16);
}
