// The requests that chromasonic-feature-parity answers: a page for each model adds its own.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace chromasonic::parity {

using nlohmann::json;

/// What is asked ("melody_features") to what answers it: JSON in, JSON out; may throw.
using Table = std::map<std::string, std::function<json(const json&)>>;

}  // namespace chromasonic::parity
