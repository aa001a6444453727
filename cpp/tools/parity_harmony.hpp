// Requests about harmony: features of beats, names and notes of chords, accompaniments.
#pragma once

#include <chromasonic/harmony_player.hpp>
#include <chromasonic/music/chord_fitting.hpp>
#include <memory>
#include <string>
#include <vector>

#include "parity_model.hpp"
#include "parity_table.hpp"

namespace chromasonic::parity {

inline Key harmony_key_of(const json& beat) {
  unsigned scale = 0;
  for (const int tone : beat.at("scale")) scale |= 1U << tone;
  return {beat.at("tonic").get<int>(), static_cast<PitchClasses>(scale)};
}

inline MelodyAhead melody_of(const json& beat) {
  MelodyAhead melody{};
  for (std::size_t i = 0; i < melody.size(); ++i) melody[i] = beat.at("melody").at(i);
  return melody;
}

/// {"beats": [{"tonic", "scale", "beat", "bar_beats", "melody" [48], "chord", "is_new"}]} to the
/// features before each beat's chord is heard.
inline json harmony_features(const json& request) {
  const auto memory = std::make_unique<HarmonyMemory>();
  json rows = json::array();
  for (const json& beat : request.at("beats")) {
    HarmonyMoment moment;
    moment.key = harmony_key_of(beat);
    moment.beat = beat.at("beat");
    moment.bar_beats = beat.at("bar_beats");
    moment.melody = melody_of(beat);
    std::vector<float> features(harmony_inputs);
    encode_harmony(*memory, moment, features.data());
    rows.push_back(features);
    if (beat.contains("is_new"))
      memory->hear(beat.at("chord").get<int>(), beat.at("is_new").get<bool>());
    else
      memory->hear(beat.at("chord").get<int>());
  }
  return rows;
}

/// {"notes": [[pitch, onset, end]] in beats, "beats": how many} to the melody (48) at each beat.
inline json harmony_melody(const json& request) {
  BeatMelody melody;
  for (const json& note : request.at("notes")) melody.add(note.at(0), note.at(1), note.at(2));
  json rows = json::array();
  for (std::int64_t beat = 0; beat < request.at("beats").get<std::int64_t>(); ++beat)
    rows.push_back(melody.ahead(beat));
  return rows;
}

/// {"fifths", "is_minor"} to name, tones and notes of each class.
inline json chord_table(const json& request) {
  json rows = json::array();
  for (int chord = 0; chord < chord_classes; ++chord) {
    const ChordNotes notes = voiced(chord);
    const std::vector<int> pitches(
        notes.pitches.begin(), notes.pitches.begin() + static_cast<std::ptrdiff_t>(notes.count));
    const ChordName name = chord_name(chord, request.at("fifths"), request.at("is_minor"));
    rows.push_back({{"name", name.text}, {"tones", chord_tones(chord)}, {"notes", pitches}});
  }
  return rows;
}

/// {"model": path, "beats": as of "harmony_features"} to the class that sounds at each beat when
/// the model accompanies.
inline json harmony_accompaniment(const json& request) {
  Network network = network_of(request, Model::harmony_predictor);
  const auto player = std::make_unique<HarmonyPlayer>();
  float features[harmony_inputs], probabilities[harmony_outputs];
  json chords = json::array();
  for (const json& beat : request.at("beats")) {
    player->set_key(harmony_key_of(beat));
    player->prepare(beat.at("beat"), beat.at("bar_beats"), melody_of(beat), features);
    network.step(features, probabilities);
    chords.push_back(player->choose(probabilities).chord);
  }
  return chords;
}

/// {"weights": [[12]], "basses": []} to classes.
inline json fitted_chords(const json& request) {
  json chords = json::array();
  for (std::size_t row = 0; row < request.at("basses").size(); ++row) {
    const auto weights = request.at("weights").at(row).get<std::vector<float>>();
    chords.push_back(fitted_chord(weights.data(), request.at("basses").at(row)));
  }
  return chords;
}

inline void add_harmony(Table& table) {
  table["harmony_features"] = harmony_features;
  table["harmony_melody"] = harmony_melody;
  table["chord_table"] = chord_table;
  table["fitted_chords"] = fitted_chords;
  table["harmony_accompaniment"] = harmony_accompaniment;
}

}  // namespace chromasonic::parity
