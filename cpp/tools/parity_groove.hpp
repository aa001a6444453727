// Requests about drum bars: "groove_bars", "groove_decode".
#pragma once

#include <chromasonic/groove.hpp>
#include <cstdint>
#include <vector>

#include "drum_names.hpp"
#include "musical_time.hpp"
#include "parity_table.hpp"

namespace chromasonic::parity {

inline std::vector<midi::MetreMap::Metre> metres_in(const json& request) {
  std::vector<midi::MetreMap::Metre> metres;
  for (const json& row : request.at("metres")) {
    metres.push_back({row.at(0).get<double>(), row.at(1).get<int>(), row.at(2).get<int>()});
  }
  return metres;
}

/// {onset_quarters, pitch, velocity, metres} to {first_step, features, hit_bar, hit_step,
/// hit_offset, hit_group}; hits in time.
inline json groove_bars(const json& request) {
  const midi::MetreMap metres(metres_in(request));
  const auto onsets = request.at("onset_quarters").get<std::vector<double>>();
  const auto pitches = request.at("pitch").get<std::vector<int>>();
  const auto velocities = request.at("velocity").get<std::vector<int>>();
  json answer = {{"first_step", json::array()}, {"features", json::array()},
                 {"hit_bar", json::array()},    {"hit_step", json::array()},
                 {"hit_offset", json::array()}, {"hit_group", json::array()}};
  std::vector<groove::Hit> bar;
  const auto close = [&] {
    std::vector<float> features(groove::input_size);
    groove::encode(bar.data(), bar.size(), features.data());
    answer["features"].push_back(features);
    bar.clear();
  };
  for (std::size_t i = 0; i < onsets.size(); ++i) {
    const double position = onsets[i] * steps_per_quarter;
    const auto& stretch = metres.at(nearest_step(position));
    const auto placed =
        groove::place(position, static_cast<std::uint8_t>(pitches.at(i)),
                      static_cast<std::uint8_t>(velocities.at(i)), stretch.begin, stretch.length);
    json& firsts = answer["first_step"];
    if (firsts.empty() || firsts.back() != placed.first_step) {
      if (!bar.empty()) close();
      firsts.push_back(placed.first_step);
    }
    bar.push_back(placed.hit);
    answer["hit_bar"].push_back(firsts.size() - 1);
    answer["hit_step"].push_back(placed.hit.step);
    answer["hit_offset"].push_back(placed.hit.offset);
    answer["hit_group"].push_back(groove::group_of(placed.hit.note));
  }
  if (!bar.empty()) close();
  return answer;
}

/// {output, step, offset, pitch, velocity, velocity_amount, timing_amount, quantize} of one bar to
/// {shift, velocity, is_meant}.
inline json groove_decode(const json& request) {
  const auto output = request.at("output").get<std::vector<float>>();
  const auto offsets = request.at("offset").get<std::vector<double>>();
  std::vector<groove::Hit> hits;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    hits.push_back({request.at("step").at(i).get<int>(), offsets[i],
                    request.at("pitch").at(i).get<std::uint8_t>(),
                    request.at("velocity").at(i).get<std::uint8_t>()});
  }
  groove::Settings settings;
  settings.velocity = request.at("velocity_amount").get<double>();
  settings.timing = request.at("timing_amount").get<double>();
  settings.quantize = request.at("quantize").get<bool>();
  groove::Looseness loose;
  std::vector<groove::Struck> struck(hits.size());
  groove::decode(output.data(), hits.data(), hits.size(), settings, loose, struck.data());
  json answer = {
      {"shift", json::array()}, {"velocity", json::array()}, {"is_meant", json::array()}};
  for (const groove::Struck& each : struck) {
    answer["shift"].push_back(each.shift);
    answer["velocity"].push_back(each.velocity);
    answer["is_meant"].push_back(each.is_meant);
  }
  return answer;
}

/// {} to {group, name: of each MIDI note, shares: [soft, loud][which groups meet][group]}.
inline json groove_tables(const json&) {
  json groups = json::array(), names = json::array(), shares = json::array();
  for (int note = 0; note < 128; ++note) {
    groups.push_back(groove::group_of(static_cast<std::uint8_t>(note)));
    names.push_back(midi::drum_name(static_cast<std::size_t>(note)));
  }
  for (const auto& strength : groove::tables::share_of) shares.push_back(strength);
  return {{"group", groups}, {"name", names}, {"shares", shares}};
}

inline void add_groove(Table& table) {
  table["groove_bars"] = groove_bars;
  table["groove_decode"] = groove_decode;
  table["groove_tables"] = groove_tables;
}

}  // namespace chromasonic::parity
