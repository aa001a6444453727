// Times one step of each of the five models and of all, beside the time that this machine takes to
// read as many bytes as the weights have at float32: the memory limit, measured in the same run.
//
//   chromasonic-realtime-bench [MODELS] [--steps 100000] [--rounds 20] [--cold 300]
//                              [--features FOLDER] [--samples FOLDER] [--json FILE]
//                              [--engine NAME]
//
// MODELS is a folder of the five exported files; without it, only made-up weights are timed.
// "dense": made-up weights and inputs with which no row of a matrix can be skipped, the worst case.
// "real": the files' weights, and their golden inputs or, with --features, those of music (for each
// model NAME.f32, rows of little-endian float32). Engines take turns, round by round, so that
// whatever else the machine does hits all alike; so that it is one core, pin it (taskset -c 0).
// --engine leaves out those without NAME in their names.
#include <array>
#include <chromasonic/engine/flush_to_zero.hpp>
#include <chromasonic/engine/native_network.hpp>
#include <chromasonic/file/document_reading.hpp>
#include <chromasonic/specs.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef CHROMASONIC_USE_RTNEURAL
#include <chromasonic/engine/rtneural_network.hpp>
#endif

#include "dense_models.hpp"
#include "engine.hpp"
#include "memory_limit.hpp"
#include "realtime_options.hpp"
#include "realtime_report.hpp"

namespace {

using namespace chromasonic;
using namespace chromasonic::bench;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

std::vector<float> read_features(const std::filesystem::path& file, const ModelSpec& spec) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error(file.string() + " cannot be opened");
  std::vector<float> numbers(std::filesystem::file_size(file) / sizeof(float));
  stream.read(reinterpret_cast<char*>(numbers.data()),
              static_cast<std::streamsize>(numbers.size() * sizeof(float)));
  if (numbers.empty() || numbers.size() % spec.inputs != 0 || !stream) {
    throw std::runtime_error(file.string() + " holds no rows of " + std::to_string(spec.inputs));
  }
  return numbers;
}

/// Documents and what they are fed.
struct Case {
  std::string inputs;
  std::vector<Document> documents;
  Feed feed;
};

Case dense_case() {
  Case result{"dense", {}, {}};
  for (const ModelSpec& spec : specs) {
    result.documents.push_back(dense_document(spec, 1));
    result.feed.set(spec, dense_inputs(spec, 64, 2));
  }
  return result;
}

Case real_case(const Options& options) {
  Case result{"real", {}, {}};
  for (const ModelSpec& spec : specs) {
    const std::string name(spec.name);
    result.documents.push_back(
        read_document(std::filesystem::path(options.models) / (name + ".json")));
    result.feed.set(
        spec, options.features.empty()
                  ? result.documents.back().golden.inputs
                  : read_features(std::filesystem::path(options.features) / (name + ".f32"), spec));
  }
  return result;
}

std::vector<std::unique_ptr<Engine>> engines_of(const Case& from) {
  std::vector<std::unique_ptr<Engine>> engines;
  for (const Precision precision : {Precision::float32, Precision::float16, Precision::int8}) {
    engines.push_back(std::make_unique<NetworkEngine<NativeNetwork>>(
        std::string("native ") + name_of(precision), from.inputs, from.documents, from.feed,
        precision));
  }
#ifdef CHROMASONIC_USE_RTNEURAL
  engines.push_back(std::make_unique<NetworkEngine<RTNeuralNetwork>>("RTNeural", from.inputs,
                                                                     from.documents, from.feed));
#endif
  return engines;
}

/// What reading the clock adds to each figure of a model; to all five, five times as much.
double clock_us() {
  std::vector<float> samples;
  for (int i = 0; i < 10000; ++i) {
    const auto begin = Clock::now();
    const auto end = Clock::now();
    samples.push_back(since(begin, end));
  }
  return quantile(samples, 0.5);
}

/// Times reading all weight-sized buffers; keeps the compiler from leaving it out.
float time_reading(const WeightSizedBuffers& buffers, Reading reading) {
  static volatile std::uint64_t sink = 0;
  const auto begin = Clock::now();
  sink = sink + buffers.read_all(reading);
  return since(begin, Clock::now());
}

