// Which drum stands in which group, and how the drums that meet on a step share its loudness.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace chromasonic::groove {

inline constexpr std::size_t drum_groups = 4;
inline constexpr std::size_t kick = 0, snare = 1, hat_or_cymbal = 2, other = 3;

namespace tables {

struct Shares {
  unsigned groups;  ///< which meet, as bits
  float soft[drum_groups];
  float loud[drum_groups];
};

constexpr unsigned K = 1, S = 2, H = 4, O = 8;

// Medians over the training part of the Groove MIDI Dataset; Python's `groove_balance.SHARES` says
// more. A test compares the two tables.
inline constexpr Shares shares[] = {
    {K | S, {0.97F, 1, 1, 1}, {0.72F, 1, 1, 1}},
    {K | H, {0.98F, 1, 1, 1}, {0.74F, 1, 1, 1}},
    {S | H, {1, 0.86F, 1, 1}, {1, 1, 0.96F, 1}},
    {K | S | H, {0.87F, 0.60F, 0.97F, 1}, {0.63F, 0.83F, 1, 1}},
    {K | O, {1, 1, 1, 0.94F}, {0.64F, 1, 1, 1}},
    {S | O, {1, 0.79F, 1, 1}, {1, 0.93F, 1, 1}},
    {K | S | O, {0.62F, 1, 1, 1}, {0.62F, 1, 1, 1}},
    {H | O, {1, 1, 0.88F, 1}, {1, 1, 0.86F, 1}},
    {K | H | O, {0.52F, 1, 0.74F, 1}, {0.52F, 1, 0.74F, 1}},
    {S | H | O, {1, 1, 0.64F, 1}, {1, 1, 0.64F, 1}},
    {K | S | H | O, {0.47F, 0.70F, 0.54F, 1}, {0.47F, 0.70F, 0.54F, 1}},
};

using ShareTable = std::array<std::array<std::array<float, drum_groups>, 16>, 2>;

constexpr ShareTable share_table() {
  ShareTable table{};
  for (auto& strength : table) {
    for (auto& row : strength) {
      for (float& share : row) {
        share = 1.0F;
      }
    }
  }
  for (const Shares& row : shares) {
    for (std::size_t group = 0; group < drum_groups; ++group) {
      table[0][row.groups][group] = row.soft[group];
      table[1][row.groups][group] = row.loud[group];
    }
  }
  return table;
}

inline constexpr ShareTable share_of = share_table();

// General MIDI and the Roland TD-11's own notes (22, 26, 58); the rest of the 128 is "other".
constexpr std::array<std::uint8_t, 128> group_table() {
  std::array<std::uint8_t, 128> table{};
  for (auto& group : table) {
    group = other;
  }
  for (const int note : {35, 36}) {
    table[static_cast<std::size_t>(note)] = kick;
  }
  for (const int note : {37, 38, 39, 40}) {
    table[static_cast<std::size_t>(note)] = snare;
  }
  for (const int note : {22, 26, 42, 44, 46, 49, 51, 52, 53, 55, 57, 59}) {
    table[static_cast<std::size_t>(note)] = hat_or_cymbal;
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 128> group_of_note = group_table();

}  // namespace tables

/// The group of a General MIDI drum: 0 kick, 1 snare, 2 hat or cymbal, 3 other. Audio thread.
constexpr std::size_t group_of(std::uint8_t note) noexcept {
  return tables::group_of_note[note & 127U];
}

/// A group's velocity as a share of the step's loudest hit. Audio thread.
///
/// @param is_loud whether the loudest hit has velocity 64 or more
/// @param groups which groups meet on the step, as bits
constexpr float share_of_group(bool is_loud, unsigned groups, std::size_t group) noexcept {
  return tables::share_of[is_loud ? 1 : 0][groups & 15U][group];
}

}  // namespace chromasonic::groove
