// What chromasonic-humanize is told on its command line.
#pragma once

#include <array>
#include <charconv>
#include <chromasonic/engine/kernels.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <locale>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "other_parts.hpp"

namespace chromasonic::host {

/// The command line asks for what cannot be; exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::filesystem::path input, output, models;
  groove::Settings groove;
  double dynamics_amount = 1.0;
  midi::Level level = midi::Level::written;
  std::uint32_t seed = 0;
  int drum_channel = 9;  ///< counted from 0
  bool has_groove = true, has_dynamics = true;
  Precision precision = Precision::float32;
  bool wants_help = false;
};

inline constexpr std::string_view help =
    R"(Usage: chromasonic-humanize IN.mid OUT.mid --models FOLDER [options]

Plays a MIDI file as people would: its drums struck and timed by the GroovePredictor, every other
part struck by the DynamicsEngine, bar by bar. Everything else in the file stays as it was.

  --models FOLDER            with groove_predictor.json and dynamics_engine.json, as
                             'chromasonic export' writes them
  --groove-amount X          0 leaves the drums as they were, 1 is as learned (default), up to 4
  --groove-velocity X        the same of their velocity alone (default: --groove-amount)
  --groove-timing X          the same of their time alone (default: --groove-amount)
  --dynamics-amount X        the same of the other parts' velocity (default 1)
  --dynamics-level LEVEL     written (default): each part stays as loud on the whole as it was;
                             model: as loud as the model says
  --looseness X              chance on the drums: 0 none (default), 1 as much as drummers differ
                             from themselves, up to 4
  --seed N                   of looseness, 0 to 4294967295: the same seed, the same hits (default 0)
  --quantize                 first put each hit on its nearest sixteenth or triplet
  --channel N                the drums' channel, 1 to 16 (default 10)
  --no-groove, --no-dynamics leave the drums, or all other parts, as they are
  --precision P              float32 (default), float16 or int8: how weights are kept
  --help                     this text

Examples:
  chromasonic-humanize song.mid played.mid --models exported
  chromasonic-humanize drums.mid loose.mid --models exported --looseness 1 --seed 7
  chromasonic-humanize piano.mid softer.mid --models exported --dynamics-amount 0.5 --no-groove

Exit status: 0 done, 1 a file cannot be read, loaded or written, 2 misused.
)";

/// A number within bounds, whatever the machine's locale.
inline double number_of(std::string_view option, const std::string& text, double most) {
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  double value = 0;
  if (!(stream >> value) || !stream.eof() || !(value >= 0 && value <= most)) {
    std::ostringstream limit;
    limit << most;
    throw UsageError(std::string(option) + " is '" + text + "'; allowed: 0 to " + limit.str() +
                     ".");
  }
  return value;
}

inline std::uint32_t whole_number_of(std::string_view option, const std::string& text,
                                     std::uint32_t least, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    throw UsageError(std::string(option) + " is '" + text + "'; allowed: whole numbers from " +
                     std::to_string(least) + " to " + std::to_string(most) + ".");
  }
  return value;
}

/// Which of some words it is.
template <std::size_t Count>
std::size_t choice_of(std::string_view option, const std::string& text,
                      const std::array<std::string_view, Count>& words) {
  std::string all;
  for (std::size_t i = 0; i < Count; ++i) {
    if (words[i] == text) return i;
    all += (i == 0 ? "" : ", ") + std::string(words[i]);
  }
  throw UsageError(std::string(option) + " is '" + text + "'; allowed: " + all + ".");
}

/// Takes arguments one after the other.
class ArgumentReader {
 public:
  /// @param words without the program's name
  explicit ArgumentReader(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (word.size() < 2 || word[0] != '-') {
        files_.push_back(word);
        continue;
      }
      const std::size_t sign = word.find('=');
      const std::string option = word.substr(0, sign);
      if (take_flag(option)) {
        if (sign != std::string::npos) throw UsageError(option + " takes no value.");
        continue;
      }
      if (!is_known(option)) {
        throw UsageError("There is no option '" + option + "'. See --help.");
      }
      if (sign == std::string::npos && i + 1 == words.size()) {
        throw UsageError(option + " wants a value. See --help.");
      }
      take(option, sign == std::string::npos ? words[++i] : word.substr(sign + 1));
    }
    if (amount_) {
      arguments_.groove.velocity = velocity_.value_or(*amount_);
      arguments_.groove.timing = timing_.value_or(*amount_);
    } else {
      arguments_.groove.velocity = velocity_.value_or(1.0);
      arguments_.groove.timing = timing_.value_or(1.0);
    }
  }

  Arguments result() {
    if (arguments_.wants_help) return arguments_;
    if (files_.size() != 2) {
      throw UsageError("Two files are wanted, the one to read and the one to write; " +
                       std::to_string(files_.size()) + " are named. See --help.");
    }
    arguments_.input = files_[0];
    arguments_.output = files_[1];
    if (arguments_.models.empty()) {
      throw UsageError(
          "No models were named. Give --models FOLDER, a folder that 'chromasonic export RUN' "
          "wrote.");
    }
    if (!arguments_.has_groove && !arguments_.has_dynamics) {
      throw UsageError("--no-groove and --no-dynamics together leave nothing to do. Drop one.");
    }
    return arguments_;
  }

 private:
  static bool is_known(const std::string& option) {
    for (const std::string_view each : {"--models", "--groove-amount", "--groove-velocity",
                                        "--groove-timing", "--dynamics-amount", "--dynamics-level",
                                        "--looseness", "--seed", "--channel", "--precision"}) {
      if (each == option) return true;
    }
    return false;
  }

  bool take_flag(const std::string& option) {
    if (option == "--help" || option == "-h") {
      arguments_.wants_help = true;
    } else if (option == "--quantize") {
      arguments_.groove.quantize = true;
    } else if (option == "--no-groove") {
      arguments_.has_groove = false;
    } else if (option == "--no-dynamics") {
      arguments_.has_dynamics = false;
    } else {
      return false;
    }
    return true;
  }

  void take(const std::string& option, const std::string& text) {
    constexpr double most = 4.0;
    if (option == "--models") {
      arguments_.models = text;
    } else if (option == "--groove-amount") {
      amount_ = number_of(option, text, most);
    } else if (option == "--groove-velocity") {
      velocity_ = number_of(option, text, most);
    } else if (option == "--groove-timing") {
      timing_ = number_of(option, text, most);
    } else if (option == "--dynamics-amount") {
      arguments_.dynamics_amount = number_of(option, text, most);
    } else if (option == "--dynamics-level") {
      const std::array<std::string_view, 2> words{"written", "model"};
      arguments_.level = static_cast<midi::Level>(choice_of(option, text, words));
    } else if (option == "--looseness") {
      arguments_.groove.looseness = number_of(option, text, most);
    } else if (option == "--seed") {
      arguments_.seed = whole_number_of(option, text, 0, UINT32_MAX);
    } else if (option == "--channel") {
      arguments_.drum_channel = static_cast<int>(whole_number_of(option, text, 1, 16)) - 1;
    } else {
      const std::array<std::string_view, 3> words{"float32", "float16", "int8"};
      const std::array<Precision, 3> kinds{Precision::float32, Precision::float16, Precision::int8};
      arguments_.precision = kinds[choice_of(option, text, words)];
    }
  }

  Arguments arguments_;
  std::vector<std::string> files_;
  std::optional<double> amount_, velocity_, timing_;
};

}  // namespace chromasonic::host
