#include <doctest/doctest.h>

#include <chromasonic/engine/kernels.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "kernel_numbers.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

double exact_sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

}  // namespace

TEST_CASE("tanh and sigmoid are within 2e-7 of the exact values, everywhere") {
  for (const Target target : targets()) {
    const auto x = all_over();
    auto t = x, s = x;
    detail::run(target, detail::ForEach<detail::Tanh>{t.data(), t.size(), {}});
    detail::run(target, detail::ForEach<detail::Sigmoid>{s.data(), s.size(), {}});
    double worst_tanh = 0.0, worst_sigmoid = 0.0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      worst_tanh = std::max(worst_tanh, std::fabs(t[k] - std::tanh(static_cast<double>(x[k]))));
      worst_sigmoid = std::max(worst_sigmoid, std::fabs(s[k] - exact_sigmoid(x[k])));
      CHECK(std::signbit(t[k]) == std::signbit(x[k]));
      CHECK(std::fabs(t[k]) <= 1.0f);
    }
    MESSAGE("largest error of tanh " << worst_tanh << ", of sigmoid " << worst_sigmoid);
    CHECK(worst_tanh < 2e-7);
    CHECK(worst_sigmoid < 2e-7);
  }
}

TEST_CASE("tanh of a small number is right to its own size") {
  for (double size = 1e-30; size < 1.0; size *= 1.5) {
    float x = static_cast<float>(size);
    const double wanted = std::tanh(static_cast<double>(x));
    tanh(&x, 1);
    CHECK(std::fabs(x - wanted) < 3e-7 * wanted);
  }
}

TEST_CASE("activations of infinite values and of NaN") {
  for (const Target target : targets()) {
    float t[] = {infinity, -infinity, not_a_number}, s[] = {infinity, -infinity, not_a_number},
          r[] = {infinity, -infinity, not_a_number};
    detail::run(target, detail::ForEach<detail::Tanh>{t, 3, {}});
    detail::run(target, detail::ForEach<detail::Sigmoid>{s, 3, {}});
    detail::run(target, detail::ForEach<detail::Relu>{r, 3, {}});
    CHECK(t[0] == 1.0f);
    CHECK(t[1] == -1.0f);
    CHECK(std::isnan(t[2]));
    CHECK(s[0] == 1.0f);
    CHECK(s[1] == 0.0f);
    CHECK(std::isnan(s[2]));
    CHECK(r[0] == infinity);
    CHECK(r[1] == 0.0f);
    CHECK(std::isnan(r[2]));
  }
}

TEST_CASE("ReLU leaves what is not below 0") {
  for (const Target target : targets()) {
    float x[] = {1e-40f, -1e-40f, 0.0f, 3.0f, -3.0f, 3e38f, -3e38f, -not_a_number};
    detail::run(target, detail::ForEach<detail::Relu>{x, 8, {}});
    const float wanted[] = {1e-40f, 0.0f, 0.0f, 3.0f, 0.0f, 3e38f, 0.0f};
    for (std::size_t k = 0; k < 7; ++k) CHECK(x[k] == wanted[k]);
    CHECK(std::isnan(x[7]));
  }
}

TEST_CASE("an LSTM does not lose NaN") {
  for (const Target target : targets()) {
    for (std::size_t gate = 0; gate < 4; ++gate) {
      std::vector<float> gates(4 * 17, 0.5f), c(17, 0.1f), h(17);
      gates[gate * 17 + 16] = gates[gate * 17 + 2] = not_a_number;
      detail::run(target, detail::LstmCell{gates.data(), c.data(), h.data(), 17});
      for (std::size_t k = 0; k < 17; ++k) CHECK(std::isnan(h[k]) == (k == 2 || k == 16));
    }
  }
}

TEST_CASE("softmax is within 2e-7 of the exact values at any size and height") {
  for (const std::size_t size : sizes) {
    for (const float spread : {0.1f, 3.0f, 50.0f, 1e4f, 1e30f}) {
      auto x = random_numbers(size, static_cast<unsigned>(size), spread);
      double largest = x[0], sum = 0.0;
      for (const float v : x) largest = std::max(largest, static_cast<double>(v));
      for (const float v : x) sum += std::exp(v - largest);
      auto y = x;
      softmax(y.data(), size);
      double total = 0.0;
      for (std::size_t k = 0; k < size; ++k) {
        CHECK(std::fabs(y[k] - std::exp(x[k] - largest) / sum) < 2e-7);
        total += y[k];
      }
      CHECK(total == doctest::Approx(1.0).epsilon(1e-6));
    }
  }
  float one = -1e30f, with_nan[] = {1.0f, not_a_number, 2.0f};
  softmax(&one, 1);
  CHECK(one == 1.0f);
  softmax(with_nan, 3);
  for (const float v : with_nan) CHECK(std::isnan(v));
  softmax(nullptr, 0);
}

TEST_CASE("an LSTM's cell follows its equations in double, at any size") {
  for (const Target target : targets()) {
    for (const std::size_t size : sizes) {
      std::vector<float> c(size), h(size);
      std::vector<double> exact_c(size);
      for (unsigned step = 0; step < 50; ++step) {
        const auto gates = random_numbers(4 * size, step, 2.0f);
        detail::run(target, detail::LstmCell{gates.data(), c.data(), h.data(), size});
        for (std::size_t k = 0; k < size; ++k) {
          exact_c[k] =
              exact_sigmoid(gates[size + k]) * exact_c[k] +
              exact_sigmoid(gates[k]) * std::tanh(static_cast<double>(gates[2 * size + k]));
          const double exact_h = exact_sigmoid(gates[3 * size + k]) * std::tanh(exact_c[k]);
          CHECK(std::fabs(c[k] - exact_c[k]) < 2e-6);
          CHECK(std::fabs(h[k] - exact_h) < 2e-6);
        }
      }
    }
  }
}

TEST_CASE("a cell that fades becomes 0 and never a subnormal number") {
  const std::vector<float> gates = {-60.0f, 0.0f, 1.0f, 0.0f};  // no input, half of the cell stays
  float c = 1.0f, h = 0.0f;
  for (int step = 0; step < 300; ++step) {
    lstm_cell(gates.data(), &c, &h, 1);
    CHECK((c == 0.0f || std::fpclassify(c) == FP_NORMAL));
    CHECK((h == 0.0f || std::fpclassify(h) == FP_NORMAL));
  }
  CHECK(c == 0.0f);
}
