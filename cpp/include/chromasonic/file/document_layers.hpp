// From the tree of a file to its layers: every type, shape and row is checked, by name.
#pragma once

#include <chromasonic/error.hpp>
#include <chromasonic/file/document.hpp>
#include <chromasonic/file/json_tree.hpp>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace chromasonic {

/// A value and where it stands, so that whatever is wrong with it can be said by name.
class Field {
 public:
  Field(const JsonValue& value, const std::string& file, std::string where)
      : value_(&value), file_(&file), where_(std::move(where)) {}

  const JsonValue& value() const noexcept { return *value_; }
  const std::string& where() const noexcept { return where_; }

  [[noreturn]] void refuse_it(const std::string& wanted) const {
    refuse(*file_, where_, describe(*value_), wanted);
  }

  [[noreturn]] void refuse_as(const std::string& met, const std::string& wanted) const {
    refuse(*file_, where_, met, wanted);
  }

  /// A member of an object; LoadError where it is none, or has no such key.
  Field at(const std::string& key) const {
    if (value_->kind != JsonKind::object) refuse_it("an object");
    const JsonValue* member = value_->find(key);
    if (member == nullptr) refuse(*file_, path(key), "missing", "it to be there");
    return Field(*member, *file_, path(key));
  }

  bool has(const std::string& key) const noexcept { return value_->find(key) != nullptr; }

  Field item(std::size_t index) const {
    return Field(value_->items[index], *file_, where_ + "[" + std::to_string(index) + "]");
  }

  /// How many items an array has; LoadError where it is none.
  std::size_t count(const std::string& wanted) const {
    if (value_->kind != JsonKind::array) refuse_it(wanted);
    return value_->items.size();
  }

  const std::string& text() const {
    if (value_->kind != JsonKind::text) refuse_it("text");
    return value_->text;
  }

  bool boolean() const {
    if (value_->kind != JsonKind::boolean) refuse_it("true or false");
    return value_->boolean;
  }

  double number() const {
    if (value_->kind != JsonKind::number && value_->kind != JsonKind::integer)
      refuse_it("a number");
    return value_->number;
  }

  /// A whole number from `least` to `most`.
  std::size_t size(std::size_t least, std::size_t most) const {
    const bool is_whole = value_->kind == JsonKind::integer;
    if (!is_whole || !(value_->number >= static_cast<double>(least)) ||
        !(value_->number <= static_cast<double>(most))) {
      refuse_it("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return static_cast<std::size_t>(value_->number);
  }

  /// [rows][columns] numbers, flattened. `what` is what they are, such as "W[in][out]".
  std::vector<float> matrix(std::size_t rows, std::size_t columns, const std::string& what) const {
    const std::string wanted =
        std::to_string(rows) + " rows of " + std::to_string(columns) + " numbers, " + what;
    if (count(wanted) != rows) refuse_it(wanted);
    std::vector<float> result;
    result.reserve(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
      const Field row = item(i);
      if (row.value().row.size() != columns) row.refuse_it(wanted);
      result.insert(result.end(), row.value().row.begin(), row.value().row.end());
    }
    return result;
  }

  /// A row of numbers.
  std::vector<float> vector(std::size_t size, const std::string& what) const {
    if (value_->row.size() != size) refuse_it(std::to_string(size) + " numbers, " + what);
    return value_->row;
  }

 private:
  std::string path(const std::string& key) const {
    return where_.empty() ? key : where_ + "." + key;
  }

  const JsonValue* value_;
  const std::string* file_;
  std::string where_;
};

inline constexpr std::size_t largest_layer = 65536;

/// The last number of a shape [null, null, SIZE].
inline std::size_t read_shape(const Field& shape) {
  const std::string wanted = "[null, null, SIZE]";
  if (shape.count(wanted) != 3) shape.refuse_it(wanted);
  for (std::size_t i = 0; i < 2; ++i) {
    if (shape.item(i).value().kind != JsonKind::null) shape.item(i).refuse_it("null");
  }
  return shape.item(2).size(1, largest_layer);
}

inline LayerKind read_layer_kind(const Field& type) {
  if (type.text() == "dense" || type.text() == "time-distributed-dense") return LayerKind::dense;
  if (type.text() == "lstm") return LayerKind::lstm;
  type.refuse_it("dense or lstm");
}

inline Activation read_activation(const Field& field, LayerKind kind) {
  const std::string& text = field.text();
  if (text.empty()) return Activation::none;
  if (kind == LayerKind::lstm) field.refuse_it("\"\" for an lstm layer");
  if (text == "relu") return Activation::relu;
  if (text == "tanh") return Activation::tanh;
  if (text == "sigmoid") return Activation::sigmoid;
  if (text == "softmax") return Activation::softmax;
  field.refuse_it("relu, tanh, sigmoid, softmax or \"\", in lower case");
}

/// @param inputs Numbers that come out of the layer before.
inline DocumentLayer read_layer(const Field& field, std::size_t inputs) {
  DocumentLayer layer;
  layer.inputs = inputs;
  layer.kind = read_layer_kind(field.at("type"));
  layer.size = read_shape(field.at("shape"));
  layer.activation = read_activation(field.at("activation"), layer.kind);
  for (const std::string& key : field.value().keys) {
    if (key != "type" && key != "shape" && key != "activation" && key != "weights") {
      field.at(key).refuse_as("a key that such a layer has not",
                              "type, shape, activation, weights");
    }
  }
  const Field weights = field.at("weights");
  const bool is_lstm = layer.kind == LayerKind::lstm;
  const std::string wanted =
      is_lstm ? "three arrays, W[in][4H], U[H][4H], b[4H]" : "two arrays, W[in][out], b[out]";
  if (weights.count(wanted) != (is_lstm ? 3u : 2u)) weights.refuse_it(wanted);
  const std::size_t columns = is_lstm ? 4 * layer.size : layer.size;
  layer.weights.push_back(
      weights.item(0).matrix(inputs, columns, is_lstm ? "W[in][4H]" : "W[in][out]"));
  if (is_lstm) layer.weights.push_back(weights.item(1).matrix(layer.size, columns, "U[H][4H]"));
  layer.weights.push_back(
      weights.item(is_lstm ? 2 : 1).vector(columns, is_lstm ? "b[4H]" : "b[out]"));
  return layer;
}

/// All layers, each fitting the one before.
inline std::vector<DocumentLayer> read_layers(const Field& field, std::size_t inputs) {
  const std::size_t count = field.count("an array of layers");
  if (count == 0) field.refuse_it("at least one layer");
  std::vector<DocumentLayer> layers;
  for (std::size_t i = 0; i < count; ++i) {
    layers.push_back(read_layer(field.item(i), i == 0 ? inputs : layers.back().size));
  }
  return layers;
}

}  // namespace chromasonic
