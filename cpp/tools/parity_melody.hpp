// Requests about melodies: features of moments, of whole lines as played, pitches drawn.
#pragma once

#include <chromasonic/melody_player.hpp>
#include <string>
#include <vector>

#include "parity_model.hpp"
#include "parity_table.hpp"

namespace chromasonic::parity {

inline PitchClasses tones_of(const json& pitch_classes) {
  unsigned tones = 0;
  for (const int tone : pitch_classes) tones |= 1U << tone;
  return static_cast<PitchClasses>(tones);
}

inline Key key_of(const json& request) {
  return {request.at("tonic").get<int>(), tones_of(request.at("scale"))};
}

inline Sampling sampling_of(const json& request) {
  return {request.value("temperature", 1.0), request.value("top_k", 0),
          request.value("top_p", 1.0)};
}

/// {"moments": [{"last_pitch", "last_sixteenths", "after_silence", "place", "chord", "tonic",
/// "scale", "valence", "arousal"}]} to their features.
inline json melody_features(const json& request) {
  json rows = json::array();
  for (const json& asked : request.at("moments")) {
    MelodyMoment moment;
    moment.last_pitch = asked.at("last_pitch");
    moment.last_sixteenths = asked.at("last_sixteenths");
    moment.after_silence = asked.at("after_silence");
    moment.place = asked.at("place");
    moment.chord = tones_of(asked.at("chord"));
    moment.key = key_of(asked);
    moment.valence = asked.at("valence");
    moment.arousal = asked.at("arousal");
    std::vector<float> features(melody_inputs);
    encode_melody(moment, features.data());
    rows.push_back(features);
  }
  return rows;
}

/// {"notes": [{"pitch", "onset", "duration", "bar" (all in quarters), "metre", "chord", "tonic",
/// "scale"}], "valence", "arousal", "shortest_rest"} to the features before each note, as a player
/// that hears them gives them.
inline json melody_line(const json& request) {
  MelodyPlayer player;
  player.set_emotion(request.value("valence", 0.0F), request.value("arousal", 0.0F));
  player.set_shortest_rest(request.value("shortest_rest", 0.0));
  json rows = json::array();
  for (const json& note : request.at("notes")) {
    const double onset = note.at("onset");
    player.set_metre({note.at("metre").at(0), note.at("metre").at(1)});
    player.set_chord(tones_of(note.at("chord")));
    player.set_key(key_of(note));
    std::vector<float> features(melody_inputs);
    player.prepare(onset, note.at("bar"), features.data());
    rows.push_back(features);
    player.hear({note.at("pitch"), onset, note.at("duration")});
  }
  return rows;
}

/// {"probabilities": [[128]], "uniform": [], "allowed": [pitches], "temperature", "top_k", "top_p"}
/// to pitches.
inline json melody_draws(const json& request) {
  std::bitset<melody_outputs> allowed;
  for (const std::size_t pitch : request.at("allowed")) allowed.set(pitch);
  json drawn = json::array();
  for (std::size_t row = 0; row < request.at("uniform").size(); ++row) {
    const auto probabilities = request.at("probabilities").at(row).get<std::vector<float>>();
    drawn.push_back(draw<melody_outputs>(probabilities.data(), allowed,
                                         request.at("uniform").at(row), sampling_of(request)));
  }
  return drawn;
}

/// {"model": path, "notes": [{"onset", "duration"}] in quarters of 4/4, "tonic",
/// "scale", "valence", "arousal", "lowest", "highest"} to the likeliest pitches, one after the
/// other.
inline json melody_drawn_on(const json& request) {
  Network network = network_of(request, Model::melody_transformer);
  MelodyPlayer player(request.at("seed").get<std::uint64_t>());
  player.set_key(key_of(request));
  player.set_emotion(request.at("valence"), request.at("arousal"));
  player.set_range(request.at("lowest"), request.at("highest"));
  player.set_sampling(sampling_of(request));
  float features[melody_inputs], probabilities[melody_outputs];
  json pitches = json::array();
  for (const json& note : request.at("notes")) {
    const double onset = note.at("onset");
    player.prepare(onset, 4 * std::floor(onset / 4), features);
    network.step(features, probabilities);
    pitches.push_back(player.choose(probabilities, note.at("duration")).pitch);
  }
  return pitches;
}

inline void add_melody(Table& table) {
  table["melody_features"] = melody_features;
  table["melody_line"] = melody_line;
  table["melody_draws"] = melody_draws;
  table["melody_drawn_on"] = melody_drawn_on;
}

}  // namespace chromasonic::parity
