// The five models, loaded beside the audio thread and run on it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/flush_to_zero.hpp>
#include <chromasonic/engine/hand_over.hpp>
#include <chromasonic/engine/network.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/error.hpp>
#include <chromasonic/file/document_reading.hpp>
#include <chromasonic/file/model_checks.hpp>
#include <chromasonic/file/self_test.hpp>
#include <chromasonic/model_values.hpp>
#include <chromasonic/specs.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace chromasonic {

/// A network that was read, checked against its spec, and has passed its self-test: at float32
/// always, to the file's own tolerance, and at the wanted precision to that precision's bound.
///
/// @throws LoadError The file is damaged, another model, or computes something else.
inline std::unique_ptr<Network> load_network(Model model, const std::filesystem::path& file,
                                             Precision precision = Precision::float32) {
  const ModelSpec& spec = spec_of(model);
  return or_load_error(std::string(spec.title), [&] {
    const Document document = read_document(file);
    check_document(document, spec);
    check_pages(document, model);
    auto network = std::make_unique<Network>(document, spec, Precision::float32);
    self_test(*network, document, Precision::float32);
    if (precision != Precision::float32) {
      network = std::make_unique<Network>(document, spec, precision);
      self_test(*network, document, precision);
    }
    return network;
  });
}

/// Runs the five exported models.
///
/// Two kinds of threads use it. Loader threads (any but the audio thread) load, and may wait, and
/// allocate. The audio thread, one at a time, calls `process`, `process_all` and `reset`, which
/// never throw, allocate, lock, wait, or call the system. A loaded set is picked up at the audio
/// thread's next call: all of its models at once, never a part of it.
///
/// The recurrent state goes on from step to step. The caller resets it where the music stops or
/// starts anew; a newly loaded model starts clear, the others go on.
class MultiModelProcessor {
 public:
  MultiModelProcessor() = default;
  MultiModelProcessor(const MultiModelProcessor&) = delete;
  MultiModelProcessor& operator=(const MultiModelProcessor&) = delete;

  /// Loads the five files NAME.json of a folder. Loader thread.
  ///
  /// @throws LoadError There is no such folder, or a file is wrong; what runs goes on as it was.
  void load(const std::filesystem::path& folder, Precision precision = Precision::float32) {
    or_load_error("The models", [&] {
      check_folder(folder);
      auto set = std::make_unique<Set>();
      for (const ModelSpec& spec : specs) {
        const std::filesystem::path file = folder / (std::string(spec.name) + ".json");
        set->networks[static_cast<std::size_t>(spec.model)] =
            load_network(spec.model, file, precision);
      }
      publish(std::move(set));
    });
  }

  /// Loads one model; the others stay as they are. Loader thread.
  ///
  /// @throws LoadError The file is wrong; what runs goes on as it was.
  void load(Model model, const std::filesystem::path& file,
            Precision precision = Precision::float32) {
    or_load_error("The model", [&] {
      auto set = std::make_unique<Set>();
      set->networks[static_cast<std::size_t>(model)] = load_network(model, file, precision);
      publish(std::move(set));
    });
  }

  /// Frees what the audio thread has put aside. Loader thread; each `load` does it too.
  void collect() {
    const std::lock_guard<std::mutex> lock(loaders_);
    hand_over_.collect();
  }

  /// Whether a model is loaded: the audio thread's next call will run it. Any thread.
  bool is_loaded(Model model) const noexcept CHROMASONIC_NONBLOCKING {
    return loaded_[static_cast<std::size_t>(model)].load(std::memory_order_acquire);
  }

