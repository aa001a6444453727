// What is refused at load: another model, another page of features, and files wrong in silence.
#include <doctest/doctest.h>

#include <chromasonic/multi_model_processor.hpp>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;
using nlohmann::json;

namespace {

/// What loading a model from a changed file says.
std::string refusal(Model model, const std::function<void(json&)>& change) {
  const TemporaryFolder folder;
  json document = json::parse(text_of(model_file(model)));
  change(document);
  const auto file = folder.write("changed.json", document.dump());
  MultiModelProcessor processor;
  return message_of([&] { processor.load(model, file); });
}

/// Makes the hash and the count of a changed document right again: only its own golden vectors can
/// tell then.
void sign(nlohmann::json& json) {
  const JsonValue tree = parse_json(json.dump(), "test");
  const std::string file = "test";
  const Field root(tree, file, "");
  Document document;
  document.layers = read_layers(root.at("layers"), read_shape(root.at("in_shape")));
  json["metadata"]["weight_hash"] = weight_hash(document.layers);
  json["metadata"]["parameters"] = document.parameters();
}

}  // namespace

TEST_CASE("another model's file under the right name is refused by name") {
  MultiModelProcessor processor;
  for (const ModelSpec& wanted : specs) {
    for (const ModelSpec& met : specs) {
      if (wanted.model == met.model) continue;
      const std::string said =
          message_of([&] { processor.load(wanted.model, model_file(met.model)); });
      CAPTURE(said);
      CHECK(said.find("metadata.name is " + std::string(met.name) +
                      "; wanted: " + std::string(wanted.name)) != std::string::npos);
    }
  }
  // And one that calls itself by the wanted name, with everything else its own.
  CHECK_REFUSED(refusal(Model::dynamics_engine,
                        [](json& d) {
                          d = json::parse(text_of(model_file(Model::groove_predictor)));
                          d["metadata"]["name"] = "dynamics_engine";
                        }),
                "changed.json: in_shape is 64; wanted: 32, for the DynamicsEngine");
}

TEST_CASE("a document that is not the model's spec is refused by name") {
  const auto dynamics = [](const std::function<void(json&)>& change) {
    return refusal(Model::dynamics_engine, change);
  };
  CHECK_REFUSED(dynamics([](json& d) { d["layers"][0]["activation"] = "tanh"; }),
                "layers[0] is dense of 128 with tanh; wanted: dense of 128 with relu");
  CHECK_REFUSED(dynamics([](json& d) { d["layers"][2]["activation"] = ""; }),
                "layers[2] is dense of 16 with no activation; wanted: dense of 16 with sigmoid");
  CHECK_REFUSED(dynamics([](json& d) { d["metadata"]["state_policy"] = "carry"; }),
                "metadata.state_policy is carry; wanted: stateless");
  CHECK_REFUSED(
      dynamics([](json& d) { d["metadata"]["feature_page"]["inputs"][1]["name"] = "mean_pitch"; }),
      "metadata.feature_page.inputs[1] is mean_pitch of 16; wanted: mean_height of 16: "
      "the file was trained on other features");
  CHECK_REFUSED(dynamics([](json& d) { d["metadata"]["feature_page"]["outputs"][0]["size"] = 8; }),
                "metadata.feature_page.outputs[0] is velocity of 8; wanted: velocity of 16");
  CHECK_REFUSED(dynamics([](json& d) { d["metadata"]["feature_page"]["inputs"].erase(0); }),
                "metadata.feature_page.inputs is 1 blocks; wanted: 2");
  CHECK_REFUSED(dynamics([](json& d) {  // one layer fewer, all else in step
                  d["layers"].erase(2);
                  json rows = json::array();
                  for (std::size_t i = 0; i < d["metadata"]["golden"]["outputs"].size(); ++i) {
                    rows.push_back(std::vector<double>(64, 0.0));
                  }
                  d["metadata"]["golden"]["outputs"] = rows;
                  sign(d);
                }),
                "the number of layers is 2; wanted: 3");
}

TEST_CASE("a file that is wrong in silence fails its own golden vectors and never plays") {
  // The hash is made anew each time, as a wrong exporter would: only the self-test can tell.
  const auto signed_refusal = [](Model model, const std::function<void(json&)>& change) {
    return refusal(model, [&](json& d) {
      change(d);
      sign(d);
    });
  };
  SUBCASE("a square matrix that is transposed") {
    CHECK_REFUSED(signed_refusal(Model::melody_transformer,
                                 [](json& d) {
                                   json& w = d["layers"][2]["weights"][0];
                                   for (std::size_t i = 0; i < w.size(); ++i) {
                                     for (std::size_t k = 0; k < i; ++k)
                                       std::swap(w[i][k], w[k][i]);
                                   }
                                 }),
                  "the weights are not those of the model that was exported");
  }
  SUBCASE("an LSTM with one of its two biases") {
    CHECK_REFUSED(signed_refusal(Model::emotion_recognizer,
                                 [](json& d) {
                                   for (json& value : d["layers"][2]["weights"][2]) {
                                     value = value.get<double>() * 0.5;
                                   }
                                 }),
                  "golden step ");
  }
  SUBCASE("gates in another order") {
    CHECK_REFUSED(signed_refusal(Model::emotion_recognizer,
                                 [](json& d) {
                                   for (json& array : d["layers"][2]["weights"]) {
                                     const auto swap_gates = [](json& row) {
                                       for (std::size_t k = 0; k < 128; ++k) {
                                         std::swap(row[256 + k], row[384 + k]);
                                       }
                                     };
                                     if (array[0].is_number()) {
                                       swap_gates(array);
                                     } else {
                                       for (json& row : array) swap_gates(row);
                                     }
                                   }
                                 }),
                  "golden step ");
  }
  SUBCASE("a dense layer without its bias") {
    CHECK_REFUSED(signed_refusal(Model::groove_predictor,
                                 [](json& d) {
                                   for (json& value : d["layers"][2]["weights"][1]) value = 0.0;
                                 }),
                  "golden step ");
  }
  SUBCASE("a state that is not cleared where the file says so") {
    CHECK_REFUSED(
        signed_refusal(Model::emotion_recognizer,
                       [](json& d) { d["metadata"]["golden"]["reset_before"] = {0, 70}; }),
        "golden step 64, output ");
  }
  SUBCASE("weights so large that numbers overflow") {
    CHECK_REFUSED(signed_refusal(Model::groove_predictor,
                                 [](json& d) {
                                   for (json& value : d["layers"][1]["weights"][0][0]) value = 3e38;
                                   for (json& value : d["layers"][2]["weights"][0][0]) value = 3e38;
                                 }),
                  "is inf off");
  }
  SUBCASE("one weight changed in its last digit, hash as it was") {
    CHECK_REFUSED(refusal(Model::groove_predictor,
                          [](json& d) {
                            json& value = d["layers"][0]["weights"][0][0][0];
                            value = std::nextafter(value.get<float>(), 2.0f);
                          }),
                  "metadata.weight_hash is ");
  }
}
