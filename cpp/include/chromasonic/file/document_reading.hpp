// Reads an exported model: strict, bounded, and every fault by name. Never on the audio thread.
#pragma once

#include <chromasonic/error.hpp>
#include <chromasonic/file/document.hpp>
#include <chromasonic/file/document_layers.hpp>
#include <chromasonic/file/json_reader.hpp>
#include <chromasonic/file/printable.hpp>
#include <chromasonic/file/sha256.hpp>
#include <chromasonic/specs.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace chromasonic {

/// The fewest golden steps that say anything of a file.
inline constexpr std::size_t least_golden_steps = 64;

/// "sha256:" and the SHA-256 of all weights as little-endian float32, in the file's order.
inline std::string weight_hash(const std::vector<DocumentLayer>& layers) {
  Sha256 digest;
  for (const DocumentLayer& layer : layers) {
    for (const std::vector<float>& array : layer.weights) {
      for (const float value : array) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        const unsigned char bytes[4] = {
            static_cast<unsigned char>(bits), static_cast<unsigned char>(bits >> 8),
            static_cast<unsigned char>(bits >> 16), static_cast<unsigned char>(bits >> 24)};
        digest.update(bytes, sizeof bytes);
      }
    }
  }
  return "sha256:" + digest.hex();
}

inline std::vector<PageBlock> read_page(const Field& field) {
  std::vector<PageBlock> page;
  const std::size_t count = field.count("an array of blocks");
  for (std::size_t i = 0; i < count; ++i) {
    page.push_back(
        {field.item(i).at("name").text(), field.item(i).at("size").size(1, largest_layer)});
  }
  return page;
}

inline Golden read_golden(const Field& field, std::size_t inputs, std::size_t outputs) {
  Golden golden;
  const Field rows = field.at("inputs");
  golden.steps = rows.count("an array of steps");
  if (golden.steps < least_golden_steps) {
    rows.refuse_as(std::to_string(golden.steps) + " steps",
                   "at least " + std::to_string(least_golden_steps));
  }
  golden.inputs = rows.matrix(golden.steps, inputs, "one row a step");
  golden.outputs = field.at("outputs").matrix(golden.steps, outputs, "one row a step");
  const Field resets = field.at("reset_before");
  for (const float number : resets.value().row) {
    const bool is_index =
        number >= 0.0f && number < static_cast<float>(golden.steps) && number == std::floor(number);
    const std::size_t step = is_index ? static_cast<std::size_t>(number) : 0;
    const bool is_next =
        golden.reset_before.empty() ? step == 0 : step > golden.reset_before.back();
    if (!is_index || !is_next) resets.refuse_as("not in order", "ascending steps, the first is 0");
    golden.reset_before.push_back(step);
  }
  if (golden.reset_before.size() < 2) {
    resets.refuse_it("0 and at least one later step before which the state is cleared");
  }
  return golden;
}

inline void read_metadata(const Field& field, Document& document) {
  const Field format = field.at("format");
  if (format.size(0, 1000000) != document_format) {
    format.refuse_it(std::to_string(document_format) + "; export it again with this version");
  }
  document.name = field.at("name").text();
  document.title = field.at("title").text();
  document.version = field.at("version").text();
  document.is_synthetic = field.at("is_synthetic").boolean();
  const Field state = field.at("state_policy");
  if (state.text() != "stateless" && state.text() != "carry") state.refuse_it("stateless or carry");
  document.state = state.text() == "carry" ? StatePolicy::carry : StatePolicy::stateless;
  document.input_page = read_page(field.at("feature_page").at("inputs"));
  document.output_page = read_page(field.at("feature_page").at("outputs"));
  const Field parameters = field.at("parameters");
  if (parameters.size(1, std::size_t{1} << 30) != document.parameters()) {
    parameters.refuse_it(std::to_string(document.parameters()) + ", as many as the layers hold");
  }
  const Field tolerance = field.at("tolerance");
  document.tolerance = tolerance.number();
  if (!(document.tolerance > 0.0 && document.tolerance <= largest_tolerance)) {
    tolerance.refuse_it("above 0, at most 1e-5");
  }
  document.weight_hash = field.at("weight_hash").text();
  if (document.weight_hash != weight_hash(document.layers)) {
    field.at("weight_hash")
        .refuse_it(weight_hash(document.layers) +
                   ", the sum of the weights in the file: they were changed after the export");
  }
  document.golden = read_golden(field.at("golden"), document.inputs, document.outputs());
}

