#include <doctest/doctest.h>

#include <chromasonic/file/document_reading.hpp>
#include <chromasonic/file/sha256.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "small_document.hpp"
#include "support.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;
using nlohmann::json;

namespace {

std::string refusal(const std::string& text) {
  return message_of([&] { parse_document(text, "small.json"); });
}

/// The refusal of the small document with one change.
std::string refusal(const std::function<void(json&)>& change) {
  json document = json::parse(small_text());
  change(document);
  return refusal(document.dump());
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

}  // namespace

TEST_CASE("SHA-256 gives the values of the standard") {
  const auto hex = [](const std::string& text) {
    Sha256 digest;
    digest.update(text.data(), text.size());
    return digest.hex();
  };
  // FIPS 180-4's own examples, and the lengths at which the padding needs another block.
  CHECK(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  Sha256 parts;
  for (int i = 0; i < 1000; ++i) parts.update(std::string(1000, 'a').data(), 1000);
  CHECK(parts.hex() == hex(std::string(1000000, 'a')));
}

TEST_CASE("a document is read as it stands") {
  const Document document = parse_document(json::parse(small_text()).dump(), "small.json");
  CHECK(document.inputs == 2);
  CHECK(document.outputs() == 3);
  REQUIRE(document.layers.size() == 2);
  CHECK(document.layers[0].kind == LayerKind::lstm);
  CHECK(document.layers[0].weights.size() == 3);
  CHECK(document.layers[0].weights[1][8] == -1.0f);
  CHECK(document.layers[1].activation == Activation::softmax);
  CHECK(document.layers[1].weights[0] == std::vector<float>{1, -0.5f, 0.25f, -0.75f, 2, 0.5f});
  CHECK(document.parameters() == small_spec.parameters);
  CHECK(document.state == StatePolicy::carry);
  CHECK(document.golden.steps == 64);
  CHECK(document.golden.reset_before == std::vector<std::size_t>{0, 40});
  CHECK(document.input_page[0].name == "in");
  CHECK(document.is_synthetic);
}

TEST_CASE("keys that nobody reads, and other order, change nothing") {
  json document = json::parse(small_text());
  document["made_by"] = {{"any", {1, "thing", nullptr, {{"deep", {1.5, true}}}}}};
  CHECK(refusal(document.dump()).empty());
  CHECK(refusal(document.dump(2) + "\r\n\t ").empty());
}

TEST_CASE("every wrong file that RTNeural's own parser passes or crashes on is refused by name") {
  const auto layer = [](json& document, int index) -> json& { return document["layers"][index]; };
  CHECK_REFUSED(refusal([](json& d) { d.erase("in_shape"); }), "in_shape is missing");
  SUBCASE("an untransposed matrix that is not square") {
    CHECK_REFUSED(
        refusal([&](json& d) { layer(d, 1)["weights"][0] = {{1, -0.75}, {-0.5, 2}, {0.25, 0.5}}; }),
        "layers[1].weights[0] is an array of 3; wanted: 2 rows of 3 numbers, W[in][out]");
  }
  SUBCASE("an untransposed square matrix: the hash tells") {
    CHECK_REFUSED(refusal([&](json& d) {
                    json& w = layer(d, 0)["weights"][1];
                    std::swap(w[0][1], w[1][0]);
                  }),
                  "metadata.weight_hash is \"sha256:");
  }
  SUBCASE("missing rows") {
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 0)["weights"][1].erase(1); }),
                  "layers[0].weights[1] is an array of 1; wanted: 2 rows of 8 numbers, U[H][4H]");
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 0)["weights"][0][1].erase(3); }),
                  "layers[0].weights[0][1] is a row of 7 numbers; wanted: 2 rows of 8");
  }
  SUBCASE("one of two biases, or none") {
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 0)["weights"][2] = {0.1, -0.2, 0.3, 0.4}; }),
                  "layers[0].weights[2] is a row of 4 numbers; wanted: 8 numbers, b[4H]");
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 0)["weights"].erase(2); }),
                  "layers[0].weights is an array of 2; wanted: three arrays");
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 1)["weights"].erase(1); }),
                  "layers[1].weights is an array of 1; wanted: two arrays");
  }
  SUBCASE("an activation that is unknown, or in capitals") {
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 1)["activation"] = "Softmax"; }),
                  "layers[1].activation is \"Softmax\"; wanted: relu, tanh, sigmoid, softmax");
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 1)["activation"] = "gelu"; }),
                  "layers[1].activation is \"gelu\"");
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 0)["activation"] = "tanh"; }),
                  "layers[0].activation is \"tanh\"; wanted: \"\" for an lstm layer");
  }
  SUBCASE("an unknown type of layer, without weights") {
    CHECK_REFUSED(refusal([&](json& d) {
                    layer(d, 1)["type"] = "attention";
                    layer(d, 1)["weights"] = json::array();
                  }),
                  "layers[1].type is \"attention\"; wanted: dense or lstm");
  }
  SUBCASE("a wrong shape") {
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 1)["shape"][2] = 4; }),
                  "layers[1].weights[0][0] is a row of 3 numbers; wanted: 2 rows of 4");
    CHECK_REFUSED(refusal([&](json& d) { layer(d, 0)["shape"] = {nullptr, 2}; }),
                  "layers[0].shape is an array of 2; wanted: [null, null, SIZE]");
    for (const json& size : {json(-1), json(0), json(2.0), json("2"), json(1e300), json(nullptr)}) {
      CHECK_REFUSED(refusal([&](json& d) { layer(d, 0)["shape"][2] = size; }),
                    "layers[0].shape[2] is ");
    }
  }
  SUBCASE("NaN, infinity, and what float32 cannot hold") {
    const std::string text = json::parse(small_text()).dump();
    for (const char* bad : {"NaN", "nan", "Infinity", "-Infinity", "1e400", "-1e400"}) {
      CHECK_REFUSED(refusal(with(text, "[0.5,", std::string("[") + bad + ",")), "not JSON at byte");
    }
    for (const char* bad : {"1e39", "-3.5e38", "100000000000000000000000000000000000000000"}) {
      CHECK_REFUSED(refusal(with(text, "[0.5,", std::string("[") + bad + ",")),
                    "layers[0].weights[0][0][0] is a number beyond float32");
    }
  }
}

