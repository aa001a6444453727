// What chromasonic-realtime-bench is asked for.
#pragma once

#include <charconv>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

namespace chromasonic::bench {

inline constexpr const char* help =
    R"(Usage: chromasonic-realtime-bench [MODELS] [OPTIONS]

Times one step of each of the five models and of all five, beside the time that this machine takes
to read as many bytes as the weights have at float32 (the memory limit).

MODELS is the folder that 'chromasonic export RUN' wrote. Its weights are timed on its golden inputs
("real"), and made-up weights on inputs with which none can be skipped ("dense", the worst case).
Without MODELS only "dense" is timed.

  --steps N          steps of each engine, in all (100000)
  --rounds N         turns that the engines take (20)
  --cold N           steps after other work has taken the caches (300)
  --features FOLDER  inputs in place of the golden ones: NAME.f32, rows of little-endian float32
  --engine NAME      only the engines with NAME in their names, such as int8
  --json FILE        all figures
  --samples FOLDER   the time of every step
  --help             this text

100000 steps take about a minute. How far it is stands on stderr, the table on stdout. To measure
one core, start it with 'taskset -c 0'.

Examples:
  chromasonic-realtime-bench exported
  chromasonic-realtime-bench exported --steps 10000 --engine float32
)";

struct Options {
  bool wants_help = false;
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

inline constexpr const char* unknown =
    " is no option; there are --steps, --rounds, --cold, --features, --samples, --json, --engine, "
    "--help";

/// Whether a word is an option that takes a value.
inline bool is_option(const std::string& word) {
  for (const char* option :
       {"--steps", "--rounds", "--cold", "--features", "--samples", "--json", "--engine"}) {
    if (word == option) return true;
  }
  return false;
}

inline Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--help" || word == "-h") {
      options.wants_help = true;
      return options;
    }
    if (word.rfind("-", 0) != 0) {
      if (!options.models.empty()) {
        throw std::invalid_argument("two folders are named, " + options.models + " and " + word +
                                    "; name one");
      }
      options.models = word;
      continue;
    }
    if (!is_option(word)) throw std::invalid_argument(word + unknown);
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
    } else {
      options.engine = value;
    }
  }
  if (options.rounds == 0 || options.steps < options.rounds) {
    throw std::invalid_argument("there must be at least one step in each round");
  }
  return options;
}

}  // namespace chromasonic::bench
