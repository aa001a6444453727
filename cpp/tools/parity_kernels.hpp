// Weights as the kernels hold them, and products with them.
#pragma once

#include <chromasonic/engine/kernels.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "parity_table.hpp"

namespace chromasonic::parity {

inline Precision precision_of(const json& request) {
  const auto name = request.at("precision").get<std::string>();
  for (const Precision precision : {Precision::float32, Precision::float16, Precision::int8}) {
    if (name == name_of(precision)) return precision;
  }
  throw std::invalid_argument("'" + name + "' is no precision");
}

/// {"precision", "rows": [in][out], "x": [steps][in]} to x times the rows as they are held.
inline json product(const json& request) {
  const auto rows = request.at("rows").get<std::vector<std::vector<float>>>();
  const std::size_t out = rows.empty() ? 0 : rows.front().size();
  std::vector<float> flat;
  for (const auto& row : rows) flat.insert(flat.end(), row.begin(), row.end());
  const Matrix matrix(flat.data(), rows.size(), out, precision_of(request));
  json result = json::array();
  for (const auto& x : request.at("x").get<std::vector<std::vector<float>>>()) {
    if (x.size() != rows.size()) throw std::invalid_argument("x has another size than the rows");
    std::vector<float> y(out);
    matrix.accumulate(x.data(), y.data());
    result.push_back(y);
  }
  return result;
}

inline void add_kernels(Table& table) { table["product"] = product; }

}  // namespace chromasonic::parity
