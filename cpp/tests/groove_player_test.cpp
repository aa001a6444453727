// Hits humanized while they are played.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chromasonic/groove.hpp>
#include <chromasonic/groove_player.hpp>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "allocation_counter.hpp"
#include "groove_answers.hpp"

using namespace chromasonic;
using groove::BlockTime;
using groove::GroovePlayer;
using groove::Hit;
using groove::Settings;
using groove::Struck;

namespace {

/// A model that says the same of every step.
struct Drummer {
  std::array<float, 32> answer = answer_of(50, 0.25F);
  bool operator()(const float*, float* out) const noexcept {
    std::copy(answer.begin(), answer.end(), out);
    return true;
  }
};

struct Played {
  double step;
  int note, velocity;
};

struct Given {
  double step;
  std::uint8_t note, velocity;
};

/// Everything that comes out of some hits (in time, of 4/4), played in blocks of some lengths.
std::vector<Played> play(const std::vector<Given>& hits, double until, int samples,
                         double steps_a_sample, const Settings& settings = {},
                         const Drummer& drummer = {}) {
  auto player = std::make_unique<GroovePlayer>(settings);
  GroovePlayer::Events out;
  std::vector<Played> played;
  std::size_t next = 0;
  for (std::int64_t start = 0; static_cast<double>(start) * steps_a_sample < until;
       start += samples) {
    EventList<64> in;
    const auto begin = static_cast<double>(start) * steps_a_sample;
    const auto end = static_cast<double>(start + samples) * steps_a_sample;
    while (next < hits.size() && hits[next].step < end) {
      const double share = (hits[next].step - begin) / (end - begin);
      in.push({static_cast<std::int32_t>(std::lround(share * samples)), hits[next].note,
               hits[next].velocity});
      ++next;
    }
    const std::int64_t bar = static_cast<std::int64_t>(begin) / 16 * 16;
    player->process({begin, end, samples, bar, 16}, in, drummer, out);
    for (const BlockEvent& event : out) {
      played.push_back({begin + event.sample * steps_a_sample, event.note, event.velocity});
    }
  }
  return played;
}

}  // namespace

TEST_CASE("what is played comes out 16 steps later, struck and moved as the model says") {
  const std::vector<Given> hits{{0, 36, 100},   {1, 36, 0},  {4, 38, 100}, {5, 38, 0},
                                {15.8, 36, 90}, {17, 36, 0}, {24, 42, 80}, {25, 42, 0}};
  for (const int samples : {1, 7, 64, 480, 6000}) {
    const auto played = play(hits, 64, samples, 1.0 / 1000.0);
    REQUIRE(played.size() == hits.size());
    for (std::size_t i = 0; i < hits.size(); ++i) {
      CAPTURE(samples);
      CAPTURE(i);
      CHECK(played[i].note == hits[i].note);
      CHECK(played[i].velocity == (hits[i].velocity > 0 ? 50 : 0));
      // 15.8 is meant so: more than 0.15 of a step off, so its time is left alone.
      const double moved = i == 4 || i == 5 ? 0.0 : 0.25;
      CHECK(played[i].step == doctest::Approx(hits[i].step + 16 + moved).epsilon(0.0001));
    }
  }
}

