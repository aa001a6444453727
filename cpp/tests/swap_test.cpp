#include <doctest/doctest.h>

#include <atomic>
#include <chromasonic/multi_model_processor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "support.hpp"

namespace chromasonic {

/// Publishes networks without reading files, as `load` does it behind them.
struct ProcessorAccess {
  using Networks = std::array<std::unique_ptr<Network>, model_count>;

  static void publish(MultiModelProcessor& processor, Networks networks) {
    auto set = std::make_unique<MultiModelProcessor::Set>();
    set->networks = std::move(networks);
    processor.publish(std::move(set));
  }
};

}  // namespace chromasonic

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

constexpr std::size_t index_of(Model model) { return static_cast<std::size_t>(model); }

/// All five documents in two versions with different answers.
struct Versions {
  std::vector<Document> documents[2];
  std::vector<std::vector<float>> first_step[2];  ///< of each model from a clear state
  Inputs in;

  Versions() {
    for (const ModelSpec& spec : specs) {
      for (std::size_t i = 0; i < spec.inputs; ++i) {
        in.of(spec.model)[i] = static_cast<float>(i % 7) * 0.2f - 0.5f;
      }
      documents[0].push_back(read_document(model_file(spec.model)));
      documents[1].push_back(documents[0].back());
      for (float& weight : documents[1].back().layers.back().weights[0]) weight *= -1.0f;
    }
    for (std::size_t version = 0; version < 2; ++version) {
      for (const ModelSpec& spec : specs) {
        Network network(documents[version][index_of(spec.model)], spec, Precision::float32);
        std::vector<float> out(spec.outputs);
        const ScopedFlushToZero as_when_playing;
        network.step(in.of(spec.model), out.data());
        first_step[version].push_back(out);
      }
    }
  }

  ProcessorAccess::Networks networks(std::size_t version,
                                     std::initializer_list<Model> models) const {
    ProcessorAccess::Networks result;
    for (const Model model : models) {
      result[index_of(model)] = std::make_unique<Network>(documents[version][index_of(model)],
                                                          spec_of(model), Precision::float32);
    }
    return result;
  }

  /// Which version an output is of; 2: of none.
  std::size_t version_of(Model model, const Outputs& out) const {
    for (std::size_t version = 0; version < 2; ++version) {
      const std::vector<float>& wanted = first_step[version][index_of(model)];
      if (std::equal(wanted.begin(), wanted.end(), out.of(model))) return version;
    }
    return 2;
  }
};

const Versions& versions() {
  static const Versions result;
  return result;
}

/// An audio thread that runs one step after the other and looks whether models that are swapped
/// together are always of one version.
class Audio {
 public:
  Audio(MultiModelProcessor& processor, std::vector<Model> together, std::vector<Model> alone)
      : thread_([this, &processor, together = std::move(together), alone = std::move(alone)] {
          Outputs out;
          std::size_t before = 2;
          while (!is_over_.load(std::memory_order_relaxed)) {
            processor.reset();
            processor.process_all(versions().in, out);
            const std::size_t version = versions().version_of(together[0], out);
            for (const Model model : together) {
              if (versions().version_of(model, out) != version || version == 2) ++mixtures_;
            }
            for (const Model model : alone) mixtures_ += versions().version_of(model, out) == 2;
            changes_ += version != before;
            before = version;
            ++steps_;
          }
        }) {}

  ~Audio() { stop(); }
  Audio(const Audio&) = delete;
  Audio& operator=(const Audio&) = delete;

  void stop() {
    is_over_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
  }

  /// After `stop`.
  std::size_t steps() const { return steps_; }
  std::size_t changes() const { return changes_; }
  std::size_t mixtures() const { return mixtures_; }

 private:
  std::atomic<bool> is_over_{false};
  std::size_t steps_ = 0, changes_ = 0, mixtures_ = 0;
  std::thread thread_;
};

/// Something to hand over, which knows where it ends.
struct Thing {
  explicit Thing(std::size_t n, std::atomic<long>& alive) : number(n), copy(n), living(alive) {
    living.fetch_add(1);
  }
  ~Thing() {
    freed_by_audio += std::this_thread::get_id() == audio;
    living.fetch_sub(1);
  }
  std::size_t number, copy;
  std::atomic<long>& living;
  Thing* next = nullptr;
  static inline std::thread::id audio{};
  static inline std::size_t freed_by_audio = 0;
};

}  // namespace

