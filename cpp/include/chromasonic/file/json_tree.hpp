// JSON from anywhere as a small tree: rows of numbers are held as float32, everything is bounded,
// and whatever is wrong is an error that says where. No part of this runs on the audio thread.
#pragma once

#include <chromasonic/file/printable.hpp>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace chromasonic {

/// What a file may cost before it is refused.
struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20;       ///< of the file
  std::size_t depth = 8;                           ///< arrays and objects inside one another
  std::size_t numbers = std::size_t{8} << 20;      ///< in rows of numbers, all together
  std::size_t values = std::size_t{64} << 10;      ///< of every other kind, all together
  std::size_t keys = 256;                          ///< of one object
  std::size_t text_bytes = std::size_t{64} << 10;  ///< of one string, key or number as written
};

enum class JsonKind { null, boolean, integer, number, text, row, array, object };

/// One value. Only the members of its kind are filled.
struct JsonValue {
  JsonKind kind = JsonKind::null;
  bool boolean = false;
  double number = 0.0;  ///< of `number` and `integer`
  std::string text;
  std::vector<float> row;         ///< of an array of nothing but numbers, at least one
  std::vector<JsonValue> items;   ///< of `array`, and the values of `object`
  std::vector<std::string> keys;  ///< of `object`, none twice

  /// The value under a key; nullptr where there is none.
  const JsonValue* find(const std::string& key) const noexcept {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) return &items[i];
    }
    return nullptr;
  }
};

/// What a value is, in words.
inline std::string describe(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return value.boolean ? "true" : "false";
    case JsonKind::integer:
    case JsonKind::number: {
      char text[32];
      std::snprintf(text, sizeof text, "%.9g", value.number);
      return text;
    }
    case JsonKind::text:
      return "\"" + printable(value.text, 60) + "\"";
    case JsonKind::row:
      return "a row of " + std::to_string(value.row.size()) + " numbers";
    case JsonKind::array:
      return "an array of " + std::to_string(value.items.size());
    case JsonKind::object:
      return "an object";
  }
  return "nothing";
}

}  // namespace chromasonic
