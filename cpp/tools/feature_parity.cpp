// Computes features and events for Python to compare with its own.
//
// Reads one JSON object a line, {"ask": NAME, ...}, and writes one JSON value a line, at once, so
// that another program can hold a conversation: {"answer": ...} or {"error": "..."}.
#include <exception>
#include <iostream>
#include <string>

#include "parity_dynamics.hpp"
#include "parity_emotion.hpp"
#include "parity_groove.hpp"
#include "parity_harmony.hpp"
#include "parity_kernels.hpp"
#include "parity_melody.hpp"
#include "parity_table.hpp"

namespace {

using chromasonic::parity::json;
using chromasonic::parity::Table;

/// Each `add_NAME(table)` adds the requests of one model.
Table all_requests() {
  Table table;
  chromasonic::parity::add_kernels(table);
  chromasonic::parity::add_dynamics(table);
  chromasonic::parity::add_emotion(table);
  chromasonic::parity::add_groove(table);
  chromasonic::parity::add_harmony(table);
  chromasonic::parity::add_melody(table);
  return table;
}

json answer_to(const Table& table, const std::string& line) {
  const json request = json::parse(line);
  const auto name = request.at("ask").get<std::string>();
  const auto found = table.find(name);
  if (found == table.end()) {
    std::string known;
    for (const auto& [each, answer] : table) known += (known.empty() ? "" : ", ") + each;
    return {{"error", "'" + name + "' cannot be asked; known: " + known + "."}};
  }
  return {{"answer", found->second(request)}};
}

}  // namespace

int main() {
  const Table table = all_requests();
  std::string line;
  while (std::getline(std::cin, line)) {
    json answer;
    try {
      answer = answer_to(table, line);
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << std::endl;
  }
}