/// A document from its text.
///
/// @param file What errors call it.
/// @throws LoadError It is no JSON, beyond a limit, incomplete, or contradicts itself.
inline Document parse_document(const std::string& text, const std::string& file,
                               const JsonLimits& limits = {}) {
  return or_load_error(file, [&] {
    const JsonValue tree = parse_json(text, file, limits);
    Document document;
    document.file = file;
    const Field root(tree, document.file, "");
    if (tree.kind != JsonKind::object) {
      refuse(file, "the top level", describe(tree), "an object of in_shape, layers, metadata");
    }
    document.inputs = read_shape(root.at("in_shape"));
    document.layers = read_layers(root.at("layers"), document.inputs);
    read_metadata(root.at("metadata"), document);
    return document;
  });
}

/// A path for messages: UTF-8 on every system, so that no name is an error of its own.
inline std::string text_of_path(const std::filesystem::path& path) {
  const auto text = path.u8string();  // of char or, since C++20, char8_t
  return printable(std::string(text.begin(), text.end()));
}

/// @throws LoadError A path is not that of a folder.
inline void check_folder(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return;
  const std::string next = " Give the folder that 'chromasonic export RUN' wrote.";
  if (status.type() == std::filesystem::file_type::not_found) {
    throw LoadError(text_of_path(path) + ": no such folder." + next);
  }
  if (std::filesystem::exists(status)) {
    throw LoadError(text_of_path(path) + ": is no folder." + next);
  }
  throw LoadError(text_of_path(path) + ": cannot be reached: " + error.message() + ".");
}

/// A file, and nothing that never ends or waits for somebody: a pipe, a device.
///
/// @throws LoadError It is something else, by name, or is not there.
inline void check_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_regular_file(status)) return;
  if (status.type() == std::filesystem::file_type::not_found) {
    if (path.has_parent_path()) check_folder(path.parent_path());
    throw LoadError(text_of_path(path) + ": no such file. Export it: chromasonic export RUN.");
  }
  if (std::filesystem::is_directory(status)) {
    throw LoadError(text_of_path(path) + ": is a folder. Give a file in it.");
  }
  if (std::filesystem::exists(status)) {
    throw LoadError(text_of_path(path) + ": is a pipe or a device. Give a file.");
  }
  throw LoadError(text_of_path(path) + ": cannot be reached: " + error.message() + ".");
}

/// The whole text of a file.
inline std::string read_text(const std::filesystem::path& path, const JsonLimits& limits) {
  check_file(path);
  std::error_code error;
  std::ifstream stream(path, std::ios::binary);
  const auto size = std::filesystem::file_size(path, error);
  if (error || !stream)
    throw LoadError(text_of_path(path) + ": cannot be opened. Check that you may read it.");
  if (size > limits.bytes) {
    refuse(text_of_path(path), "its size", std::to_string(size) + " bytes",
           "at most " + std::to_string(limits.bytes));
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.gcount() != static_cast<std::streamsize>(text.size())) {
    throw LoadError(text_of_path(path) + ": ended while it was read. Load it again.");
  }
  return text;
}

/// A document from its file.
///
/// @throws LoadError As `parse_document`, or the file is not there, too large, or no file.
inline Document read_document(const std::filesystem::path& path, const JsonLimits& limits = {}) {
  return or_load_error("The file", [&] {
    return parse_document(read_text(path, limits), text_of_path(path.filename()), limits);
  });
}

}  // namespace chromasonic
