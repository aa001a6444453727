// Requests about emotion: frames of sound, places on the plane, a network that listens.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/emotion.hpp>
#include <chromasonic/log_mel.hpp>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "parity_model.hpp"
#include "parity_table.hpp"

namespace chromasonic::parity {

/// Raw float32 samples of a file, in this machine's byte order.
inline std::vector<float> samples_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error("no such file: " + path);
  std::vector<float> samples(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(samples.data()),
            static_cast<std::streamsize>(samples.size() * sizeof(float)));
  return samples;
}

/// Room for what a listener writes at each frame: it must not allocate while it listens.
template <class Value>
std::vector<Value> room_for_frames(const std::vector<float>& samples, double rate) {
  return std::vector<Value>(
      static_cast<std::size_t>(10 * static_cast<double>(samples.size()) / rate) + 1);
}

/// {"path", "rate", "block": samples at a time} to the frames.
inline json log_mel_frames(const json& request) {
  using Frame = std::array<float, LogMel::bands>;
  const std::vector<float> samples = samples_of(request.at("path"));
  const std::size_t block = request.at("block");
  const double rate = request.at("rate");
  LogMel log_mel(rate);
  std::vector<Frame> frames = room_for_frames<Frame>(samples, rate);
  Frame* next = frames.data();
  for (std::size_t at = 0; at < samples.size(); at += block) {
    log_mel.push(samples.data() + at, std::min(block, samples.size() - at),
                 [&next](const float* frame) noexcept {
                   std::copy_n(frame, LogMel::bands, (next++)->data());
                 });
  }
  frames.resize(static_cast<std::size_t>(next - frames.data()));
  return frames;
}

inline json json_of(const Emotion& emotion) {
  return {{"valence", emotion.valence},
          {"arousal", emotion.arousal},
          {"quadrants", emotion.quadrants},
          {"quadrant", emotion.quadrant()}};
}

/// {"cells": [[64]]} to the place of each.
inline json emotion_places(const json& request) {
  json rows = json::array();
  for (const json& cells : request.at("cells"))
    rows.push_back(json_of(emotion_of(cells.get<std::vector<float>>().data())));
  return rows;
}

inline json json_of(const EmotionEvent& event) {
  json row = json_of(event.emotion);
  row["quadrant"] = event.quadrant;
  row["is_settled"] = event.is_settled;
  row["has_changed"] = event.has_changed;
  return row;
}

inline EmotionFollower follower_of(const json& request) {
  return EmotionFollower(request.value("seconds", 0.0), request.value("margin", 0.0));
}

/// {"cells": [[64]], "seconds", "margin"} to the event after each.
inline json emotion_events(const json& request) {
  EmotionFollower follower = follower_of(request);
  json rows = json::array();
  for (const json& cells : request.at("cells"))
    rows.push_back(json_of(follower.hear(cells.get<std::vector<float>>().data())));
  return rows;
}

/// {"model": path, "path", "rate", "seconds", "margin"}: sound to the event after each frame.
inline json emotion_listening(const json& request) {
  Network network = network_of(request, Model::emotion_recognizer);
  EmotionFollower follower = follower_of(request);
  const double rate = request.at("rate");
  LogMel log_mel(rate);
  const std::vector<float> samples = samples_of(request.at("path"));
  std::vector<EmotionEvent> events = room_for_frames<EmotionEvent>(samples, rate);
  EmotionEvent* next = events.data();
  log_mel.push(samples.data(), samples.size(), [&](const float* frame) noexcept {
    float cells[emotion_cells];
    network.step(frame, cells);
    *next++ = follower.hear(cells);
  });
  json rows = json::array();
  for (const EmotionEvent* event = events.data(); event != next; ++event)
    rows.push_back(json_of(*event));
  return rows;
}

inline void add_emotion(Table& table) {
  table["log_mel_frames"] = log_mel_frames;
  table["emotion_places"] = emotion_places;
  table["emotion_events"] = emotion_events;
  table["emotion_listening"] = emotion_listening;
}

}  // namespace chromasonic::parity