TEST_CASE("values of a wrong type are refused by name") {
  const std::vector<json> wrong{nullptr,       true,           7,          "text",
                                json::array(), json::object(), {1.5, "x"}, {json::array({1, 2})}};
  const std::vector<std::pair<std::string, std::string>> places{
      {"/in_shape", "in_shape"},
      {"/layers", "layers"},
      {"/layers/0", "layers[0]"},
      {"/layers/0/type", "layers[0].type"},
      {"/layers/0/shape", "layers[0].shape"},
      {"/layers/0/activation", "layers[0].activation"},
      {"/layers/0/weights", "layers[0].weights"},
      {"/layers/0/weights/0", "layers[0].weights[0]"},
      {"/layers/0/weights/2", "layers[0].weights[2]"},
      {"/metadata", "metadata"},
      {"/metadata/format", "metadata.format"},
      {"/metadata/state_policy", "metadata.state_policy"},
      {"/metadata/parameters", "metadata.parameters"},
      {"/metadata/tolerance", "metadata.tolerance"},
      {"/metadata/weight_hash", "metadata.weight_hash"},
      {"/metadata/feature_page", "metadata.feature_page"},
      {"/metadata/golden", "metadata.golden"},
      {"/metadata/golden/inputs", "metadata.golden.inputs"},
      {"/metadata/golden/outputs", "metadata.golden.outputs"},
      {"/metadata/golden/reset_before", "metadata.golden.reset_before"}};
  for (const auto& [pointer, name] : places) {
    for (const json& value : wrong) {
      json document = json::parse(small_text());
      const json::json_pointer place(pointer);
      if (document[place].type() == value.type() && !value.empty() && value.is_string()) {
        if (pointer.find("activation") == std::string::npos) continue;
      }
      document[place] = value;
      const std::string said = refusal(document.dump());
      CAPTURE(pointer);
      CAPTURE(value.dump());
      CAPTURE(said);
      CHECK(contains(said, "small.json: " + name));
    }
    json document = json::parse(small_text());
    const json::json_pointer place(pointer);
    if (document[place.parent_pointer()].is_object()) {
      document[place.parent_pointer()].erase(place.back());
      CHECK_REFUSED(refusal(document.dump()), "small.json: " + name + " is missing");
    }
  }
}

