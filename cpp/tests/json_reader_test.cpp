// What is no JSON, what would cost too much, and how numbers are read.
#include <doctest/doctest.h>

#include <chromasonic/file/document_reading.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/stat.h>
#endif

#include "small_document.hpp"
#include "support.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

std::string refusal(const std::string& text) {
  return message_of([&] { parse_document(text, "small.json"); });
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

}  // namespace

TEST_CASE("text that is no JSON says where") {
  const std::string text = small_text();
  for (const std::string& bad :
       {std::string(), std::string(" "), std::string("null"), std::string("[]"), std::string("3"),
        text + "x", text + text, text + "}", "{" + text, std::string("\xff\xfe{}"),
        std::string("{\"a\": \"\xc3\x28\"}"), std::string("{'a': 1}"), std::string("{\"a\": 01}"),
        std::string("{\"a\": .5}"), std::string("{\"a\": 1,}"), std::string("// {}"),
        std::string(1, '\0')}) {
    CAPTURE(bad);
    CHECK_REFUSED(refusal(bad), "small.json: ");
  }
}

TEST_CASE("a message repeats nothing of a file but printable UTF-8, and not much of it") {
  const std::string bytes = "\xff\x1b[2J \xc2\x9b \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82";
  CHECK(printable(bytes) == "??[2J ?? ?? ??? ???? ??");
  const std::string words = "gr\xc3\xbc\xc3\x9f \xe9\x9f\xb3\xe6\xa5\xbd \xf0\x9f\x8e\xb9";
  CHECK(printable(words) == words);
  CHECK(printable(words, 3) == "gr...");  // not half of a letter
  CHECK(printable("", 0).empty());
  const std::string text = small_text();
  for (const std::string& bad :
       {"{\"a\": \"" + bytes, "{" + bytes, bytes,
        with(text, "\"carry\"", "\"\\u001b\\u009b" + std::string(60000, 'x') + "\""),
        "{\"" + std::string(60000, 'k') + "\": [[[[[[[[[", with(text, "\"format\"", "\"\\u001b\""),
        std::string("{\"\\u001b\": 1, \"\\u001b\": 2}")}) {
    const std::string said = refusal(bad);
    CAPTURE(said);
    CHECK(said == printable(said, 800));
    CHECK(said.size() > 10);
  }
}

TEST_CASE("what would cost too much is refused before it costs") {
  const std::string text = small_text();
  const auto training = [&](const std::string& value) {
    return refusal(with(text, "\"training\":{}", "\"training\":" + value));
  };
  SUBCASE("depth") {
    CHECK_REFUSED(refusal(std::string(1000000, '[')), "nested deeper; wanted: at most 8");
    CHECK_REFUSED(refusal(std::string(8, '[') + "[" + std::string(9, ']')), "nested deeper");
    CHECK(contains(refusal(std::string(8, '[') + std::string(8, ']')), "the top level is"));
    std::string objects;
    for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
    CHECK_REFUSED(refusal(objects), "nested deeper");
  }
  SUBCASE("many small values") {
    std::string many = "[";
    for (int i = 0; i < 200000; ++i) many += "[],";
    CHECK_REFUSED(training(many + "[]]"), "one value too many; wanted: at most 65536");
  }
  SUBCASE("many numbers") {
    JsonLimits limits;
    limits.numbers = 60;
    CHECK_REFUSED(message_of([&] { parse_document(text, "small.json", limits); }),
                  "one number too many; wanted: at most 60");
  }
  SUBCASE("many keys") {
    std::string many = "{\"k\":0";
    for (int i = 0; i < 300; ++i) many += ",\"k" + std::to_string(i) + "\":0";
    CHECK_REFUSED(training(many + "}"), "an object of more keys; wanted: at most 256");
  }
  SUBCASE("long text") {
    for (const std::string& word :
         {"{\"a\":\"" + std::string(70000, 'x') + "\"}", "{\"" + std::string(70000, 'x') + "\":1}",
          std::string(70000, '9'), "\"" + std::string(70000, '\\')}) {
      CHECK_REFUSED(training(word), "is longer; wanted: at most 65536 bytes");
    }
    const std::string long_enough(65000, 'x');
    CHECK(training("{\"a\":\"" + long_enough + "\\\"\"}").empty());
  }
}

TEST_CASE("a file that is not there, a folder, and a file too large are refused by name") {
  TemporaryFolder folder;
  const auto reading = [](const std::filesystem::path& path, const JsonLimits& limits = {}) {
    return message_of([&] { read_document(path, limits); });
  };
  CHECK_REFUSED(reading(folder.path() / "none.json"), "none.json: no such file");
  CHECK_REFUSED(reading(folder.path() / "none" / "x.json"), "none: no such folder");
  CHECK_REFUSED(reading(folder.path()), "is a folder. Give a file in it");
#if defined(__unix__) || defined(__APPLE__)
  const std::filesystem::path pipe = folder.path() / "pipe.json";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_REFUSED(reading(pipe), "pipe.json: is a pipe or a device. Give a file");  // nobody waits
#endif
  CHECK_REFUSED(reading(folder.write("empty.json", "")), "empty.json: not JSON at byte");
  const auto file = folder.write("small.json", small_text());
  CHECK(reading(file).empty());
  JsonLimits limits;
  limits.bytes = 1000;
  CHECK_REFUSED(reading(file, limits), "small.json: its size is ");
  const auto huge = folder.write("huge.json", "");
  std::filesystem::resize_file(huge, std::uintmax_t{1} << 36);  // a hole: it takes no room
  CHECK_REFUSED(reading(huge),
                "huge.json: its size is 68719476736 bytes; wanted: at most 67108864");
}

TEST_CASE("numbers become the float32 next to what is written") {
  const auto row = [](const std::string& text) { return parse_json("[" + text + "]", "x").row; };
  // 1 + 2^-24 lies halfway between two float32; a little more rounds up, though the double next to
  // it is the half itself (rounding twice would round it down, to even).
  CHECK(row("1.000000059604644775390625")[0] == 1.0f);
  CHECK(row("1.000000059604644775390626")[0] == std::nextafter(1.0f, 2.0f));
  CHECK(row("1.00000017881393432617187499")[0] == std::nextafter(1.0f, 2.0f));
  CHECK(row("3.4028235e38")[0] == std::numeric_limits<float>::max());
  CHECK(row("1e-45")[0] == std::numeric_limits<float>::denorm_min());
  CHECK(row("1e-60")[0] == 0.0f);
  CHECK(std::signbit(row("-0.0")[0]));
  CHECK(row("16777217")[0] == 16777216.0f);
}