Reading fastest_reading(const WeightSizedBuffers& buffers) {
  Reading best = Reading::words;
  double best_time = 1e30;
  for (const Reading reading : readings()) {
    std::vector<float> samples;
    for (int i = 0; i < 300; ++i) samples.push_back(time_reading(buffers, reading));
    const double median = quantile(samples, 0.5);
    if (median < best_time) best = reading, best_time = median;
  }
  return best;
}

/// How far it is, on stderr, for those who wait.
void tell(std::size_t done, std::size_t rounds, Clock::time_point begin) {
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double left = seconds / static_cast<double>(done) * static_cast<double>(rounds - done);
  std::fprintf(stderr, "round %zu of %zu, about %.0f s left\n", done, rounds, left);
}

struct Measured {
  Reading reading;
  std::vector<float> limit, cold_limit;
};

void measure_warm(std::vector<std::unique_ptr<Engine>>& engines, const WeightSizedBuffers& buffers,
                  const Options& options, Measured& measured) {
  constexpr int warm_up = 20;  // steps of each turn that are not counted
  const ScopedFlushToZero no_denormals;
  const auto begin = Clock::now();
  for (std::size_t round = 0; round < options.rounds; ++round) {
    const std::size_t steps =
        options.steps * (round + 1) / options.rounds - options.steps * round / options.rounds;
    for (int i = 0; i < warm_up; ++i) time_reading(buffers, measured.reading);
    for (std::size_t i = 0; i < steps; ++i) {
      measured.limit.push_back(time_reading(buffers, measured.reading));
    }
    for (auto& engine : engines) {
      for (int i = 0; i < warm_up; ++i) engine->step();
      for (std::size_t i = 0; i < steps; ++i) engine->samples.push_back(engine->step());
    }
    tell(round + 1, options.rounds, begin);
  }
}

/// A step after other work has taken the caches, as in a host that plays: all in turn, each after
/// 128 MiB were read.
std::vector<std::vector<float>> measure_cold(std::vector<std::unique_ptr<Engine>>& engines,
                                             const WeightSizedBuffers& buffers,
                                             const Options& options, Measured& measured) {
  std::vector<std::vector<float>> samples(engines.size());
  if (options.cold == 0) return samples;
  std::fprintf(stderr, "steps after other work: %zu\n", options.cold);
  const Buffer other_work(std::size_t{128} << 20);
  static volatile std::uint64_t sink = 0;
  const ScopedFlushToZero no_denormals;
  for (std::size_t i = 0; i < options.cold; ++i) {
    sink = sink + read(other_work, measured.reading);
    measured.cold_limit.push_back(time_reading(buffers, measured.reading));
    for (std::size_t k = 0; k < engines.size(); ++k) {
      sink = sink + read(other_work, measured.reading);
      samples[k].push_back(engines[k]->step()[model_count]);
    }
  }
  return samples;
}

Json report(const std::vector<std::unique_ptr<Engine>>& engines,
            const std::vector<std::vector<float>>& cold, const WeightSizedBuffers& buffers,
            const Options& options, const Measured& measured) {
  const double limit = quantile(measured.limit, 0.5);
  Json rows = Json::array();
  for (std::size_t k = 0; k < engines.size(); ++k) {
    const Engine& engine = *engines[k];
    Json row = {{"engine", engine.name}, {"inputs", engine.inputs}};
    const auto bytes = engine.bytes();
    std::size_t total = 0;
    Json models;
    for (std::size_t i = 0; i < model_count; ++i) {
      models[std::string(specs[i].name)] = summary(column(engine.samples, i));
      models[std::string(specs[i].name)]["bytes"] = bytes[i];
      if (engine.inputs == "real") {
        models[std::string(specs[i].name)]["golden_error"] = engine.golden_errors[i];
      }
      total += bytes[i];
    }
    const auto all = column(engine.samples, model_count);
    row["bytes"] = total;
    row["all"] = summary(all);
    row["ratio"] = quantile(all, 0.5) / limit;
    row["ratio_of_rounds"] = round_ratios(all, measured.limit, options.rounds);
    if (!cold[k].empty()) {
      row["cold"] = summary(cold[k]);
    }
    row["models"] = models;
    rows.push_back(row);
  }
  const double bytes = static_cast<double>(buffers.bytes());
  Json result = {{"steps", options.steps},
                 {"rounds", options.rounds},
                 {"clock_us", clock_us()},
                 {"target", best_target == Target::avx2 ? "avx2" : "plain"},
                 {"limit",
                  {{"bytes", buffers.bytes()},
                   {"reading", name_of(measured.reading)},
                   {"warm", summary(measured.limit)},
                   {"warm_gb_per_s", bytes / limit / 1e3}}},
                 {"engines", rows}};
  if (!measured.cold_limit.empty()) {
    result["limit"]["cold"] = summary(measured.cold_limit);
  }
  return result;
}