TEST_CASE("metadata that contradicts the layers, or says nothing, is refused by name") {
  const auto meta = [](json& d) -> json& { return d["metadata"]; };
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["format"] = 2; }),
                "metadata.format is 2; wanted: 1");
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["parameters"] = 50; }),
                "metadata.parameters is 50; wanted: 49");
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["state_policy"] = "bar"; }),
                "metadata.state_policy is \"bar\"; wanted: stateless or carry");
  for (const double tolerance : {0.0, -1e-5, 1.0}) {
    CHECK_REFUSED(refusal([&](json& d) { meta(d)["tolerance"] = tolerance; }),
                  "metadata.tolerance is ");
  }
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["weight_hash"] = "sha256:00"; }),
                "metadata.weight_hash is \"sha256:00\"; wanted: sha256:");
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["golden"]["inputs"].erase(0); }),
                "metadata.golden.inputs is 63 steps; wanted: at least 64");
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["golden"]["outputs"].erase(0); }),
                "metadata.golden.outputs is an array of 63; wanted: 64 rows of 3");
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["golden"]["inputs"][7].push_back(1); }),
                "metadata.golden.inputs[7] is a row of 3 numbers; wanted: 64 rows of 2");
  for (const json& resets : {json{0, 0}, json{1, 40}, json{0, 64}, json{0, 2.5}, json{0, -3}}) {
    CHECK_REFUSED(refusal([&](json& d) { meta(d)["golden"]["reset_before"] = resets; }),
                  "metadata.golden.reset_before is not in order");
  }
  CHECK_REFUSED(refusal([&](json& d) { meta(d)["golden"]["reset_before"] = json{0}; }),
                "metadata.golden.reset_before is a row of 1 numbers");
}

TEST_CASE("keys that stand twice, or that a layer has not, are refused") {
  const std::string text = json::parse(small_text()).dump();
  CHECK_REFUSED(refusal(with(text, "{\"in_shape\"", "{\"in_shape\":[null,null,3],\"in_shape\"")),
                "two keys \"in_shape\"");
  CHECK_REFUSED(refusal(with(text, "\"type\":\"lstm\"", "\"type\":\"dense\",\"type\":\"lstm\"")),
                "two keys \"type\"");
  CHECK_REFUSED(refusal([](json& d) { d["layers"][1]["dilation"] = {2}; }),
                "layers[1].dilation is a key that such a layer has not");
}

TEST_CASE(
    "a small document in which any value is another, gone, or elsewhere never computes wrong") {
  const json whole = json::parse(small_text());
  const Document right = parse_document(whole.dump(), "small.json");
  const json flat = whole.flatten();
  std::vector<json::json_pointer> places;
  for (const auto& item : flat.items()) {
    json::json_pointer place(item.key());
    for (; !place.empty(); place = place.parent_pointer()) places.push_back(place);
  }
  const std::vector<json> others{nullptr,   true,     0,      -1,    1e30,          1e-30,
                                 "",        "lstm",   "relu", "x",   json::array(), json::object(),
                                 {1, 2, 3}, {{1, 2}}, 0.5,    65536, 4294967296};
  std::mt19937 chance(4);
  const auto below = [&](std::size_t limit) { return chance() % limit; };
  std::size_t refused = 0, accepted = 0;
  for (std::size_t k = 0; k < 4000; ++k) {
    json changed = whole;
    const json::json_pointer place = places[below(places.size())];
    switch (below(3)) {
      case 0:
        changed[place] = others[below(others.size())];
        break;
      case 1:
        changed[place] = whole[places[below(places.size())]];
        break;
      default:
        json& parent = changed[place.parent_pointer()];
        if (parent.is_object()) parent.erase(place.back());
        if (parent.is_array()) parent.erase(std::stoul(place.back()));
    }
    const Taken taken = take_small(changed.dump(), right);
    if (taken == Taken::wrong) FAIL_CHECK("wrong answers after a change at " << place.to_string());
    ++(taken == Taken::refused ? refused : accepted);
  }
  MESSAGE(refused << " refused, " << accepted << " harmless");
  CHECK(refused > accepted);
}
