// Reads JSON text into a bounded tree, over the event interface of nlohmann's parser.
#pragma once

#include <chromasonic/engine/finite.hpp>
#include <chromasonic/error.hpp>
#include <chromasonic/file/json_tree.hpp>
#include <chromasonic/file/printable.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace chromasonic {

/// The float32 next to a decimal number. `value` is the double next to it, `text` how it is
/// written: rounding twice could miss only where that double lies halfway between two float32.
inline float nearest_float(double value, const std::string& text) noexcept {
  constexpr double largest = static_cast<double>(std::numeric_limits<float>::max());
  constexpr double too_large = 0x1.ffffffp127;  // halfway to what would be the next float32
  if (!(std::fabs(value) < too_large)) return std::numeric_limits<float>::infinity();
  if (std::fabs(value) > largest) return static_cast<float>(std::copysign(largest, value));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  const bool is_halfway = (bits & 0x1fffffffu) == 0x10000000u;
  return is_halfway ? std::strtof(text.c_str(), nullptr) : static_cast<float>(value);
}

/// Takes the parser's events and builds the tree; throws LoadError at the first fault.
class JsonBuilder {
 public:
  JsonBuilder(std::string file, const JsonLimits& limits)
      : file_(std::move(file)), limits_(limits) {}

  JsonValue take() { return std::move(root_); }

  bool null() { return scalar(JsonValue{}); }

  bool boolean(bool value) {
    JsonValue result;
    result.kind = JsonKind::boolean;
    result.boolean = value;
    return scalar(std::move(result));
  }

  bool number_integer(std::int64_t value) {
    return number(static_cast<double>(value), true, static_cast<float>(value));
  }

  bool number_unsigned(std::uint64_t value) {
    return number(static_cast<double>(value), true, static_cast<float>(value));
  }

  bool number_float(double value, const std::string& text) {
    return number(value, false, nearest_float(value, text));
  }

  bool string(std::string& value) {
    JsonValue result;
    result.kind = JsonKind::text;
    result.text = std::move(value);
    return scalar(std::move(result));
  }

  bool binary(std::vector<std::uint8_t>& /*value*/) { return false; }  // never in JSON text

  bool start_object(std::size_t /*size*/) { return open(JsonKind::object); }
  bool start_array(std::size_t /*size*/) { return open(JsonKind::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& value) {
    JsonValue& object = *open_.back();
    if (object.keys.size() >= limits_.keys) fail("an object of more keys", limit(limits_.keys));
    if (object.find(value) != nullptr) {
      fail("an object with two keys \"" + value + "\"", "each key once");
    }
    object.keys.push_back(std::move(value));
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) {
    std::string reason = error.what();  // "[json.exception.parse_error.101] parse error at ...: "
    const std::size_t begin = reason.find("] ");
    if (begin != std::string::npos) reason.erase(0, begin + 2);
    throw LoadError(printable(file_) + ": not JSON at byte " + std::to_string(position) + ", in " +
                    printable(where(), longest_quote) + ": " + printable(reason, longest_quote) +
                    ". It was cut short or changed: export it again.");
  }

 private:
  /// Where the parser is: "layers[2].weights[0][17]".
  std::string where() const {
    std::string path;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const JsonValue& value = *open_[i];
      // What is open inside another stands in it already; at the innermost comes what is next.
      const std::size_t place = value.row.size() + value.items.size() - (i + 1 < open_.size());
      if (value.kind != JsonKind::object) {
        path += "[" + std::to_string(place) + "]";
      } else if (place < value.keys.size()) {
        path += (path.empty() ? "" : ".") + value.keys[place];
      }
    }
    return path.empty() ? "the top level" : path;
  }

  [[noreturn]] void fail(const std::string& met, const std::string& wanted) const {
    refuse(file_, where(), met, wanted);
  }

  static std::string limit(std::size_t most) { return "at most " + std::to_string(most); }

  bool number(double value, bool is_integer, float narrow) {
    if (!are_finite(&narrow, 1)) fail("a number beyond float32", "a finite float32");
    if (!open_.empty()) {
      JsonValue& array = *open_.back();
      if (array.kind == JsonKind::array && array.items.empty()) array.kind = JsonKind::row;
      if (array.kind == JsonKind::row) {
        if (numbers_ == limits_.numbers) fail("one number too many", limit(limits_.numbers));
        ++numbers_;
        array.row.push_back(narrow);
        return true;
      }
    }
    JsonValue result;
    result.kind = is_integer ? JsonKind::integer : JsonKind::number;
    result.number = value;
    return scalar(std::move(result));
  }

  bool scalar(JsonValue&& value) {
    add(std::move(value));
    return true;
  }

  /// Puts a value where the parser is; the address stays as long as its own parent is open and
  /// nothing is added to that, which is just as long as the value itself is open.
  JsonValue* add(JsonValue&& value) {
    if (values_ == limits_.values) fail("one value too many", limit(limits_.values));
    ++values_;
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    JsonValue& parent = *open_.back();
    if (parent.kind == JsonKind::row) spread(parent);
    parent.items.push_back(std::move(value));
    return &parent.items.back();
  }

  /// A row in which something else than a number stands becomes an array.
  void spread(JsonValue& array) {
    if (array.row.size() > limits_.keys) fail("no number, in a row of numbers", "a number");
    values_ += array.row.size();
    for (const float number : array.row) {
      JsonValue item;
      item.kind = JsonKind::number;
      item.number = static_cast<double>(number);
      array.items.push_back(std::move(item));
    }
    array.row.clear();
    array.kind = JsonKind::array;
  }

  bool open(JsonKind kind) {
    if (open_.size() == limits_.depth) {
      fail("nested deeper", limit(limits_.depth) + " arrays and objects inside one another");
    }
    JsonValue value;
    value.kind = kind;
    open_.push_back(add(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string file_;
  JsonLimits limits_;
  JsonValue root_;
  std::vector<JsonValue*> open_;
  std::size_t numbers_ = 0, values_ = 0;
};

/// Refuses text with a word (a string, a number) beyond the limit, before the parser copies it.
inline void check_words(const std::string& text, const std::string& file,
                        const JsonLimits& limits) {
  bool is_string = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (i - begin > limits.text_bytes) {
      refuse(file, "the word at byte " + std::to_string(begin), "longer",
             "at most " + std::to_string(limits.text_bytes) + " bytes");
    }
    if (is_string) {
      if (letter == '\\') ++i;
      if (letter == '"') is_string = false;
    } else if (letter == '"') {
      is_string = true;
      begin = i;
    } else if (letter == ',' || letter == ' ' || letter == ':' || letter == '[' || letter == ']' ||
               letter == '{' || letter == '}' || letter == '\n' || letter == '\r' ||
               letter == '\t') {
      begin = i + 1;
    }
  }
}

/// The tree of a JSON text.
///
/// @param file What errors call it.
/// @throws LoadError The text is no JSON, or beyond a limit.
inline JsonValue parse_json(const std::string& text, const std::string& file,
                            const JsonLimits& limits = {}) {
  check_words(text, file, limits);
  JsonBuilder builder(file, limits);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace chromasonic
