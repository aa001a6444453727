// Says of files whether a plugin would load them: a line "MODEL PATH" in, a line out.
//
//   printf 'dynamics_engine models/dynamics_engine.json\n' | chromasonic-load-check
//
// "ok", or "no " and what is wrong. Beside `chromasonic validate`, whose verdict must not be
// milder.
#include <chromasonic/error.hpp>
#include <chromasonic/model_spec.hpp>
#include <chromasonic/multi_model_processor.hpp>
#include <chromasonic/specs.hpp>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <string>

namespace {

/// The model of that name; LoadError where there is none.
chromasonic::Model model_of(const std::string& name) {
  for (std::size_t i = 0; i < chromasonic::model_count; ++i) {
    if (name == chromasonic::specs[i].name) return static_cast<chromasonic::Model>(i);
  }
  throw chromasonic::LoadError("there is no model '" + name + "'");
}

std::string on_one_line(std::string text) {
  for (char& letter : text) {
    if (letter == '\n' || letter == '\r') letter = ' ';
  }
  return text;
}

}  // namespace

int main() {
  chromasonic::MultiModelProcessor processor;
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::size_t space = line.find(' ');
    try {
      if (space == std::string::npos) throw chromasonic::LoadError("wanted: MODEL PATH");
      processor.load(model_of(line.substr(0, space)),
                     std::filesystem::path(line.substr(space + 1)));
      std::cout << "ok" << std::endl;
    } catch (const chromasonic::LoadError& error) {
      std::cout << "no " << on_one_line(error.what()) << std::endl;
    }
  }
  return 0;
}