TEST_CASE("whole sets are swapped while a thread plays: no step mixes two of them") {
  MultiModelProcessor processor;
  const std::initializer_list<Model> all{Model::emotion_recognizer, Model::melody_transformer,
                                         Model::harmony_predictor, Model::dynamics_engine,
                                         Model::groove_predictor};
  ProcessorAccess::publish(processor, versions().networks(0, all));
  Audio audio(processor, all, {});
  const auto begin = std::chrono::steady_clock::now();
  std::size_t swaps = 0;
  while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(2000)) {
    ProcessorAccess::publish(processor, versions().networks(++swaps % 2, all));
  }
  audio.stop();
  MESSAGE(swaps << " sets published, " << audio.changes() << " seen to change in " << audio.steps()
                << " steps");
  CHECK(audio.mixtures() == 0);
  CHECK(audio.changes() > 1);
}

TEST_CASE("thousands of swaps by several loading threads: pairs stay pairs, nothing is lost") {
  MultiModelProcessor processor;
  const std::initializer_list<Model> pair{Model::dynamics_engine, Model::groove_predictor};
  ProcessorAccess::publish(processor, versions().networks(0, pair));
  ProcessorAccess::publish(processor, versions().networks(0, {Model::harmony_predictor}));
  Audio audio(processor, pair, {Model::harmony_predictor});
  std::thread other([&] {
    for (std::size_t swap = 1; swap <= 200; ++swap) {
      ProcessorAccess::publish(processor,
                               versions().networks(swap % 2, {Model::harmony_predictor}));
      processor.collect();
    }
  });
  std::thread from_files([&] {
    for (int load = 0; load < 3; ++load) {
      processor.load(Model::emotion_recognizer, model_file(Model::emotion_recognizer));
      CHECK_THROWS_AS(processor.load(Model::dynamics_engine, model_file(Model::groove_predictor)),
                      LoadError);
    }
  });
  const std::size_t swaps = 2001;
  for (std::size_t swap = 1; swap <= swaps; ++swap) {
    ProcessorAccess::publish(processor, versions().networks(swap % 2, pair));
    if (swap % 100 == 0) std::this_thread::yield();
  }
  other.join();
  from_files.join();
  audio.stop();
  MESSAGE(swaps << " pairs published, " << audio.changes() << " seen to change in " << audio.steps()
                << " steps");
  CHECK(audio.mixtures() == 0);
  CHECK(audio.changes() > 1);
  processor.reset();
  Outputs out;
  processor.process_all(versions().in, out);
  CHECK(versions().version_of(Model::dynamics_engine, out) == swaps % 2);  // the last one plays
  CHECK(versions().version_of(Model::groove_predictor, out) == swaps % 2);
}

TEST_CASE("a hand-over delivers the newest thing whole, once, and frees each on the loading side") {
  Thing::freed_by_audio = 0;
  std::atomic<long> alive{0};
  const std::size_t count = 20000;
  std::atomic<std::size_t> received{0};
  std::size_t out_of_order = 0, torn = 0, seen = 0;
  {
    HandOver<Thing> hand_over;
    CHECK(hand_over.receive() == nullptr);
    CHECK(hand_over.take_back() == nullptr);
    std::atomic<bool> is_ready{false};
    std::thread audio([&] {
      Thing::audio = std::this_thread::get_id();
      is_ready.store(true);
      std::size_t last = 0;
      while (last < count) {
        Thing* const thing = hand_over.receive();
        if (thing == nullptr) continue;
        ++received;
        out_of_order += thing->number <= last;
        torn += thing->copy != thing->number;
        last = thing->number;
        hand_over.put_aside(thing);
      }
    });
    while (!is_ready.load()) std::this_thread::yield();
    for (std::size_t number = 1; number <= count; ++number) {
      hand_over.publish(std::make_unique<Thing>(number, alive));
      if (number % 3 == 0) hand_over.collect();
      if (number % 100 == 0) {  // some are surely taken, some surely replaced
        while (received.load() == seen) std::this_thread::yield();
        seen = received.load();
      }
    }
    audio.join();
  }
  MESSAGE(received.load() << " of " << count << " received");
  CHECK(received.load() >= 100);
  CHECK(out_of_order == 0);
  CHECK(torn == 0);
  CHECK(alive.load() == 0);
  CHECK(Thing::freed_by_audio == 0);
}
