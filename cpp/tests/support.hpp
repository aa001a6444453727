// What the tests of loading share: the exported models, and ways to spoil a document.
#pragma once

#include <doctest/doctest.h>

#include <chromasonic/file/document_reading.hpp>
#include <chromasonic/specs.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

namespace chromasonic::tests {

/// The folder of the five exported models.
inline std::filesystem::path models_folder() {
  const char* folder = std::getenv("CHROMASONIC_MODELS");
  if (folder == nullptr || *folder == '\0') {
    FAIL("CHROMASONIC_MODELS is not set: give the folder of five exported models (NAME.json)");
  }
  return folder;
}

inline std::filesystem::path model_file(Model model) {
  return models_folder() / (std::string(spec_of(model).name) + ".json");
}

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE_MESSAGE(stream, path.string() << " is not there");
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A folder of its own, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("chromasonic-" +
             std::to_string(
                 std::hash<std::string>{}(std::to_string(reinterpret_cast<std::uintptr_t>(this)) +
                                          std::to_string(std::time(nullptr)))) +
             "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The message of the LoadError that something throws; "" where it throws none.
inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const LoadError& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// That a refusal says something, and which one it was where it does not.
#define CHECK_REFUSED(text, part)                    \
  do {                                               \
    const std::string said = text;                   \
    CAPTURE(said);                                   \
    CHECK(chromasonic::tests::contains(said, part)); \
  } while (false)

}  // namespace chromasonic::tests
