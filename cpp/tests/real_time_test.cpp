#include <doctest/doctest.h>

#include <atomic>
#include <chromasonic/multi_model_processor.hpp>
#include <cstdio>
#include <mutex>
#include <thread>
#include <type_traits>

#include "allocation_counter.hpp"
#include "support.hpp"
#include "system_call_guard.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

Inputs some_inputs() {
  Inputs in;
  for (const ModelSpec& spec : specs) {
    for (std::size_t i = 0; i < spec.inputs; ++i) {
      in.of(spec.model)[i] = static_cast<float>(i % 5) * 0.3f - 0.4f;
    }
  }
  return in;
}

/// Everything that an audio thread may call, once.
bool play(MultiModelProcessor& processor, const Inputs& in, Outputs& out) noexcept {
  bool is_good = processor.process_all(in, out);
  for (const ModelSpec& spec : specs) {
    is_good &= processor.process(spec.model, in.of(spec.model), out.of(spec.model));
    is_good &= processor.is_loaded(spec.model);
  }
  processor.reset();
  processor.reset(Model::emotion_recognizer);
  return is_good;
}

void load_one(MultiModelProcessor& processor, int number) {
  const Model model = number % 2 == 0 ? Model::groove_predictor : Model::dynamics_engine;
  processor.load(model, model_file(model));
}

}  // namespace

using Processor = MultiModelProcessor;
static_assert(noexcept(std::declval<Processor&>().process(Model::groove_predictor, nullptr,
                                                          nullptr)));
static_assert(noexcept(std::declval<Processor&>().process_all(std::declval<const Inputs&>(),
                                                              std::declval<Outputs&>())));
static_assert(noexcept(std::declval<Processor&>().reset()));
static_assert(noexcept(std::declval<Processor&>().reset(Model::groove_predictor)));
static_assert(noexcept(std::declval<Processor&>().is_loaded(Model::groove_predictor)));

TEST_CASE("10,000 steps of all models, and the swaps between them, allocate and free nothing") {
  MultiModelProcessor processor;
  const Inputs in = some_inputs();
  Outputs out;
  std::size_t count = allocations_in([&] { play(processor, in, out); });  // nothing loaded yet
  processor.load(models_folder());
  bool is_good = true;
  for (int round = 0; round < 10; ++round) {
    load_one(processor, round);  // the first step below picks it up
    if (round == 5) processor.load(models_folder());
    count += allocations_in([&] {
      for (int step = 0; step < 100; ++step) is_good &= play(processor, in, out);
    });
  }
  CHECK(is_good);
  CHECK(count == 0);
  const Model model = Model::melody_transformer;
  count = allocations_in([&] {
    for (int step = 0; step < 10000; ++step) {
      is_good &= processor.process(model, in.of(model), out.of(model));
    }
  });
  CHECK(count == 0);
}

#ifdef CHROMASONIC_COUNTS_ALLOCATIONS
TEST_CASE("the count of allocations sees one, and a free, and those of a load") {
  CHECK(allocations_in([] { delete new volatile int(3); }) == 2);
  CHECK(allocations_in([] { std::vector<int> some(100); }) == 2);
  MultiModelProcessor processor;
  CHECK(allocations_in([&] { load_one(processor, 0); }) > 100);
}
#endif

#if defined(CHROMASONIC_GUARDS_SYSTEM_CALLS) && !defined(CHROMASONIC_SANITIZED)
TEST_CASE("steps and swaps make no system call, as the kernel sees it") {
  MultiModelProcessor processor;
  std::atomic<int> loads{0};
  const Inputs in = some_inputs();
  Outputs out;
  const Guarded result = guarded(
      [&] {
        processor.load(models_folder());
        std::thread([&] {  // ends with the process
          for (;;) {
            load_one(processor, loads.load());
            loads.fetch_add(1);
          }
        })
            .detach();
      },
      [&] {
        bool is_good = true;
        for (int step = 0; step < 1000 || loads.load() < 20; ++step) {
          is_good &= play(processor, in, out);
        }
        return is_good;
      });
  if (!result.is_possible) {
    MESSAGE("NOT CHECKED: this machine lets no process guard itself (seccomp)");
    return;
  }
  CAPTURE(result.system_call);
  CHECK(result.is_done);
}

TEST_CASE("the guard catches a deliberate system call, a contended lock, and a large allocation") {
  const auto nothing = [] {};
  const Guarded harmless = guarded(nothing, [] { return true; });
  if (!harmless.is_possible) return;
  CHECK(harmless.is_done);

  const Guarded call = guarded(nothing, [] { return ::syscall(SYS_getpid) > 0; });
  CHECK_FALSE(call.is_done);
  CHECK(call.system_call == SYS_getpid);

  std::mutex mutex;
  std::atomic<bool> is_held{false};
  const Guarded lock = guarded(
      [&] {
        std::thread([&] {
          mutex.lock();
          is_held.store(true);
          for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
        }).detach();
        while (!is_held.load()) std::this_thread::yield();
      },
      [&] {
        mutex.lock();
        return true;
      });
  CHECK(lock.system_call == SYS_futex);

  const Guarded memory = guarded(nothing, [] {
    volatile char* const room = new char[std::size_t{1} << 28];
    room[0] = 1;
    return true;
  });
  CHECK(memory.system_call == SYS_mmap);

  const Guarded print = guarded(nothing, [] { return std::fputs("x", stderr) >= 0; });
  CHECK(print.system_call == SYS_write);
}
#endif

#if defined(__clang__) && defined(CHROMASONIC_SANITIZED)
// Run by name, to see that a real-time checker would have ended the tests above.
namespace {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfunction-effects"
#pragma clang diagnostic ignored "-Wunknown-warning-option"
int deliberate() noexcept CHROMASONIC_NONBLOCKING { return *new volatile int(3); }
#pragma clang diagnostic pop
}  // namespace

TEST_CASE("a deliberate allocation on the audio thread" * doctest::skip()) {
  CHECK(deliberate() == 3);
}
#endif
