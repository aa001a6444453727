// The five models on one engine at one precision, fed step by step, with the time of each.
#pragma once

#include <array>
#include <chromasonic/file/document.hpp>
#include <chromasonic/file/self_test.hpp>
#include <chromasonic/model_spec.hpp>
#include <chromasonic/specs.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace chromasonic::bench {

/// Times of each of the five models in one step, and of all, in microseconds.
using Times = std::array<float, model_count + 1>;

inline float since(std::chrono::steady_clock::time_point begin,
                   std::chrono::steady_clock::time_point end) noexcept {
  return std::chrono::duration<float, std::micro>(end - begin).count();
}

/// What is measured.
class Engine {
 public:
  Engine(std::string its_name, std::string its_inputs)
      : name(std::move(its_name)), inputs(std::move(its_inputs)) {}
  virtual ~Engine() = default;
  virtual Times step() noexcept = 0;
  virtual std::array<std::size_t, model_count> bytes() const = 0;

  std::string name;    ///< as tables call it
  std::string inputs;  ///< "dense" or "real"
  std::vector<Times> samples;
  std::array<double, model_count> golden_errors{};  ///< largest distances; of files only
};

/// What the five models are fed, in turn.
struct Feed {
  std::array<std::vector<float>, model_count> inputs;
  std::array<std::size_t, model_count> steps{};

  void set(const ModelSpec& spec, std::vector<float> numbers) {
    const auto index = static_cast<std::size_t>(spec.model);
    steps[index] = numbers.size() / spec.inputs;
    inputs[index] = std::move(numbers);
  }
};

/// An engine of networks with `step(in, out)`.
template <class AnyNetwork>
class NetworkEngine : public Engine {
 public:
  template <class... Options>
  NetworkEngine(std::string its_name, std::string its_inputs,
                const std::vector<Document>& documents, const Feed& feed, Options... options)
      : Engine(std::move(its_name), std::move(its_inputs)), feed_(feed) {
    for (const ModelSpec& spec : specs) {
      const auto index = static_cast<std::size_t>(spec.model);
      networks_[index] = std::make_unique<AnyNetwork>(documents[index], spec, options...);
      outputs_[index].resize(spec.outputs);
      golden_errors[index] = golden_error(*networks_[index], documents[index]).largest;
    }
  }

  Times step() noexcept override {
    using Clock = std::chrono::steady_clock;
    std::array<Clock::time_point, model_count + 1> clock;
    clock[0] = Clock::now();
    for (std::size_t i = 0; i < model_count; ++i) {
      const float* in = feed_.inputs[i].data() + place_[i] * specs[i].inputs;
      networks_[i]->step(in, outputs_[i].data());
      clock[i + 1] = Clock::now();
    }
    Times times;
    for (std::size_t i = 0; i < model_count; ++i) {
      times[i] = since(clock[i], clock[i + 1]);
      place_[i] = place_[i] + 1 < feed_.steps[i] ? place_[i] + 1 : 0;
    }
    times[model_count] = since(clock[0], clock[model_count]);
    return times;
  }

  std::array<std::size_t, model_count> bytes() const override {
    std::array<std::size_t, model_count> result{};
    for (std::size_t i = 0; i < model_count; ++i) result[i] = networks_[i]->weight_bytes();
    return result;
  }

 private:
  const Feed& feed_;
  std::array<std::unique_ptr<AnyNetwork>, model_count> networks_;
  std::array<std::vector<float>, model_count> outputs_;
  std::array<std::size_t, model_count> place_{};
};

}  // namespace chromasonic::bench
