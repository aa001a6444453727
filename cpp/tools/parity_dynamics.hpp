// Requests about bars of other parts: "dynamics_bars", "dynamics_decode".
#pragma once

#include <chromasonic/dynamics.hpp>
#include <cstdint>
#include <vector>

#include "other_parts.hpp"
#include "parity_groove.hpp"
#include "parity_table.hpp"

namespace chromasonic::parity {

/// {onset_quarters, pitch, velocity, metres} to {window: first step of each note's, step, features:
/// of each window}; notes in time.
inline json dynamics_bars(const json& request) {
  const midi::MetreMap metres(metres_in(request));
  const auto onsets = request.at("onset_quarters").get<std::vector<double>>();
  json answer = {{"window", json::array()}, {"step", json::array()}, {"features", json::array()}};
  std::vector<dynamics::Onset> bar;
  const auto close = [&] {
    std::vector<float> features(dynamics::input_size);
    dynamics::encode(bar.data(), bar.size(), features.data());
    answer["features"].push_back(features);
    bar.clear();
  };
  for (std::size_t i = 0; i < onsets.size(); ++i) {
    const std::int64_t step = nearest_step(onsets[i] * steps_per_quarter);
    const auto& stretch = metres.at(step);
    const BarPlace place = dynamics_place(step, stretch.begin, stretch.length, stretch.next);
    json& windows = answer["window"];
    if (!windows.empty() && windows.back() != place.first_step) close();
    windows.push_back(place.first_step);
    answer["step"].push_back(place.step);
    bar.push_back({place.step, request.at("pitch").at(i).get<std::uint8_t>(),
                   request.at("velocity").at(i).get<std::uint8_t>()});
  }
  if (!bar.empty()) close();
  return answer;
}

/// {output, step, pitch, velocity, amount, level} of one bar to velocities.
inline json dynamics_decode(const json& request) {
  const auto output = request.at("output").get<std::vector<float>>();
  std::vector<dynamics::Onset> onsets;
  for (std::size_t i = 0; i < request.at("step").size(); ++i) {
    onsets.push_back({request.at("step").at(i).get<int>(),
                      request.at("pitch").at(i).get<std::uint8_t>(),
                      request.at("velocity").at(i).get<std::uint8_t>()});
  }
  dynamics::Settings settings;
  settings.amount = request.at("amount").get<double>();
  settings.level = request.at("level").get<double>();
  std::vector<std::uint8_t> velocities(onsets.size());
  dynamics::decode(output.data(), onsets.data(), onsets.size(), settings, velocities.data());
  return json(std::vector<int>(velocities.begin(), velocities.end()));
}

inline void add_dynamics(Table& table) {
  table["dynamics_bars"] = dynamics_bars;
  table["dynamics_decode"] = dynamics_decode;
}

}  // namespace chromasonic::parity