TEST_CASE("bars that are played become what the same bars become when they are known beforehand") {
  // A model whose answer depends on every feature.
  const auto model = [](const float* in, float* out) noexcept {
    for (int i = 0; i < 32; ++i) {
      float sum = 0;
      for (int k = 0; k < 64; ++k) sum += in[k] * std::sin(static_cast<float>(i * 64 + k));
      out[i] = i < 16 ? 0.5F + 0.1F * sum : 0.1F * sum;
    }
    return true;
  };
  std::mt19937 random(9);
  std::vector<Given> hits;
  double position = 0.3;
  for (std::uint8_t note = 35; position < 200;
       position += 0.35 + static_cast<double>(random() % 1000) / 400.0) {
    note =
        note == 75 ? std::uint8_t{35} : static_cast<std::uint8_t>(note + 1);  // no drum twice a bar
    hits.push_back({position, note, static_cast<std::uint8_t>(1 + random() % 127)});
  }
  constexpr std::int64_t length = 14;  // 7/8
  std::vector<Played> wanted;
  for (std::size_t i = 0; i < hits.size();) {
    std::vector<Hit> bar;
    const std::int64_t first = groove::place(hits[i].step, 0, 1, 0, length).first_step;
    const std::size_t start = i;
    for (; i < hits.size(); ++i) {
      const auto placed = groove::place(hits[i].step, hits[i].note, hits[i].velocity, 0, length);
      if (placed.first_step != first) break;
      bar.push_back(placed.hit);
    }
    std::array<float, 64> features;
    std::array<float, 32> answer{};
    groove::encode(bar.data(), bar.size(), features.data());
    model(features.data(), answer.data());
    const auto struck = decoded(answer, bar);
    for (std::size_t k = 0; k < bar.size(); ++k) {
      const double on =
          std::max(hits[start + k].step + struck[k].shift, static_cast<double>(first) - 0.5);
      wanted.push_back({on + 16, bar[k].note, struck[k].velocity});
    }
  }
  const auto by_time = [](const Played& a, const Played& b) { return a.step < b.step; };
  std::sort(wanted.begin(), wanted.end(), by_time);

  auto player = std::make_unique<GroovePlayer>();
  GroovePlayer::Events out;
  std::vector<Played> played;
  std::size_t next = 0;
  for (double begin = 0; begin < 240;) {
    const int samples = 1 + static_cast<int>(random() % 3000);
    const double end = begin + samples * 0.0005;
    EventList<64> in;
    for (; next < hits.size() && hits[next].step < end; ++next) {
      const double share = (hits[next].step - begin) / (end - begin);
      in.push({static_cast<std::int32_t>(share * samples), hits[next].note, hits[next].velocity});
    }
    const std::int64_t bar = nearest_step(begin - 0.5) / length * length;
    player->process({begin, end, samples, bar, length}, in, model, out);
    for (const BlockEvent& event : out) {
      if (event.velocity > 0)
        played.push_back({begin + event.sample * 0.0005, event.note, event.velocity});
    }
    begin = end;
  }
  REQUIRE(played.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    CHECK(played[i].note == wanted[i].note);
    CHECK(played[i].velocity == wanted[i].velocity);
    CHECK(std::fabs(played[i].step - wanted[i].step) < 0.002);
  }
}

TEST_CASE("a hit that is wanted before its bar comes at the earliest half a step before it") {
  Drummer early;
  early.answer = answer_of(90, -3.0F);
  const auto played = play({{16, 36, 100}, {18, 36, 0}}, 64, 100, 0.001, {}, early);
  REQUIRE(played.size() == 2);
  CHECK(played[0].step == doctest::Approx(31.5).epsilon(0.001));
  CHECK(played[1].step == doctest::Approx(33.5).epsilon(0.001));
}

TEST_CASE("without a model hits pass as they are") {
  auto player = std::make_unique<GroovePlayer>();
  GroovePlayer::Events out;
  EventList<4> in;
  in.push({50, 36, 77});
  const auto none = [](const float*, float*) noexcept { return false; };
  player->process({0, 1, 100, 0, 16}, in, none, out);
  in.clear();
  for (int step = 1; step < 16; ++step)
    player->process({step * 1.0, step + 1.0, 100, 0, 16}, in, none, out);
  CHECK(out.size() == 0);
  player->process({16, 17, 100, 16, 16}, in, none, out);
  REQUIRE(out.size() == 1);
  CHECK(out[0].sample == 50);
  CHECK(out[0].velocity == 77);
  player->stop(out);
  REQUIRE(out.size() == 1);
  CHECK(out[0].velocity == 0);
}