  /// One step of one model. Audio thread.
  ///
  /// @param in As many numbers as the model has inputs (`spec_of(model).inputs`).
  /// @param out Room for its outputs; may be the same memory as `in`.
  /// @return false, and zeros in `out`: no such model is loaded yet; or a number in `in` is
  ///     infinite or NaN, then the step does not take place and the state stays as it was; or
  ///     numbers in `in` are so large that the model overflowed, then its state is cleared. The
  ///     next call goes on as ever.
  bool process(Model model, const float* in, float* out) noexcept CHROMASONIC_NONBLOCKING {
    pick_up();
    const ScopedFlushToZero no_denormals;
    return run(model, in, out);
  }

  /// One step of all five, all of one loaded set. Audio thread.
  ///
  /// @return Whether each of them gave true, as `process` says.
  bool process_all(const Inputs& inputs, Outputs& outputs) noexcept CHROMASONIC_NONBLOCKING {
    pick_up();
    const ScopedFlushToZero no_denormals;
    bool is_good = true;
    for (const ModelSpec& spec : specs) {
      is_good &= run(spec.model, inputs.of(spec.model), outputs.of(spec.model));
    }
    return is_good;
  }

  /// Clears the state of every model that carries one. Audio thread.
  void reset() noexcept CHROMASONIC_NONBLOCKING {
    for (const ModelSpec& spec : specs) reset(spec.model);
  }

  /// Clears the state of one model; nothing to do where it is stateless. Audio thread.
  void reset(Model model) noexcept CHROMASONIC_NONBLOCKING {
    pick_up();
    Network* const network = playing_.networks[static_cast<std::size_t>(model)].get();
    if (network != nullptr && spec_of(model).state == StatePolicy::carry) network->reset();
  }

 private:
  friend struct ProcessorAccess;  // tests swap thousands of sets without reading files

  /// Networks on their way to the audio thread (none: that model stays as it is), or back.
  struct Set {
    std::array<std::unique_ptr<Network>, model_count> networks;
    Set* next = nullptr;
  };

  /// Loader thread.
  void publish(std::unique_ptr<Set> set) {
    const std::lock_guard<std::mutex> lock(loaders_);
    // What an earlier load published and nobody has picked up travels along, but for what is newer.
    if (const std::unique_ptr<Set> waiting = hand_over_.take_back()) {
      for (std::size_t i = 0; i < model_count; ++i) {
        if (set->networks[i] == nullptr) set->networks[i] = std::move(waiting->networks[i]);
      }
    }
    std::array<bool, model_count> is_in{};
    for (std::size_t i = 0; i < model_count; ++i) is_in[i] = set->networks[i] != nullptr;
    hand_over_.publish(std::move(set));
    // After the publication: who sees the flag finds the network.
    for (std::size_t i = 0; i < model_count; ++i) {
      if (is_in[i]) loaded_[i].store(true, std::memory_order_release);
    }
    hand_over_.collect();
  }

  /// Audio thread: takes over what was published. What it replaces travels back in the same set.
  void pick_up() noexcept CHROMASONIC_NONBLOCKING {
    Set* const set = hand_over_.receive();
    if (set == nullptr) return;
    for (std::size_t i = 0; i < model_count; ++i) {
      if (set->networks[i] != nullptr) playing_.networks[i].swap(set->networks[i]);
    }
    hand_over_.put_aside(set);
  }

  bool run(Model model, const float* in, float* out) noexcept CHROMASONIC_NONBLOCKING {
    const ModelSpec& spec = spec_of(model);
    Network* const network = playing_.networks[static_cast<std::size_t>(model)].get();
    bool is_good = network != nullptr && are_finite(in, spec.inputs);
    if (is_good) {
      network->step(in, out);
      is_good = are_finite(out, spec.outputs) && network->is_finite();
      if (!is_good) network->reset();
    }
    if (!is_good) std::fill_n(out, spec.outputs, 0.0f);
    return is_good;
  }

  Set playing_;  ///< the audio thread's own
  HandOver<Set> hand_over_;
  std::array<std::atomic<bool>, model_count> loaded_{};
  std::mutex loaders_;  ///< loader threads among themselves; the audio thread never sees it
};

}  // namespace chromasonic
