// A model of a file, for requests that go all the way from notes or sound to events.
#pragma once

#include <chromasonic/engine/network.hpp>
#include <chromasonic/file/document_reading.hpp>
#include <chromasonic/specs.hpp>

#include "parity_table.hpp"

namespace chromasonic::parity {

/// The network of {"model": path of its file}.
inline Network network_of(const json& request, Model model) {
  return Network(read_document(request.at("model").get<std::string>()), spec_of(model));
}

}  // namespace chromasonic::parity
