// A plugin's side of the five models, and a host of ten lines that plays it.
#include <chromasonic/dynamics.hpp>
#include <chromasonic/emotion.hpp>
#include <chromasonic/groove_player.hpp>
#include <chromasonic/harmony_player.hpp>
#include <chromasonic/log_mel.hpp>
#include <chromasonic/melody_player.hpp>
#include <chromasonic/multi_model_processor.hpp>
#include <cmath>
#include <cstdio>
#include <vector>

namespace cs = chromasonic;
using cs::Model;

/// Listens to sound, humanizes drums, and answers with chords and a melody in eighths.
class CompanionPlugin {
 public:
  using Drums = cs::groove::GroovePlayer::Events;

  /// Loader thread, as every constructor: `LogMel` allocates here.
  explicit CompanionPlugin(double sample_rate) : mel_(sample_rate) {
    const cs::Key key = cs::Key::of(2, cs::Mode::major);  // D major
    melody_.set_key(key);
    melody_.set_range(62, 81);
    harmony_.set_key(key);
    harmony_.set_restlessness(2.5);  // no melody is known ahead: left alone it would hold on
  }

  /// Loader thread, also while `process` runs: throws `LoadError`, and then nothing has changed.
  void load(const char* folder) { models_.load(folder); }

  /// Audio thread: allocates nothing, takes no lock, makes no system call, never throws.
  void process(const float* sound, const Drums& drums_in, const cs::groove::BlockTime& time,
               Drums& drums_out) noexcept {
    const auto samples = static_cast<std::size_t>(time.samples);
    mel_.push(sound, samples, [this](const float* frame) noexcept { hear(frame); });
    const auto groove = [this](const float* in, float* out) noexcept {
      return models_.process(Model::groove_predictor, in, out);
    };
    drums_.process(time, drums_in, groove, drums_out);
    // Blocks are counted in sixteenths: a chord is asked for at each 4th of them, a note at each
    // 2nd.
    for (double step = std::ceil(time.begin); step < time.end; step += 1) {
      if (std::fmod(step, 4) == 0) accompany(static_cast<int>(std::fmod(step, 16)) / 4);
      if (std::fmod(step, 2) == 0) sing(step / 4);
    }
  }

  /// Audio thread: the transport stopped or jumped to another piece.
  void stop(Drums& drums_out) noexcept {
    models_.reset();  // clears the state of the models that carry one
    drums_.stop(drums_out);
    follower_.reset();
    melody_.reset(0);
    harmony_.reset(0);
    mel_.reset();
  }

  int chords = 0, notes = 0, frames = 0, pitch = 0;

 private:
  void hear(const float* frame) noexcept {
    if (!models_.process(Model::emotion_recognizer, frame, out_.emotion_recognizer.data())) return;
    const cs::EmotionEvent event = follower_.hear(out_.emotion_recognizer.data());
    ++frames;
    if (event.is_settled) melody_.set_emotion(event.emotion.valence, event.emotion.arousal);
  }

  void accompany(int beat) noexcept {
    harmony_.prepare(beat, 4, cs::MelodyAhead{}, in_.harmony_predictor.data());
    if (!models_.process(Model::harmony_predictor, in_.harmony_predictor.data(),
                         out_.harmony_predictor.data()))
      return;
    const cs::ChordEvent chord = harmony_.choose(out_.harmony_predictor.data());
    chords += chord.is_new ? 1 : 0;  // a real plugin plays chord.notes here
    melody_.set_chord(chord.tones);
  }

  void sing(double quarters) noexcept {
    const double bar = 4 * std::floor(quarters / 4);
    melody_.prepare(quarters, bar, in_.melody_transformer.data());
    if (!models_.process(Model::melody_transformer, in_.melody_transformer.data(),
                         out_.melody_transformer.data()))
      return;
    pitch = melody_.choose(out_.melody_transformer.data(), 0.5).pitch;
    ++notes;
  }

  cs::MultiModelProcessor models_;
  cs::Inputs in_;
  cs::Outputs out_;
  cs::LogMel mel_;
  cs::EmotionFollower follower_;
  cs::groove::GroovePlayer drums_;
  cs::MelodyPlayer melody_;
  cs::HarmonyPlayer harmony_;
};

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER_OF_EXPORTED_MODELS\n", arguments[0]);
    return 2;
  }
  constexpr double rate = 48'000, steps_a_second = 8;  // 120 quarters a minute
  constexpr int samples = 480;
  CompanionPlugin plugin(rate);
  try {
    plugin.load(arguments[1]);
  } catch (const cs::LoadError& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 1;
  }
  std::vector<float> sound(samples);
  CompanionPlugin::Drums in, out;
  std::size_t hits = 0;
  for (int block = 0; block < 800; ++block) {  // eight seconds: four bars
    const double begin = block * samples / rate * steps_a_second;
    const double end = (block + 1) * samples / rate * steps_a_second;
    for (int n = 0; n < samples; ++n) {
      sound[static_cast<std::size_t>(n)] =
          0.3F * static_cast<float>(std::sin(0.0576 * (block * samples + n)));  // 440 Hz
    }
    in.clear();
    const double step = std::ceil(begin);
    if (step < end) {
      const auto at = static_cast<std::int32_t>((step - begin) / (end - begin) * samples);
      in.push({at, static_cast<std::uint8_t>(std::fmod(step, 8) == 4 ? 38 : 42), 90});
    }
    plugin.process(sound.data(), in, {begin, end, samples, 0, 16}, out);
    for (const cs::BlockEvent& event : out) hits += event.velocity > 0 ? 1 : 0;
  }
  std::printf("%d frames heard, %d chords, %d notes (the last is %d), %zu hits\n", plugin.frames,
              plugin.chords, plugin.notes, plugin.pitch, hits);
  return 0;
}