void print(const Json& result) {
  const Json& limit = result["limit"];
  std::printf("memory limit: %.2f MB in %.1f us (%.0f GB/s, %s)\n",
              limit["bytes"].get<double>() / 1e6, limit["warm"]["median"].get<double>(),
              limit["warm_gb_per_s"].get<double>(), limit["reading"].get<std::string>().c_str());
  std::printf("%-16s %-6s %7s %8s %8s %8s %8s %7s %6s\n", "engine", "inputs", "MB", "median", "p99",
              "p99.9", "max", "/limit", "cold");
  for (const Json& row : result["engines"]) {
    const Json& all = row["all"];
    std::printf("%-16s %-6s %7.2f %8.1f %8.1f %8.1f %8.1f %7.2f",  // microseconds
                row["engine"].get<std::string>().c_str(), row["inputs"].get<std::string>().c_str(),
                row["bytes"].get<double>() / 1e6, all["median"].get<double>(),
                all["p99"].get<double>(), all["p99.9"].get<double>(), all["max"].get<double>(),
                row["ratio"].get<double>());
    if (row.contains("cold")) std::printf(" %6.0f", row["cold"]["median"].get<double>());
    std::printf("\n");
  }
}

/// Little-endian float32: of each engine steps x 6, and what reading took; for merging runs.
void write_samples(const std::vector<std::unique_ptr<Engine>>& engines, const Measured& measured,
                   const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto write = [&](const std::string& name, const void* from, std::size_t bytes) {
    std::ofstream stream(folder / (name + ".f32"), std::ios::binary);
    stream.write(static_cast<const char*>(from), static_cast<std::streamsize>(bytes));
    if (!stream) throw std::runtime_error("cannot write to " + folder.string());
  };
  write("limit", measured.limit.data(), measured.limit.size() * sizeof(float));
  for (const auto& engine : engines) {
    write(engine->name + " " + engine->inputs, engine->samples.data(),
          engine->samples.size() * sizeof(Times));
  }
}

void run(const Options& options) {
  std::vector<Case> cases;
  cases.push_back(dense_case());
  if (!options.models.empty()) cases.push_back(real_case(options));
  std::vector<std::unique_ptr<Engine>> engines;
  for (const Case& from : cases) {
    for (auto& engine : engines_of(from)) {
      const bool is_wanted = engine->name.find(options.engine) != std::string::npos;
      if (is_wanted) engines.push_back(std::move(engine));
    }
  }
  if (engines.empty()) throw std::invalid_argument("no engine is called " + options.engine);
  if (options.models.empty()) {
    std::fputs("No MODELS are named: only made-up weights are timed (--help says more).\n", stderr);
  }
  std::fprintf(stderr, "engines: %zu, steps of each: %zu, rounds: %zu\n", engines.size(),
               options.steps, options.rounds);
  const WeightSizedBuffers buffers;
  Measured measured{fastest_reading(buffers), {}, {}};
  measured.limit.reserve(options.steps);
  for (auto& engine : engines) engine->samples.reserve(options.steps);
  measure_warm(engines, buffers, options, measured);
  const auto cold = measure_cold(engines, buffers, options, measured);
  const Json result = report(engines, cold, buffers, options, measured);
  print(result);
  if (!options.samples.empty()) write_samples(engines, measured, options.samples);
  if (!options.json.empty()) {
    std::ofstream stream(options.json);
    stream << result.dump(1) << "\n";
    if (!stream) throw std::runtime_error("cannot write " + options.json);
  }
}

}  // namespace

int main(int count, char** words) {
  try {
    const Options options = parse(count, words);
    if (options.wants_help) {
      std::fputs(help, stdout);
      return 0;
    }
    run(options);
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "chromasonic-realtime-bench: %s. --help says what there is.\n",
                 error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chromasonic-realtime-bench: %s\n", error.what());
    return 1;
  }
}
