// What a frame costs in RTNeural: FILE WARM FRAMES. Built by gesture_parity.py with the exported
// gesture_model.hpp. Answers: error on the golden vectors; median by the clock,
// and 99th of 100 in the thread's own time, in ms.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <gesture_model.hpp>
#include <vector>

namespace net = chromasonic::gesture_model;

namespace {

/// What this thread has computed so far, in milliseconds.
double own_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) return 2;
  std::ifstream stream(words[1]);
  const nlohmann::json document = nlohmann::json::parse(stream);
  auto model = net::load_checked(words[1]);
  const double error = net::self_test(*model, document);
  const auto inputs = document["metadata"]["golden"]["inputs"].get<std::vector<std::vector<float>>>();
  std::vector<float> out(document["metadata"]["golden"]["outputs"][0].size());
  const int warm = std::atoi(words[2]), frames = std::atoi(words[3]);
  std::vector<double> clock, own;
  for (int frame = 0; frame < warm + frames; ++frame) {
    const auto& in = inputs[static_cast<std::size_t>(frame) % inputs.size()];
    const double own_start = own_ms();
    const auto start = std::chrono::steady_clock::now();
    net::step(*model, in.data(), out.data());
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (frame < warm) continue;
    own.push_back(own_ms() - own_start);
    clock.push_back(time.count());
  }
  std::sort(clock.begin(), clock.end());
  std::sort(own.begin(), own.end());
  std::printf("%.9g %.9g %.9g\n", error, clock[clock.size() / 2], own[own.size() * 99 / 100]);
  return 0;
}
