#include <doctest/doctest.h>

#include <chromasonic/engine/kernels.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "allocation_counter.hpp"
#include "kernel_numbers.hpp"

using namespace chromasonic;
using namespace chromasonic::tests;

namespace {

constexpr Precision precisions[] = {Precision::float32, Precision::float16, Precision::int8};

/// The weight as its precision holds it, found in double by searching, not by the code under test.
double held(double weight, double largest, Precision precision) {
  if (precision == Precision::float32) return weight;
  if (precision == Precision::float16) {
    if (weight == 0.0) return 0.0;
    const int exponent = std::max(std::ilogb(weight), -14);
    const double place = std::ldexp(1.0, exponent - 10);
    return std::nearbyint(weight / place) * place;
  }
  const double scale = static_cast<float>(largest) / 127.0f;
  return scale == 0.0 ? 0.0 : std::nearbyint(static_cast<float>(weight / scale)) * scale;
}

/// x W in double, of weights as the precision holds them.
std::vector<double> product(const std::vector<float>& rows, const std::vector<float>& x,
                            std::size_t out, Precision precision) {
  std::vector<double> result(out);
  for (std::size_t o = 0; o < out; ++o) {
    double largest = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      largest = std::max(largest, std::fabs(static_cast<double>(rows[i * out + o])));
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      result[o] += static_cast<double>(x[i]) * held(rows[i * out + o], largest, precision);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("a product is that of the weights as held, at any size, precision and target") {
  for (const Target target : targets()) {
    for (const Precision precision : precisions) {
      for (const std::size_t in : sizes) {
        for (const std::size_t out : sizes) {
          const auto rows = random_numbers(in * out, static_cast<unsigned>(in * 1000 + out));
          auto x = random_numbers(in, static_cast<unsigned>(out));
          for (std::size_t i = 0; i < in; i += 3) x[i] = i % 2 ? 0.0f : -0.0f;
          Matrix matrix(rows.data(), in, out, precision);
          matrix.set_target(target);
          std::vector<float> y = random_numbers(out + 2, 5);
          const std::vector<float> before = y;
          matrix.accumulate(x.data(), y.data());
          const auto wanted = product(rows, x, out, precision);
          for (std::size_t o = 0; o < out; ++o) {
            CAPTURE(name_of(precision));
            CAPTURE(in);
            CAPTURE(out);
            CHECK(y[o] - before[o] == doctest::Approx(wanted[o]).epsilon(2e-5).scale(1.0));
          }
          CHECK(y[out] == before[out]);  // nothing is written behind the end
          CHECK(y[out + 1] == before[out + 1]);
        }
      }
    }
  }
}

TEST_CASE("rows of inputs that are 0 may be left out: few, some, most, and in more than one list") {
  const std::size_t in = 1200, out = 90;
  const auto rows = random_numbers(in * out, 1);
  for (const Target target : targets()) {
    for (const Precision precision : precisions) {
      Matrix matrix(rows.data(), in, out, precision);
      matrix.set_target(target);
      for (const double share : {0.0, 0.1, 0.2, 0.5, 0.95, 1.0}) {
        auto x = random_numbers(in, 2);
        std::mt19937 source(3);
        std::bernoulli_distribution is_zero(share);
        for (float& v : x) v = is_zero(source) ? 0.0f : v;
        std::vector<float> y(out);
        matrix.accumulate(x.data(), y.data());
        const auto wanted = product(rows, x, out, precision);
        for (std::size_t o = 0; o < out; ++o) {
          CHECK(y[o] == doctest::Approx(wanted[o]).epsilon(2e-5).scale(10.0));
        }
      }
    }
  }
}

TEST_CASE("an empty matrix adds nothing") {
  float y[2] = {1.0f, 2.0f};
  const float x[2] = {3.0f, 4.0f};
  for (const Precision precision : precisions) {
    Matrix(nullptr, 0, 2, precision).accumulate(x, y);
    Matrix(nullptr, 2, 0, precision).accumulate(x, y);
    Matrix().accumulate(x, y);
    CHECK(y[0] == 1.0f);
    CHECK(y[1] == 2.0f);
  }
}

TEST_CASE("inputs of 0 add nothing, and NaN and infinity are not lost") {
  const auto rows = random_numbers(64 * 48, 1);
  for (const Target target : targets()) {
    for (const Precision precision : precisions) {
      Matrix matrix(rows.data(), 64, 48, precision);
      matrix.set_target(target);
      std::vector<float> x(64), y(48, 0.25f);
      matrix.accumulate(x.data(), y.data());
      for (const float v : y) CHECK(v == 0.25f);
      x[63] = not_a_number;
      matrix.accumulate(x.data(), y.data());
      for (const float v : y) CHECK(std::isnan(v));
      x[63] = infinity;
      y.assign(48, 0.0f);
      matrix.accumulate(x.data(), y.data());
      for (const float v : y) CHECK(!std::isfinite(v));
    }
  }
}

TEST_CASE("a row alone comes out as it is held") {
  const auto rows = random_numbers(5 * 70, 8);
  for (const Target target : targets()) {
    for (const Precision precision : precisions) {
      Matrix matrix(rows.data(), 5, 70, precision);
      matrix.set_target(target);
      for (std::size_t i = 0; i < 5; ++i) {
        std::vector<float> x(5), y(70);
        x[i] = 1.0f;
        matrix.accumulate(x.data(), y.data());
        const auto wanted = product(rows, x, 70, precision);
        for (std::size_t o = 0; o < 70; ++o) {
          CHECK(y[o] == doctest::Approx(wanted[o]).epsilon(1e-7));
        }
      }
    }
  }
}

TEST_CASE("weights that a precision cannot hold are refused by name") {
  const float infinite[] = {1.0f, infinity}, nan[] = {not_a_number, 1.0f},
              large[] = {1.0f, 65520.0f};
  for (const Precision precision : precisions) {
    CHECK_THROWS_WITH_AS(Matrix(infinite, 1, 2, precision),
                         "weight 1 of a matrix is inf; every weight must be finite", LoadError);
    CHECK_THROWS_AS(Matrix(nan, 1, 2, precision), LoadError);
  }
  CHECK_THROWS_AS(Matrix(large, 1, 2, Precision::float16), LoadError);
  const float largest_that_fits[] = {65519.0f};
  float x = 1.0f, y = 0.0f;
  Matrix(largest_that_fits, 1, 1, Precision::float16).accumulate(&x, &y);
  CHECK(y == largest_half);
}

TEST_CASE("a column of zeros has no scale and stays zero") {
  const float rows[] = {0.0f, 127.0f, 1e-40f, 0.0f, -63.5f, 1e-40f};  // 2 x 3
  float x[] = {1.0f, 1.0f}, y[3] = {};
  Matrix(rows, 2, 3, Precision::int8).accumulate(x, y);
  CHECK(y[0] == 0.0f);
  CHECK(y[1] == 127.0f - 64.0f);  // half to even
  CHECK(y[2] == 0.0f);
}

TEST_CASE("fewer bits are fewer bytes") {
  const auto rows = random_numbers(256 * 512, 1);
  CHECK(Matrix(rows.data(), 256, 512, Precision::float32).bytes() == 256 * 512 * 4);
  CHECK(Matrix(rows.data(), 256, 512, Precision::float16).bytes() == 256 * 512 * 2);
  CHECK(Matrix(rows.data(), 256, 512, Precision::int8).bytes() == 256 * 512 + 512 * 4);
}

TEST_CASE("a step takes no memory") {
  const auto rows = random_numbers(257 * 257, 1), x = random_numbers(257, 2);
  for (const Precision precision : precisions) {
    const Matrix matrix(rows.data(), 257, 257, precision);
    std::vector<float> y(257), c(64), h(64);
    const std::size_t count = tests::allocations_in([&] {
      matrix.accumulate(x.data(), y.data());
      relu(y.data(), 257);
      tanh(y.data(), 257);
      sigmoid(y.data(), 257);
      softmax(y.data(), 257);
      lstm_cell(y.data(), c.data(), h.data(), 64);
    });
    CHECK(count == 0);
  }
}

TEST_CASE("every half is a float and comes back; every float goes to the nearest half") {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const Half half{static_cast<std::uint16_t>(bits)};
    const float value = to_float(half);
    const std::uint32_t exponent = (bits >> 10) & 31u, fraction = bits & 1023u;
    if (exponent == 31) {
      CHECK(fraction ? std::isnan(value) : value == (bits >> 15 ? -infinity : infinity));
      if (fraction) continue;
    } else {
      const double size = exponent ? std::ldexp(1024.0 + fraction, static_cast<int>(exponent) - 25)
                                   : std::ldexp(fraction, -24);
      CHECK(value == (bits >> 15 ? -size : size));
    }
    CHECK(to_half(value).bits == bits);
  }
  for (const float value : all_over()) {
    if (std::fabs(value) >= 65520.0f) continue;
    const double wanted = held(value, 0.0, Precision::float16);
    CHECK(static_cast<double>(to_float(to_half(value))) == wanted);
  }
  CHECK(std::isinf(to_float(to_half(65520.0f))));
  CHECK(std::isnan(to_float(to_half(not_a_number))));
}
