#include <doctest/doctest.h>

#include <chromasonic/multi_model_processor.hpp>
#include <cmath>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "failing_allocator.hpp"
#include "small_document.hpp"
#include "support.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#endif

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t thoroughness = 1;  // each try costs ten times as much
#else
constexpr std::size_t thoroughness = 4;
#endif

using Chance = std::mt19937;

std::size_t below(Chance& chance, std::size_t limit) { return chance() % limit; }

/// The same of one of the five, from a file.
Taken take(Model model, const std::filesystem::path& file, const Document& right) {
  try {
    const auto network = load_network(model, file);
    return golden_error(*network, right).largest <= right.tolerance ? Taken::right : Taken::wrong;
  } catch (const LoadError&) {
    return Taken::refused;
  }
}

/// Tries of a model's file: fewer for the large ones.
std::size_t tries(const ModelSpec& spec) {
  return 1 + (spec.parameters < 100000 ? 5 : spec.parameters < 20000 ? 12 : 0) * thoroughness / 2;
}

}  // namespace

TEST_CASE("a small document cut at any byte is refused") {
  const std::string text = small_text();
  const Document right = parse_document(text, "small.json");
  for (std::size_t size = 0; size < text.size(); ++size) {
    if (take_small(text.substr(0, size), right) != Taken::refused) FAIL_CHECK("cut at " << size);
  }
  CHECK(take_small(text, right) == Taken::right);
}

TEST_CASE(
    "a small document with a byte changed, dropped or doubled is refused, or computes right") {
  const std::string text = small_text();
  const Document right = parse_document(text, "small.json");
  Chance chance(1);
  std::size_t refused = 0, accepted = 0;
  const auto one = [&](const std::string& changed, std::size_t place) {
    const Taken taken = take_small(changed, right);
    if (taken == Taken::wrong) FAIL_CHECK("wrong answers after a change at byte " << place);
    ++(taken == Taken::refused ? refused : accepted);
  };
  for (std::size_t place = 0; place < text.size(); ++place) {
    for (std::size_t k = 0; k < thoroughness; ++k) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ (1 << below(chance, 8)));
      one(changed, place);
    }
    std::string changed = text;
    one(changed.erase(place, 1), place);
    changed = text;
    one(changed.insert(place, 1, text[below(chance, text.size())]), place);
  }
  MESSAGE(refused << " refused, " << accepted << " harmless");
  CHECK(refused > accepted);
}

TEST_CASE("the five files cut anywhere are refused") {
  const TemporaryFolder folder;
  Chance chance(2);
  for (const ModelSpec& spec : specs) {
    const std::string text = text_of(model_file(spec.model));
    const Document right = parse_document(text, "right.json");
    for (std::size_t k = 0; k < tries(spec); ++k) {
      const std::size_t size = below(chance, text.find_last_not_of("\r\n \t"));
      const auto file = folder.write("cut.json", text.substr(0, size));
      if (take(spec.model, file, right) != Taken::refused) FAIL_CHECK(spec.name << " at " << size);
    }
  }
}

TEST_CASE("the five files with a byte changed are refused, or compute right") {
  const TemporaryFolder folder;
  Chance chance(3);
  for (const ModelSpec& spec : specs) {
    std::string text = text_of(model_file(spec.model));
    const Document right = parse_document(text, "right.json");
    for (std::size_t k = 0; k < tries(spec); ++k) {
      const std::size_t place = below(chance, text.size());
      const char before = text[place];
      text[place] = static_cast<char>(before ^ (1 << below(chance, 7)));
      const auto file = folder.write("changed.json", text);
      if (take(spec.model, file, right) == Taken::wrong) FAIL_CHECK(spec.name << " at " << place);
      text[place] = before;
    }
  }
}

TEST_CASE("text by chance is refused") {
  Chance chance(5);
  const std::vector<std::string> parts{"{",
                                       "}",
                                       "[",
                                       "]",
                                       ",",
                                       ":",
                                       "\"in_shape\":",
                                       "\"layers\":",
                                       "null",
                                       "1e9",
                                       "-0",
                                       "2",
                                       "\"lstm\"",
                                       "\"type\":",
                                       "\"weights\":",
                                       "\"metadata\":",
                                       "\\",
                                       "\"",
                                       "true",
                                       " ",
                                       "[null,null,2]"};
  for (std::size_t k = 0; k < 5000 * thoroughness; ++k) {
    std::string text = "{";
    for (std::size_t n = below(chance, 40); n > 0; --n) text += parts[below(chance, parts.size())];
    CHECK_THROWS_AS(parse_document(text, "chance.json"), LoadError);
  }
}

TEST_CASE("memory that runs out at any allocation is a LoadError, and nothing is lost") {
  const std::string text = small_text();
  const std::string name = "small.json";
  std::size_t count = 0;
  bool is_whole = false;
  for (; !is_whole && count < 100000; ++count) {
    bool is_refused = false;
    {
      const OutOfMemoryAfter limit(count);
      try {
        parse_document(text, name);
        is_whole = true;
      } catch (const LoadError&) {
        is_refused = true;
      }
    }
    if (is_whole == is_refused) FAIL_CHECK("neither read nor refused after " << count);
  }
  MESSAGE("refused each of the first " << count - 1 << " times");
  CHECK(count > 100);

  const auto file = model_file(Model::dynamics_engine);
  MultiModelProcessor processor;
  processor.load(Model::dynamics_engine, file);
  for (std::size_t allowed = 0; allowed < 3000; allowed += 97) {
    const OutOfMemoryAfter limit(allowed);
    try {
      processor.load(Model::dynamics_engine, file);
    } catch (const LoadError&) {
    }
  }
  const Inputs in;
  Outputs out;
  CHECK(processor.process(Model::dynamics_engine, in.dynamics_engine.data(),
                          out.dynamics_engine.data()));
}

#if (defined(__unix__) || defined(__APPLE__)) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("the largest file that is read at all costs no more memory than its limits say") {
  const auto peak_megabytes = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return usage.ru_maxrss >> 20;
#else
    return usage.ru_maxrss >> 10;
#endif
  };
  const std::size_t size = std::size_t{60} << 20;
  const auto repeated = [&](const std::string& head, const std::string& part) {
    std::string text = head;
    text.reserve(size + part.size());
    while (text.size() < size) text += part;
    return text;
  };
  const TemporaryFolder folder;
  for (const auto& [head, part] :
       std::vector<std::pair<std::string, std::string>>{{"", "["},
                                                        {"{\"layers\":[", "0,"},
                                                        {"[", "{},"},
                                                        {"[", "[[[[1]]]],"},
                                                        {"{\"a\":\"", "x"},
                                                        {"{\"a\":", "9"},
                                                        {"[", "\"\","}}) {
    const auto file = folder.write("hostile.json", repeated(head, part));
    const auto before = peak_megabytes();
    CHECK_THROWS_AS(read_document(file), LoadError);
    const auto cost = peak_megabytes() - before;
    CAPTURE(part);
    CHECK(cost < 300);
  }
}
#endif
