// How fast this machine can read as many bytes as weights take: nothing that uses each weight once
// is faster.
#pragma once

#include <array>
#include <chromasonic/engine/target.hpp>
#include <chromasonic/model_spec.hpp>
#include <chromasonic/specs.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#if CHROMASONIC_HAS_AVX2_FUNCTIONS
#include <immintrin.h>
#endif

namespace chromasonic::bench {

/// Memory at the start of a cache line.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes)
      : bytes_((bytes + 255) / 256 * 256), memory_(::operator new(bytes_, std::align_val_t{64})) {
    std::memset(memory_.get(), 1, bytes_);
  }
  const char* data() const noexcept { return static_cast<const char*>(memory_.get()); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Free {
    void operator()(void* memory) const noexcept {
      ::operator delete(memory, std::align_val_t{64});
    }
  };
  std::size_t bytes_;
  std::unique_ptr<void, Free> memory_;
};

/// Ways to read a buffer; which one is fastest depends on the machine.
enum class Reading { words, vectors_256, vectors_512 };

inline std::vector<Reading> readings() {
  std::vector<Reading> result = {Reading::words};
#if CHROMASONIC_HAS_AVX2_FUNCTIONS
  if (best_target == Target::avx2) result.push_back(Reading::vectors_256);
  if (__builtin_cpu_supports("avx512f")) result.push_back(Reading::vectors_512);
#endif
  return result;
}

inline std::uint64_t read_words(const Buffer& buffer) noexcept {
  std::array<std::uint64_t, 32> seen{};
  for (std::size_t begin = 0; begin < buffer.bytes(); begin += sizeof seen) {
    std::array<std::uint64_t, 32> words;
    std::memcpy(words.data(), buffer.data() + begin, sizeof words);
    for (std::size_t k = 0; k < 32; ++k) seen[k] |= words[k];
  }
  std::uint64_t all = 0;
  for (const std::uint64_t word : seen) all |= word;
  return all;
}

#if CHROMASONIC_HAS_AVX2_FUNCTIONS
CHROMASONIC_AVX2 inline std::uint64_t read_256(const Buffer& buffer) noexcept {
  __m256i seen[8];
  for (auto& part : seen) part = _mm256_setzero_si256();
  for (std::size_t begin = 0; begin < buffer.bytes(); begin += sizeof seen) {
    const auto* from = reinterpret_cast<const __m256i*>(buffer.data() + begin);
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) seen[k] = _mm256_or_si256(seen[k], _mm256_load_si256(from + k));
  }
  for (int k = 1; k < 8; ++k) seen[0] = _mm256_or_si256(seen[0], seen[k]);
  return static_cast<std::uint64_t>(_mm256_extract_epi64(seen[0], 0));
}

__attribute__((target("avx512f"))) inline std::uint64_t read_512(const Buffer& buffer) noexcept {
  __m512i seen[4];
  for (auto& part : seen) part = _mm512_setzero_si512();
  for (std::size_t begin = 0; begin < buffer.bytes(); begin += sizeof seen) {
    const char* from = buffer.data() + begin;
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      seen[k] = _mm512_or_si512(seen[k], _mm512_load_si512(from + 64 * k));
    }
  }
  alignas(64) std::uint64_t words[32];
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) _mm512_store_si512(words + 8 * k, seen[k]);
  std::uint64_t all = 0;
  for (const std::uint64_t word : words) all |= word;
  return all;
}
#endif

inline std::uint64_t read(const Buffer& buffer, Reading reading) noexcept {
#if CHROMASONIC_HAS_AVX2_FUNCTIONS
  if (reading == Reading::vectors_256) return read_256(buffer);
  if (reading == Reading::vectors_512) return read_512(buffer);
#endif
  (void)reading;
  return read_words(buffer);
}

inline const char* name_of(Reading reading) noexcept {
  return reading == Reading::words         ? "64-bit words, as vectorized"
         : reading == Reading::vectors_256 ? "256-bit vectors"
                                           : "512-bit vectors";
}

/// One buffer for each array of weights of the five models at float32, in the order of a step.
class WeightSizedBuffers {
 public:
  WeightSizedBuffers() {
    for (const ModelSpec& spec : specs) {
      std::size_t inputs = spec.inputs;
      for (std::size_t i = 0; i < spec.layer_count; ++i) {
        const LayerSpec& layer = spec.layers[i];
        const std::size_t columns = layer.kind == LayerKind::lstm ? 4 * layer.size : layer.size;
        add(columns);
        add(inputs * columns);
        if (layer.kind == LayerKind::lstm) add(layer.size * columns);
        inputs = layer.size;
      }
    }
  }

  std::size_t bytes() const noexcept { return bytes_; }

  std::uint64_t read_all(Reading reading) const noexcept {
    std::uint64_t all = 0;
    for (const Buffer& buffer : buffers_) all |= read(buffer, reading);
    return all;
  }

 private:
  void add(std::size_t floats) {
    buffers_.emplace_back(floats * sizeof(float));
    bytes_ += floats * sizeof(float);
  }

  std::vector<Buffer> buffers_;
  std::size_t bytes_ = 0;
};

}  // namespace chromasonic::bench