TEST_CASE("a loop's jump loses nothing") {
  auto player = std::make_unique<GroovePlayer>();
  GroovePlayer::Events out;
  double clock = 0;
  std::vector<double> heard;
  for (int round = 0; round < 5; ++round) {
    for (int step = 0; step < 12; ++step, ++clock) {  // a loop of three quarters in 4/4
      EventList<4> in;
      if (step % 4 == 0 && round < 4) {
        in.push({0, 36, 100});
        in.push({90, 36, 0});
      }
      player->process({32.0 + step, 33.0 + step, 100, 32, 16}, in, Drummer{}, out);
      for (const BlockEvent& event : out) {
        if (event.velocity > 0) heard.push_back(clock + event.sample / 100.0);
      }
    }
  }
  // Of 12 hits the last are still on their way after 16 steps of delay less 12 of the last round.
  REQUIRE(heard.size() >= 11);
  for (std::size_t i = 0; i < heard.size(); ++i) {
    CHECK(heard[i] == doctest::Approx(4.0 * static_cast<double>(i) + 16.25).epsilon(0.001));
  }
}

TEST_CASE("whatever is played, notes alternate, end, stay in their block, and nothing allocates") {
  std::mt19937 random(5);
  const auto chance = [&](int most) {
    return static_cast<int>(random() % static_cast<unsigned>(most));
  };
  auto player = std::make_unique<GroovePlayer>(Settings{4.0, 4.0, 2.0, false}, 3);
  auto out = std::make_unique<GroovePlayer::Events>();
  auto in = std::make_unique<EventList<1024>>();
  std::array<int, 128> sounding{};
  std::size_t played = 0;
  bool is_right = true;
  const auto wild = [&](const float*, float* answer) noexcept {
    for (int i = 0; i < 32; ++i) answer[i] = static_cast<float>(chance(2000) - 1000) / 300.0F;
    if (chance(50) == 0) answer[chance(32)] = NAN;
    return chance(10) > 0;
  };
  const auto listen = [&](int samples) {
    std::int32_t last = 0;
    for (const BlockEvent& event : *out) {
      is_right &= event.sample >= last && event.sample < samples;
      last = event.sample;
      int& many = sounding[event.note];
      many += event.velocity > 0 ? 1 : -1;
      is_right &= many == 0 || many == 1;
      ++played;
    }
  };
  const auto play = [&] {
    double position = -40;
    for (int block = 0; block < 6000; ++block) {
      const int samples = 1 + chance(2048);
      if (chance(100) == 0) position += chance(64) - 32;
      const double end = position + samples * (0.0001 + chance(30) * 0.0001);
      in->clear();
      std::int32_t sample = 0;
      const int many = chance(40) == 0 ? 900 : chance(6);
      for (int i = 0; i < many && sample < samples;
           ++i, sample += chance(samples / (many + 1) + 1)) {
        in->push({sample, static_cast<std::uint8_t>(chance(128)),
                  static_cast<std::uint8_t>(chance(2) * chance(128))});
      }
      const std::int64_t length = 1 + chance(40);
      player->process({position, end, samples, nearest_step(position) - chance(40), length}, *in,
                      wild, *out);
      listen(samples);
      position = end;
      if (chance(500) == 0) {
        player->stop(*out);
        listen(1);
      }
    }
    player->stop(*out);
    listen(1);
  };
  CHECK(tests::allocations_in(play) == 0);
  CHECK(is_right);
  CHECK(played > 5000);
  for (const int many : sounding) CHECK(many == 0);
  player->process({NAN, 1, 64, 0, 16}, *in, wild, *out);
  CHECK(out->size() == 0);
}

TEST_CASE("hits beyond the room there is are counted, not written") {
  auto player = std::make_unique<GroovePlayer>();
  GroovePlayer::Events out;
  auto in = std::make_unique<EventList<600>>();
  for (int i = 0; i < 600; ++i) in->push({i, static_cast<std::uint8_t>(i % 128), 100});
  player->process({0, 1, 600, 0, 16}, *in, Drummer{}, out);
  CHECK(player->dropped() == 600 - GroovePlayer::capacity);
}
