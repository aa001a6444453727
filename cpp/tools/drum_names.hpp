// What drums are called. A test compares with Python's names.
#pragma once

#include <cstddef>
#include <string>

namespace chromasonic::midi {

/// "drum 63" for one without a name here.
inline std::string drum_name(std::size_t note) {
  // clang-format off
  switch (note) {
    case 22: return "closed hi-hat, edge";
    case 26: return "open hi-hat, edge";
    case 35: return "acoustic bass drum";
    case 36: return "bass drum";
    case 37: return "side stick";
    case 38: return "snare";
    case 39: return "hand clap";
    case 40: return "snare, rim or electric";
    case 41: return "low floor tom";
    case 42: return "closed hi-hat";
    case 43: return "floor tom";
    case 44: return "pedal hi-hat";
    case 45: return "low tom";
    case 46: return "open hi-hat";
    case 47: return "low-mid tom";
    case 48: return "high-mid tom";
    case 49: return "crash cymbal 1";
    case 50: return "high tom";
    case 51: return "ride cymbal 1";
    case 52: return "chinese cymbal";
    case 53: return "ride bell";
    case 54: return "tambourine";
    case 55: return "splash cymbal";
    case 56: return "cowbell";
    case 57: return "crash cymbal 2";
    case 58: return "floor tom, rim";
    case 59: return "ride cymbal 2";
    default: return "drum " + std::to_string(note);
  }
  // clang-format on
}

}  // namespace chromasonic::midi
