// What chromasonic-realtime-bench is asked for.
#pragma once

#include <charconv>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

namespace chromasonic::bench {

struct Options {
  std::string models, features, samples, json, engine;
  std::size_t steps = 100000, rounds = 20, cold = 300;
};

/// Of an option's value.
inline std::size_t count_in(const std::string& word, const std::string& value) {
  std::size_t number = 0;
  const char* end = value.data() + value.size();
  const auto [read, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || read != end || number > 100'000'000) {
    throw std::invalid_argument(word + " is " + value + ", not a count up to 100000000");
  }
  return number;
}

inline Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word.rfind("--", 0) != 0) {
      options.models = word;
      continue;
    }
    if (i + 1 == count) throw std::invalid_argument(word + " needs a value");
    const std::string value = words[++i];
    if (word == "--steps" || word == "--rounds" || word == "--cold") {
      const std::size_t number = count_in(word, value);
      (word == "--steps"    ? options.steps
       : word == "--rounds" ? options.rounds
                            : options.cold) = number;
    } else if (word == "--features") {
      options.features = value;
    } else if (word == "--samples") {
      options.samples = value;
    } else if (word == "--json") {
      options.json = value;
    } else if (word == "--engine") {
      options.engine = value;
    } else {
      throw std::invalid_argument(
          word +
          " is no option; there are --steps, --rounds, --cold, --features, --samples, "
          "--json, --engine");
    }
  }
  if (options.rounds == 0 || options.steps < options.rounds) {
    throw std::invalid_argument("there must be at least one step in each round");
  }
  return options;
}

}  // namespace chromasonic::bench
